/** The whole viewer: picture, tools, series, and the view that a pin remembers. */
import { cache } from "@cornerstonejs/core";
import { t } from "../../client/i18n";
import { Cine } from "./cine";
import { h } from "./dom";
import { eraseOf, eraseSelected, MOST_DRAWINGS } from "./drawings";
import { drawsOnCpu, isPhone, startEngine, type Renderer } from "./engine";
import { SeriesFrames } from "./frames";
import { listenToKeys } from "./keys";
import { metaOf } from "./metadata";
import { Overlay } from "./overlay";
import { Pane } from "./pane";
import { presetsFor } from "./presets";
import type { ServerRecord } from "./records";
import { pictureCount, SeriesList } from "./seriesList";
import { Slider } from "./slider";
import { Source } from "./source";
import { TextEntry } from "./textEntry";
import { thumbnailOf } from "./thumbnail";
import { waiting } from "./waiting";
import { Toolbar, type Action } from "./toolbar";
import type { Mode } from "./toolset";
import type { Manifest, PinView, Place, Series } from "./types";

export interface ViewerOptions {
  /** The study's id, as it stands in pins. */
  study: string;
  /** The address of the study's viewer, such as "/v/3f2a…". */
  base: string;
  series?: number;
  view?: PinView;
  /** Fewer tools and no series list, for small boxes. */
  compact?: boolean;
  renderer?: Renderer;
}

const LOOK_AGAIN_MS = 2000;

let open = 0;
let made = 0;

