/** A small dialog inside the viewer that asks for the words of an arrow. */
import { el } from "../../client/ground/dom";
import { t } from "../../client/ground/i18n";
import type { Spot } from "./toolset";

/** Between the dialog and the arrow, and between the dialog and the window, in CSS pixels. */
const GAP = 24;
const EDGE = 8;

export class TextEntry {
  readonly element: HTMLDialogElement;
  readonly #input: HTMLInputElement;
  #answer: (text: string) => void = () => undefined;

  constructor() {
    this.#input = el("input", { type: "text", maxlength: 200, "aria-label": t("Text at the arrow") });
    const cancel = el("button", { type: "button", class: "hv-button" }, t("Cancel"));
    cancel.addEventListener("click", () => this.#close(""));
    const form = el(
      "form",
      { method: "dialog", class: "hv-entry" },
      el("label", {}, t("Text at the arrow"), this.#input),
      el(
        "div",
        { class: "hv-entry-buttons" },
        cancel,
        el("button", { type: "submit", class: "hv-button hv-primary" }, t("Set arrow")),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#close(this.#input.value.trim());
    });
    this.element = el("dialog", { class: "hv-dialog hv-beside", "aria-label": t("Text at the arrow") }, form);
    this.element.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close("");
    });
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** Asks beside the arrow, never over it; the answer is empty when the arrow is not wanted. */
  readonly ask = (present: string, spot: Spot | undefined, answer: (text: string) => void): void => {
    this.#answer = answer;
    this.#input.value = present;
    this.element.showModal();
    this.element.style.setProperty("--hv-top", `${spot ? this.#beside(spot) : EDGE}px`);
    this.#input.focus();
  };

  /** Above the arrow or else below it; where neither has room, as far from its head as can be. */
  #beside({ head, tail }: Spot): number {
    const { height } = this.element.getBoundingClientRect();
    const above = Math.min(head, tail) - GAP - height;
    const below = Math.max(head, tail) + GAP;
    const lowest = innerHeight - height - EDGE;
    if (above >= EDGE) return above;
    if (below <= lowest) return below;
    return head > innerHeight / 2 ? EDGE : lowest;
  }

  #close(text: string): void {
    if (this.element.open) this.element.close();
    const answer = this.#answer;
    this.#answer = () => undefined;
    answer(text);
  }
}
