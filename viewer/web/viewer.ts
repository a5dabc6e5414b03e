/** The whole viewer: a study, the picture area with what stands around it, and the view of a pin. */
import { cache } from "@cornerstonejs/core";
import { t } from "../../client/ground/i18n";
import { Commands } from "./commands";
import { eraseOf } from "./drawings";
import { isPhone, startEngine, type Renderer } from "./engine";
import { SeriesFrames } from "./frames";
import { Pane } from "./pane";
import { putBack, viewOf } from "./pinned";
import type { ServerRecord } from "./records";
import { Source } from "./source";
import { Study } from "./study";
import { Surroundings } from "./surroundings";
import { thumbnailOf } from "./thumbnail";
import type { PinView, Series } from "./types";

export interface ViewerOptions {
  /** The study's id, as it stands in pins. */
  study: string;
  /** The address of the study's viewer, such as "/v/3f2a…". */
  base: string;
  series?: number;
  view?: PinView;
  /** Where the reader may take the study away; without it they may only look. */
  downloads?: string;
  /** Fewer tools and no series list, for small boxes. */
  compact?: boolean;
  /** The page is the viewer's own: its keys work wherever the focus is. */
  wholePage?: boolean;
  renderer?: Renderer;
}

let open = 0;
let made = 0;

export class Viewer {
  readonly #name = String(++made);
  readonly #options: ViewerOptions;
  readonly #source: Source;
  readonly #study: Study;
  readonly #around: Surroundings;
  readonly #pane: Pane;
  readonly #commands: Commands;
  readonly #listeners = new Set<(view: PinView) => void>();
  readonly #listening = new AbortController();
  #frames: SeriesFrames | undefined;
  #updating = 0;

  constructor(element: HTMLElement, options: ViewerOptions) {
    startEngine(options.renderer);
    open++;
    this.#options = options;
    this.#source = new Source(options.base);
    this.#study = new Study(this.#source);
    const preview = element.querySelector<HTMLImageElement>("img[data-preview]");
    const { study, downloads = "" } = options;
    const looks = { compact: options.compact === true, preview, study, downloads };
    this.#around = new Surroundings(this.#source, looks, {
      mode: (mode) => this.#commands.mode(mode),
      action: (action) => this.#commands.act(action),
      preset: (at) => this.#commands.preset(at),
      go: (index) => this.#commands.go(index),
    });
    const { root, port, entry } = this.#around;
    element.append(root);
    this.#pane = new Pane(port, entry.ask, {
      change: () => this.#soon(),
      painted: () => preview?.remove(),
    });
    const events = {
      changed: () => this.#soon(),
      say: (words: string) => this.#around.overlay.note(words),
      help: () => this.#around.help.show(),
      download: () => this.#download(),
    };
    this.#commands = new Commands(this.#pane, root, this.#name, events, {
      everywhere: options.wholePage === true,
      downloads: downloads !== "",
      signal: this.#listening.signal,
    });
    this.#commands.mode(isPhone() ? "scroll" : "window");
  }

  /** Loads manifest and first frame and shows them; says in words when that fails. */
  async start(): Promise<void> {
    const { view, series } = this.#options;
    try {
      const wanted = { series: view?.series ?? series, at: view?.index };
      const came = await this.#study.open(wanted);
      if (this.#study.closed) return;
      this.#offerSeries();
      const first = this.#study.find(wanted.series) ?? this.#study.fullest;
      if (!first) {
        this.#around.overlay.fail(t("This study holds no images."), () => void this.start());
        return;
      }
      await this.#openSeries(first, came?.index, came);
      if (view) await this.show(view);
      this.#study.watch(() => this.#showMade());
    } catch (error) {
      if (this.#study.closed) return;
      console.info("the study did not open", error);
      this.#around.overlay.fail(t("The images could not be loaded."), () => void this.start());
    }
  }

  /** Pictures that were made meanwhile appear by themselves; the view stays as it is. */
  async #showMade(): Promise<void> {
    const { place } = this.#pane;
    const looking = place && this.#frames?.quality(place.index) !== "nopicture";
    const view = looking ? this.currentView() : undefined;
    this.#offerSeries();
    const shown = this.#study.find(this.#frames?.series.id) ?? this.#study.fullest;
    if (!shown) return;
    await this.#openSeries(shown, this.#pane.index);
    if (view) await this.show(view);
  }

  currentView(): PinView {
    return viewOf(this.#options.study, this.#pane);
  }

  /** Goes to exactly that view; false when its image is no longer part of the study. */
  async show(view: PinView): Promise<boolean> {
    const series = this.#study.find(view.series);
    if (series && series.id !== this.#frames?.series.id) {
      await this.#openSeries(series, view.index);
    }
    const shown = series !== undefined && (await putBack(view, this.#pane));
    if (!shown) this.#around.overlay.note(t("This image is no longer part of the study."));
    return shown;
  }

  get seen(): boolean {
    const { place, upToDate } = this.#pane;
    const quality = place && this.#frames?.quality(place.index);
    return (place !== undefined && upToDate) || quality === "nopicture" || quality === "failed";
  }

  async thumbnail(): Promise<Blob | null> {
    // The canvas may still hold the image before; that would be a picture of something else.
    return this.#pane.place && this.#pane.upToDate ? thumbnailOf(this.#pane) : null;
  }

  /** Calls back after every change of the view; gives a function that ends it. */
  onChange(listener: (view: PinView) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  destroy(): void {
    if (this.#study.closed) return;
    this.#study.close();
    this.#listening.abort();
    this.#commands.cine.stop();
    cancelAnimationFrame(this.#updating);
    eraseOf(this.#name);
    this.#pane.destroy();
    this.#around.root.remove();
    open--;
    void Promise.resolve(this.#frames?.destroy()).then(() => {
      if (open === 0) cache.purgeCache();
    });
  }

  #offerSeries(): void {
    this.#around.offer(this.#study.series, (series) => {
      if (series.id !== this.#frames?.series.id) void this.#openSeries(series);
    });
  }

  async #openSeries(series: Series, at?: number, first?: ServerRecord): Promise<void> {
    this.#commands.cine.stop();
    const leaving = this.#frames?.destroy();
    // Opened anew, a series has the same pictures' names: first the old ones are put away.
    if (this.#frames?.series.id === series.id) await leaving;
    if (this.#study.closed) return;
    const frames = new SeriesFrames(this.#source, series, `${this.#name}-${series.id}`, {
      quality: () => this.#soon(),
      better: (index, image) => this.#pane.improve(index, image),
    });
    this.#frames = frames;
    this.#around.mark(series);
    const count = frames.places.length;
    const from = Math.max(0, Math.min(count - 1, at ?? Math.floor(count / 2)));
    frames.start(from, first);
    await this.#pane.show(frames, from);
    this.#soon();
  }

  #download(): void {
    const { place, shownWindow: window, invert } = this.#pane;
    if (place) this.#around.downloads?.show({ place, window, invert });
  }

  #soon(): void {
    cancelAnimationFrame(this.#updating);
    this.#updating = requestAnimationFrame(() => this.#update());
  }

  #update(): void {
    const { place } = this.#pane;
    if (this.#study.closed || !place || !this.#frames) return;
    this.#around.update(this.#pane, place, this.#frames, this.#commands.cine.playing);
    if (this.#pane.viewport.getCornerstoneImage()) this.#tell();
  }

  #tell(): void {
    if (!this.#listeners.size) return;
    const view = this.currentView();
    for (const listener of this.#listeners) listener(view);
  }
}