export class Viewer {
  readonly root: HTMLElement;
  readonly #name = String(++made);
  readonly #options: ViewerOptions;
  readonly #source: Source;
  readonly #pane: Pane;
  readonly #overlay = new Overlay();
  readonly #slider = new Slider((index) => this.#go(index));
  readonly #cine = new Cine();
  readonly #toolbar: Toolbar;
  readonly #stage: HTMLElement;
  readonly #preview: HTMLImageElement | null;
  readonly #listeners = new Set<(view: PinView) => void>();
  readonly #aborting = new AbortController();
  #list: SeriesList | undefined;
  #manifest: Manifest | undefined;
  #frames: SeriesFrames | undefined;
  #updating = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(element: HTMLElement, options: ViewerOptions) {
    startEngine(options.renderer);
    open++;
    this.#options = options;
    this.#source = new Source(options.base);
    this.#preview = element.querySelector<HTMLImageElement>("img[data-preview]");
    this.#toolbar = new Toolbar({
      mode: (mode) => this.#setMode(mode),
      action: (action) => this.#act(action),
      preset: (at) => this.#usePreset(at),
      series: () => this.root.classList.toggle("hv-with-series"),
    });
    const port = h("div", { class: "hv-port" });
    const entry = new TextEntry();
    this.#stage = h("div", { class: "hv-stage" }, port, this.#overlay.element, this.#slider.element);
    if (this.#preview) this.#stage.prepend(this.#preview);
    this.root = this.#frame(entry);
    element.append(this.root);
    this.#pane = new Pane(port, entry.ask, {
      change: () => this.#soon(),
      painted: () => this.#preview?.remove(),
    });
    this.#setMode(isPhone() ? "scroll" : "window");
    this.#listenToKeys();
  }

  /** Loads manifest and first frame and shows them; says in words when that fails. */
  async start(): Promise<void> {
    const { view, series } = this.#options;
    try {
      const { signal } = this.#aborting;
      const wanted = { series: view?.series ?? series, at: view?.index };
      const opening = await this.#source
        .open({ ...wanted, manifest: true, signal })
        .catch(() => this.#source.open({ manifest: true, signal }));
      if (this.#closed) return;
      this.#manifest = opening.manifest!;
      this.#showList();
      const first = this.#manifest.series.find(({ id }) => id === wanted.series) ?? this.#default();
      if (!first) {
        this.#overlay.fail(t("This study holds no images."), () => void this.start());
        return;
      }
      await this.#openSeries(first, opening.first?.index, opening.first);
      if (view) await this.show(view);
      this.#watch();
    } catch (error) {
      if (this.#closed) return;
      console.info("the study did not open", error);
      this.#overlay.fail(t("The images could not be loaded."), () => void this.start());
    }
  }

  /** Pictures that are still being made appear by themselves; the view stays as it is. */
  #watch(): void {
    if (this.#closed || this.#manifest === undefined || waiting(this.#manifest) === 0) return;
    this.#again = setTimeout(() => {
      void this.#lookAgain().then(() => this.#watch());
    }, LOOK_AGAIN_MS);
  }

  async #lookAgain(): Promise<void> {
    let manifest: Manifest | undefined;
    try {
      ({ manifest } = await this.#source.open({ manifest: true, signal: this.#aborting.signal }));
    } catch {
      return; // without a connection the next look tells
    }
    if (this.#closed || !manifest || waiting(manifest) === waiting(this.#manifest!)) return;
    const { place } = this.#pane;
    const looking = place && this.#frames?.quality(place.index) !== "nopicture";
    const view = looking ? this.currentView() : undefined;
    this.#manifest = manifest;
    this.#showList();
    const shown = manifest.series.find(({ id }) => id === this.#frames?.series.id) ?? this.#default();
    if (!shown) return;
    await this.#openSeries(shown, this.#pane.index);
    if (view) await this.show(view);
  }

  currentView(): PinView {
    const { place } = this.#pane;
    if (!place || !this.#frames) throw new Error("no image is shown yet");
    const { zoom, pan, rotation, flipH, flipV } = this.#pane.presentation;
    return {
      v: 1,
      study: this.#options.study,
      series: place.series.id,
      instance: place.instance.id,
      sop: place.instance.sop,
      frame: place.frame + 1,
      index: place.index,
      count: this.#frames.places.length,
      seriesNumber: place.series.number,
      window: this.#pane.shownWindow,
      invert: this.#pane.invert,
      zoom,
      pan,
      rotation,
      flipH,
      flipV,
      annotations: this.#pane.drawings.slice(0, MOST_DRAWINGS),
    };
  }

  /** Goes to exactly that view; false when its image is no longer part of the study. */
  async show(view: PinView): Promise<boolean> {
    const series = this.#manifest?.series.find(({ id }) => id === view.series);
    if (series && series.id !== this.#frames?.series.id) {
      await this.#openSeries(series, view.index);
    }
    const place = this.#frames?.places.find(
      (each) => each.instance.id === view.instance && each.frame === view.frame - 1,
    );
    if (!series || !place) {
      this.#overlay.note(t("This image is no longer part of the study."));
      return false;
    }
    await this.#pane.goTo(place.index);
    this.#pane.window = view.window;
    this.#pane.invert = view.invert;
    this.#pane.presentation = view;
    this.#pane.eraseDrawings([place]);
    this.#pane.addDrawings(view.annotations);
    return true;
  }

  thumbnail(): Promise<Blob> {
    return thumbnailOf(this.#pane);
  }

  /** Calls back after every change of the view; gives a function that ends it. */
  onChange(listener: (view: PinView) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#aborting.abort();
    clearTimeout(this.#again);
    this.#cine.stop();
    cancelAnimationFrame(this.#updating);
    eraseOf(this.#name);
    this.#pane.destroy();
    this.root.remove();
    open--;
    void Promise.resolve(this.#frames?.destroy()).then(() => {
      if (open === 0) cache.purgeCache();
    });
  }

  #frame(entry: TextEntry): HTMLElement {
    const notice = h("p", { class: "hv-notice" }, t("Not for primary diagnosis"));
    const foot = h("div", { class: "hv-foot" }, this.#overlay.status, notice);
    const root = h(
      "section",
      { class: "hv", tabindex: 0, "aria-label": t("Image viewer") },
      this.#toolbar.element,
      this.#stage,
      foot,
      entry.element,
    );
    root.classList.toggle("hv-compact", this.#options.compact === true);
    root.dataset.renderer = drawsOnCpu() ? "cpu" : "gpu";
    return root;
  }

  /** The series with most pictures, as the server chooses too. */
  #default(): Series | undefined {
    const all = this.#manifest?.series ?? [];
    return all.reduce<Series | undefined>(
      (best, next) => (best && pictureCount(best) >= pictureCount(next) ? best : next),
      undefined,
    );
  }

  #showList(): void {
    this.#list?.element.remove();
    const all = this.#manifest!.series;
    this.#list = new SeriesList(this.#source, all, (series) => {
      this.root.classList.remove("hv-with-series");
      if (series.id !== this.#frames?.series.id) void this.#openSeries(series);
    });
    this.root.classList.toggle("hv-one-series", all.length < 2);
    this.root.insertBefore(this.#list.element, this.#stage);
  }

  async #openSeries(series: Series, at?: number, first?: ServerRecord): Promise<void> {
    this.#cine.stop();
    const leaving = this.#frames?.destroy();
    // Opened anew, a series has the same pictures' names: first the old ones are put away.
    if (this.#frames?.series.id === series.id) await leaving;
    if (this.#closed) return;
    const frames = new SeriesFrames(this.#source, series, `${this.#name}-${series.id}`, {
      quality: () => this.#soon(),
      better: (index, image) => this.#pane.improve(index, image),
    });
    this.#frames = frames;
    this.#list?.mark(series.id);
    const count = frames.places.length;
    const from = Math.max(0, Math.min(count - 1, at ?? Math.floor(count / 2)));
    frames.start(from, first);
    await this.#pane.show(frames, from);
    this.#soon();
  }

  #go(index: number): void {
    this.#cine.stop();
    void this.#pane.goTo(index);
  }

  #setMode(mode: Mode): void {
    this.#pane.mode = mode;
    this.root.dataset.mode = mode;
    this.#soon();
  }

  #usePreset(at: number | undefined): void {
    const { place } = this.#pane;
    const preset = at === undefined || !place ? undefined : presetsFor(place)[at];
    if (at !== undefined && !preset) return;
    this.#pane.window = preset && !preset.asInFile ? { center: preset.center, width: preset.width } : null;
  }

  #act(action: Action): void {
    const pane = this.#pane;
    if (!this.#frames || !pane.place) return;
    const view = pane.presentation;
    switch (action) {
      case "invert":
        pane.invert = !pane.invert;
        return;
      case "rotate":
        pane.presentation = { ...view, rotation: (view.rotation + 90) % 360 };
        return;
      case "flipH":
        pane.presentation = { ...view, flipH: !view.flipH };
        return;
      case "flipV":
        pane.presentation = { ...view, flipV: !view.flipV };
        return;
      case "reset":
        pane.reset();
        return;
      case "erase":
        if (!eraseSelected(this.#name)) pane.eraseDrawings([pane.place]);
        this.#soon();
        return;
      case "full":
        this.root.classList.toggle("hv-whole");
        this.#soon();
        return;
      case "play":
        this.#play(pane.place, this.#frames.places.length);
    }
  }

  #play(place: Place, count: number): void {
    if (this.#cine.playing) this.#cine.stop();
    else if (count > 1) {
      const frameMs = metaOf(place).frameTimeMs ?? undefined;
      this.#cine.start(place.index, count, frameMs, (at) => void this.#pane.goTo(at));
    }
    this.#soon();
  }

  #listenToKeys(): void {
    listenToKeys(this.root, {
      step: (by) => this.#go(this.#pane.index + by),
      jump: (to) => this.#go(to === "first" ? 0 : Number.MAX_SAFE_INTEGER),
      mode: (mode) => this.#setMode(mode),
      action: (action) => this.#act(action),
      preset: (at) => this.#usePreset(at),
      zoom: (factor) => {
        const view = this.#pane.presentation;
        this.#pane.presentation = { ...view, zoom: view.zoom * factor };
      },
    });
  }

  #soon(): void {
    cancelAnimationFrame(this.#updating);
    this.#updating = requestAnimationFrame(() => this.#update());
  }

  #documentAt({ instance }: Place): string | undefined {
    return instance.kind === "document" ? this.#source.documentOf(instance.id) : undefined;
  }

  #update(): void {
    const { place } = this.#pane;
    const frames = this.#frames;
    if (this.#closed || !place || !frames) return;
    const pane = this.#pane;
    const view = pane.presentation;
    const presets = presetsFor(place);
    const count = frames.places.length;
    // A picture must never stand under the number of another one.
    this.#stage.classList.toggle("hv-behind", !pane.upToDate);
    this.#slider.update(place.index, count, (index) => frames.quality(index));
    this.#overlay.update(
      {
        place,
        count,
        window: pane.shownWindow,
        zoom: view.zoom,
        quality: frames.quality(place.index),
        complete: frames.complete,
        document: this.#documentAt(place),
      },
      () => frames.retry(place.index),
    );
    const used = presets.findIndex(
      ({ center, width }) => center === pane.window?.center && width === pane.window.width,
    );
    this.#toolbar.update({
      mode: pane.mode,
      pressed: {
        invert: pane.invert,
        flipH: view.flipH,
        flipV: view.flipV,
        full: this.root.classList.contains("hv-whole"),
        play: this.#cine.playing,
      },
      cine: count > 1,
      presets,
      preset: pane.window !== null ? (used >= 0 ? used : undefined) : presets[0]?.asInFile ? 0 : "file",
      drawings: pane.drawings.length,
    });
    if (pane.viewport.getCornerstoneImage()) this.#tell();
  }

  #tell(): void {
    if (!this.#listeners.size) return;
    const view = this.currentView();
    for (const listener of this.#listeners) listener(view);
  }
}
