/** Everything around the picture: tools above, series beside, words and slider on it, status below. */
import { el } from "../../client/ground/dom";
import { locale, t } from "../../client/ground/i18n";
import { Downloads } from "./downloads";
import { drawsOnCpu } from "./engine";
import type { SeriesFrames } from "./frames";
import { Overlay } from "./overlay";
import { Help } from "./help";
import type { Pane } from "./pane";
import { presetInUse, presetsFor, type Preset } from "./presets";
import { pictureCount, SeriesList } from "./seriesList";
import type { Action } from "./shortcuts";
import { Slider } from "./slider";
import type { Source } from "./source";
import { TextEntry } from "./textEntry";
import { Toolbar } from "./toolbar";
import type { Mode } from "./toolset";
import type { Place, Series } from "./types";

export interface SurroundingsEvents {
  mode(mode: Mode): void;
  action(action: Action): void;
  preset(at: number): void;
  /** The slider was moved to a frame. */
  go(index: number): void;
}

export interface Looks {
  /** Leaves out what a small box has no room for. */
  compact: boolean;
  /** Stands until it is removed. */
  preview: HTMLElement | null;
  study: string;
  /** Where the reader may take the study away; empty: they may only look. */
  downloads: string;
}

export class Surroundings {
  readonly root: HTMLElement;
  /** Where the picture goes. */
  readonly port = el("div", { class: "hv-port" });
  readonly entry = new TextEntry();
  readonly overlay = new Overlay();
  readonly help: Help;
  readonly downloads: Downloads | undefined;
  readonly #notice = el("p", { class: "hv-notice" }, t("Not for primary diagnosis"));
  readonly #source: Source;
  readonly #stage: HTMLElement;
  readonly #slider: Slider;
  readonly #toolbar: Toolbar;
  #list: SeriesList | undefined;

  constructor(source: Source, { compact, preview, study, downloads }: Looks, events: SurroundingsEvents) {
    this.#source = source;
    this.help = new Help(downloads !== "");
    this.downloads = downloads ? new Downloads(downloads, study, source) : undefined;
    this.#slider = new Slider((index) => events.go(index));
    const pressed = {
      mode: (mode: Mode) => events.mode(mode),
      action: (action: Action) => events.action(action),
      preset: (at: number) => events.preset(at),
      series: () => this.#openSeries(),
    };
    this.#toolbar = new Toolbar(pressed, downloads !== "");
    const picture = preview ? [preview, this.port] : [this.port];
    this.#stage = el("div", { class: "hv-stage" }, ...picture, this.overlay.element, this.#slider.element);
    this.root = this.#frame();
    this.root.classList.toggle("hv-compact", compact);
    this.root.dataset.renderer = drawsOnCpu() ? "cpu" : "gpu";
  }

  #frame(): HTMLElement {
    const foot = el("div", { class: "hv-foot" }, this.overlay.status, this.#notice);
    return el(
      "section",
      { class: "hv", tabindex: 0, "aria-label": t("Image viewer") },
      this.#toolbar.element,
      this.#stage,
      foot,
      this.entry.element,
      this.help.element,
      this.downloads?.element,
    );
  }

  /** Offers the series of the study, in the place of those offered before. */
  offer(all: readonly Series[], chosen: (series: Series) => void): void {
    this.#list?.element.remove();
    this.#list = new SeriesList(this.#source, all, (series) => {
      this.root.classList.remove("hv-with-series");
      chosen(series);
    });
    this.root.classList.toggle("hv-one-series", all.length < 2);
    this.root.insertBefore(this.#list.element, this.#stage);
  }

  mark(series: Series): void {
    this.#list?.mark(series.id);
  }

  /** Says and marks everywhere what the picture area shows at `place`. */
  update(pane: Pane, place: Place, frames: SeriesFrames, playing: boolean): void {
    const count = frames.places.length;
    const pictures = pictureCount(place.series);
    // The frames of a film that is not shown are one thing to be told about.
    const steps = pictures || place.series.instances.length > 1 ? count : 1;
    // A picture must never stand under the number of another one.
    this.#stage.classList.toggle("hv-behind", !pane.upToDate);
    this.#notice.textContent = noticeOf(place);
    this.#notice.classList.toggle("hv-notice-whole", place.instance.thinned !== undefined);
    this.#slider.update(place.index, steps, (index) => frames.quality(index));
    this.overlay.update(
      {
        place,
        count,
        window: pane.shownWindow,
        zoom: pane.presentation.zoom,
        quality: frames.quality(place.index),
        complete: frames.complete,
        document: this.#documentAt(place),
        report: this.#reportAt(place),
      },
      () => frames.retry(place.index),
    );
    this.#updateTools(pane, presetsFor(place), pictures > 1, playing);
  }

  /** The list of series, where a narrow box shows it on demand; the keyboard goes with it. */
  #openSeries(): void {
    if (this.root.classList.toggle("hv-with-series")) this.#list?.focus();
  }

  #documentAt({ instance }: Place): string | undefined {
    return instance.kind === "document" ? this.#source.documentOf(instance.id) : undefined;
  }

  #reportAt({ instance }: Place): string | undefined {
    return instance.kind === "report" || instance.kind === "keys" ? this.#source.reportOf(instance.id) : undefined;
  }

  #updateTools(pane: Pane, presets: readonly Preset[], cine: boolean, playing: boolean): void {
    const { flipH, flipV } = pane.presentation;
    const full = this.root.classList.contains("hv-whole");
    this.#toolbar.update({
      mode: pane.mode,
      pressed: { invert: pane.invert, flipH, flipV, full, play: playing },
      cine,
      presets,
      preset: presetInUse(pane.window, presets),
      drawings: pane.drawings.length,
    });
  }
}

/** What nobody who looks at a picture may overlook. */
function noticeOf({ instance: { thinned } }: Place): string {
  if (!thinned) return t("Not for primary diagnosis");
  const [year, month, day] = [thinned.slice(0, 4), thinned.slice(4, 6), thinned.slice(6)].map(Number);
  const when = new Date(year!, month! - 1, day).toLocaleDateString(locale(), { dateStyle: "long" });
  return t("Picture in preview quality; the original data were deleted on {day}", { day: when });
}
