/** The slider through a series, with a mark for every frame that has arrived. */
import { el } from "../../client/ground/dom";
import { t } from "../../client/ground/i18n";
import type { Quality } from "./types";

const COLOUR: Record<Quality, string> = {
  none: "#2c3134",
  low: "#a67c2d",
  full: "#5fae83",
  failed: "#c75b50",
  nopicture: "#4a5154",
};

export class Slider {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #marks: HTMLCanvasElement;
  #drawing = 0;

  constructor(moved: (index: number) => void) {
    this.#marks = el("canvas", { class: "hv-marks", width: 4, height: 4, "aria-hidden": true });
    this.#input = el("input", {
      type: "range",
      class: "hv-slider",
      min: 1,
      max: 1,
      step: 1,
      value: 1,
      "aria-label": t("Image"),
    });
    this.#input.addEventListener("input", () => moved(Number(this.#input.value) - 1));
    this.element = el("div", { class: "hv-slide" }, this.#marks, this.#input);
  }

  update(index: number, count: number, quality: (index: number) => Quality): void {
    this.element.hidden = count < 2;
    this.#input.max = String(count);
    this.#input.value = String(index + 1);
    const spoken = t("image {n} of {count}", { n: index + 1, count });
    this.#input.setAttribute("aria-valuetext", spoken);
    cancelAnimationFrame(this.#drawing);
    this.#drawing = requestAnimationFrame(() => this.#draw(count, quality));
  }

  #draw(count: number, quality: (index: number) => Quality): void {
    const height = Math.max(1, this.#marks.clientHeight * devicePixelRatio);
    const width = Math.max(1, this.#marks.clientWidth * devicePixelRatio);
    this.#marks.width = width;
    this.#marks.height = height;
    const paper = this.#marks.getContext("2d")!;
    for (let index = 0; index < count; index++) {
      paper.fillStyle = COLOUR[quality(index)];
      const top = Math.floor((index / count) * height);
      const bottom = Math.ceil(((index + 1) / count) * height);
      paper.fillRect(0, top, width, bottom - top - (count < height / 4 ? 1 : 0));
    }
  }
}
