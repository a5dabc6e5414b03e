/** What can be taken away of what is shown, as a dialog inside the viewer. */
import { el } from "../../client/ground/dom";
import { t } from "../../client/ground/i18n";
import { dashed } from "../../client/ground/ids";
import type { GreyRange } from "./greyWindow";
import { icon } from "./icons";
import type { Source } from "./source";
import type { Place } from "./types";

/** The image on the screen, and how it is drawn there. */
export interface Shown {
  place: Place;
  window: GreyRange | null;
  invert: boolean;
}

let made = 0;

export class Downloads {
  readonly element: HTMLDialogElement;
  readonly #choices = el("div", { class: "hv-choices" });
  readonly #address: string;
  readonly #study: string;
  readonly #source: Source;

  /** `address` is where downloads are; `study` the study's id. */
  constructor(address: string, study: string, source: Source) {
    this.#address = address;
    this.#study = study;
    this.#source = source;
    const title = `hv-downloads-${++made}`;
    const close = el("button", { type: "button", class: "hv-tool", "aria-label": t("Close") }, icon("close"));
    this.element = el(
      "dialog",
      { class: "hv-dialog hv-help", "aria-labelledby": title },
      el("header", { class: "hv-help-head" }, el("h2", { id: title }, t("Download")), close),
      this.#choices,
    );
    close.addEventListener("click", () => this.element.close());
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
    this.element.addEventListener("click", (event) => {
      const target = event.target as HTMLElement;
      // The veil around it, or a file that is on its way.
      if (target === this.element || target.closest("a")) this.element.close();
    });
  }

  show(shown: Shown): void {
    if (this.element.open) return;
    const { instance } = shown.place;
    const pictured = instance.codec !== "none";
    const study = `e=${this.#study}`;
    this.#choices.replaceChildren(
      ...(pictured ? this.#pictures(shown) : []),
      el("h3", {}, instance.thinned ? t("What there is") : t("With everything a diagnosis needs")),
      instance.thinned ? "" : choice(t("This image as DICOM file"), this.#source.originalOf(instance.id)),
      choice(t("This series …"), `${this.#address}/size?${study}&s=${instance.id}`),
      choice(t("This examination …"), `${this.#address}/size?${study}`),
    );
    this.element.showModal();
    this.#choices.querySelector("a")!.focus();
  }

  #pictures({ place, window, invert }: Shown): HTMLElement[] {
    const at = `${this.#address}/picture/${dashed(this.#study)}/${dashed(place.instance.id)}/${place.frame}`;
    const look = new URLSearchParams();
    if (window) {
      look.set("center", String(window.center));
      look.set("width", String(window.width));
    }
    if (invert) look.set("invert", "1");
    const as = (kind: string) => `${at}?${new URLSearchParams([["as", kind], ...look])}`;
    return [
      el("h3", {}, t("As a picture, bright as on the screen")),
      choice(t("This image as PNG"), as("png")),
      choice(t("This image as JPEG, smaller"), as("jpeg")),
      el("p", {}, place.instance.thinned
        ? t("The small picture that was kept; no name and no drawing is put into it. Not for diagnosis.")
        : t("All of its pixels; no name and no drawing is put into it. Not for primary diagnosis.")),
    ];
  }
}

const choice = (words: string, href: string): HTMLAnchorElement =>
  el("a", { class: "hv-button hv-choice", href }, icon("download"), words);
