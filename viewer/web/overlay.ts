/** What stands around the picture: which image, which window, how good, what is missing. */
import { el } from "../../client/ground/dom";
import { decimal, t } from "../../client/ground/i18n";
import type { GreyRange } from "./greyWindow";
import { seriesName } from "./seriesList";
import type { Instance, Place, Quality } from "./types";

export interface OverlayState {
  place: Place;
  count: number;
  window: GreyRange | null;
  zoom: number;
  quality: Quality;
  complete: number;
  /** Where the finding is shown, when this is one and no picture. */
  document?: string | undefined;
  /** Where the report is shown, when this is one and no picture. */
  report?: string | undefined;
}

/** What an instance is that holds no picture, or why it has none here, in words. */
function reason({ kind, why }: Instance): string {
  switch (kind) {
    case "waveform":
      return t("This is a recorded curve, such as an ECG, and no picture. It can be downloaded.");
    case "presentation":
      return t("This says how other images are to be shown, and is no picture.");
    case "plan":
      return t("This is part of a plan for radiation treatment, and no picture. It can be downloaded.");
  }
  switch (why) {
    case "deleted":
      return t("The original data of this image were deleted, and there was no picture of it to keep.");
    case "preparing":
      return t("The images are still being prepared.");
    case "video":
      return t("This is a video, which is not shown here.");
    case "bad_pixels":
    case "short_pixels":
    case "truncated":
      return t("The picture in this file is damaged.");
    case "unsupported":
      return t("This kind of picture cannot be shown.");
    default:
      return t("This file holds no picture that can be shown.");
  }
}

const REMARK_MS = 6000;

/** With 0 added, as what is rounded to nothing has no sign. */
const rounded = (value: number): string =>
  decimal((Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value)) + 0, 0, 1);

export class Overlay {
  readonly element: HTMLElement;
  readonly status: HTMLElement;
  readonly #what = el("p", { class: "hv-corner hv-top-left" });
  readonly #where = el("p", { class: "hv-corner hv-top-right" });
  readonly #how = el("p", { class: "hv-corner hv-bottom-left" });
  readonly #message = el("div", { class: "hv-message", role: "status", hidden: true });
  readonly #remark = el("p", { class: "hv-remark", role: "status", hidden: true });
  readonly #mark = el("span", { class: "hv-mark", "aria-hidden": true });
  readonly #words = el("span");
  #remarking: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element = el(
      "div",
      { class: "hv-overlay" },
      this.#message, // first: which image it is stands over the words why it is not shown
      this.#what,
      this.#where,
      this.#how,
      this.#remark,
    );
    this.status = el("p", { class: "hv-status", role: "status" }, this.#mark, this.#words);
    this.loading();
  }

  loading(): void {
    this.#quality("none", t("Preview"));
  }

  update(state: OverlayState, retry: () => void): void {
    const { place, count, quality } = state;
    const { series, instance } = place;
    const title = [seriesName(series), series.description].filter(Boolean).join(" · ");
    this.#what.textContent = title;
    const picture = quality !== "nopicture";
    // The frames of a film that is not shown are no images to count.
    const counted = picture || instance.frames < 2;
    this.#where.textContent = counted ? t("Image {n} of {count}", { n: place.index + 1, count }) : "";
    this.#how.textContent = picture ? this.#facts(state) : "";
    if (state.document) this.#offer(state.document, t("This is a document, not a picture."), t("Show the document"));
    else if (state.report) this.#offer(state.report, t("This is a report, not a picture."), t("Show the report"));
    else if (!picture) this.#say(reason(instance));
    else if (quality === "failed") this.#say(t("This image could not be loaded."), retry);
    else this.#message.hidden = true;
    this.#tell(state);
  }

  /** Says instead of a picture why there is none; with a way to try again. */
  fail(words: string, retry: () => void): void {
    this.#say(words, retry);
    this.#quality("failed", t("Not loaded"));
  }

  /** A remark that goes away by itself. */
  note(words: string): void {
    this.#remark.textContent = words;
    this.#remark.hidden = false;
    clearTimeout(this.#remarking);
    this.#remarking = setTimeout(() => (this.#remark.hidden = true), REMARK_MS);
  }

  #facts({ window, zoom }: OverlayState): string {
    const size = t("Zoom {percent} %", { percent: Math.round(zoom * 100) });
    if (!window) return size;
    const level = t("W {width} L {center}", {
      width: rounded(window.width),
      center: rounded(window.center),
    });
    return `${level} · ${size}`;
  }

  #tell({ place, quality, complete, count }: OverlayState): void {
    const rest = complete < count ? t("{n} of {count}", { n: complete, count }) : "";
    const words: Record<Quality, string> = {
      none: t("Loading"),
      low: t("Preview, loading"),
      full: place.instance.thinned ? t("Preview quality") : t("Full quality"),
      failed: t("Not loaded"),
      nopicture: t("No picture"),
    };
    this.#quality(quality, [words[quality], rest].filter(Boolean).join(" · "));
  }

  #quality(quality: Quality, words: string): void {
    this.#mark.dataset.quality = quality;
    if (this.#words.textContent !== words) this.#words.textContent = words;
  }

  #offer(address: string, words: string, way: string): void {
    const link = el("a", { class: "hv-button", href: address }, way);
    this.#message.replaceChildren(el("p", {}, words), link);
    this.#message.hidden = false;
  }

  #say(words: string, retry?: () => void): void {
    const parts: HTMLElement[] = [el("p", {}, words)];
    if (retry) {
      const again = el("button", { type: "button", class: "hv-button" }, t("Try again"));
      again.addEventListener("click", retry);
      parts.push(again);
    }
    if (this.#message.hidden || this.#message.firstElementChild?.textContent !== words) {
      this.#message.replaceChildren(...parts);
    }
    this.#message.hidden = false;
  }
}
