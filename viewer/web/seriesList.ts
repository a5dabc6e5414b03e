/** The series of the study, each with a thumbnail. */
import { el } from "../../client/ground/dom";
import { plural, t } from "../../client/ground/i18n";
import { Roving } from "./roving";
import type { Source } from "./source";
import type { Instance, Series } from "./types";

const frameCount = (instances: readonly Instance[]): number =>
  instances.reduce((sum, { frames }) => sum + Math.max(1, frames), 0);

/** How many frames of a series can be shown. */
export const pictureCount = ({ instances }: Series): number =>
  frameCount(instances.filter(({ codec }) => codec !== "none"));

/** The name of a series for people. */
export function seriesName(series: Series): string {
  const number = series.number ?? series.id + 1;
  return t("Series {number}", { number });
}

/** How much of what is in a series, each called what it is. */
function extent({ instances }: Series): string[] {
  const of = (wanted: string) => instances.filter(({ kind = "image" }) => kind === wanted);
  const images = frameCount(of("image"));
  const documents = of("document").length + of("report").length + of("keys").length;
  const videos = of("video").length;
  const others = instances.length - of("image").length - documents - videos;
  return [
    images > 0 ? plural("{n} image", "{n} images", images) : "",
    documents > 0 ? plural("{n} document", "{n} documents", documents) : "",
    videos > 0 ? plural("{n} video", "{n} videos", videos) : "",
    others > 0 ? plural("{n} other object", "{n} other objects", others) : "",
  ];
}

export class SeriesList {
  readonly element: HTMLElement;
  readonly #buttons = new Map<number, HTMLButtonElement>();
  readonly #roving: Roving;

  constructor(source: Source, all: readonly Series[], chosen: (series: Series) => void) {
    const items = all.map((series) => {
      const made = this.#button(source, series);
      made.addEventListener("click", () => chosen(series));
      this.#buttons.set(series.id, made);
      return el("li", { role: "none" }, made);
    });
    const list = el("ol", { "aria-label": t("Series") }, ...items);
    this.#roving = new Roving(list, "vertical");
    this.element = el("div", { class: "hv-series" }, list);
  }

  mark(current: number): void {
    for (const [id, each] of this.#buttons) {
      each.setAttribute("aria-current", String(id === current));
    }
    this.#roving.prefer(this.#buttons.get(current));
  }

  focus(): void {
    [...this.#buttons.values()].find(({ tabIndex }) => tabIndex === 0)?.focus();
  }

  #button(source: Source, series: Series): HTMLButtonElement {
    const pictures = series.instances.filter(
      ({ codec, preview }) => codec !== "none" && preview !== false,
    );
    const middle = pictures[Math.floor(pictures.length / 2)];
    const thumbnail = middle
      ? el("img", {
          src: source.preview(middle.id, 128),
          alt: "",
          width: 64,
          height: 64,
          loading: "lazy",
          decoding: "async",
        })
      : el("span", { class: "hv-noimage", "aria-hidden": true }, series.modality);
    const facts = [series.description && seriesName(series), series.modality, ...extent(series)];
    return el(
      "button",
      { type: "button" },
      thumbnail,
      el(
        "span",
        { class: "hv-series-text" },
        el("span", { class: "hv-series-name" }, series.description || seriesName(series)),
        el(
          "span",
          { class: "hv-series-facts" },
          facts.filter(Boolean).join(" · "),
        ),
      ),
    );
  }
}
