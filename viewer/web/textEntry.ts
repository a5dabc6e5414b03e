/** A small dialog inside the viewer that asks for the words of an arrow. */
import { t } from "../../client/i18n";
import { h } from "./dom";

export class TextEntry {
  readonly element: HTMLDialogElement;
  readonly #input: HTMLInputElement;
  #answer: (text: string) => void = () => undefined;

  constructor() {
    this.#input = h("input", { type: "text", maxlength: 200, "aria-label": t("Text at the arrow") });
    const cancel = h("button", { type: "button", class: "hv-button" }, t("Cancel"));
    cancel.addEventListener("click", () => this.#close(""));
    const form = h(
      "form",
      { method: "dialog", class: "hv-entry" },
      h("label", {}, t("Text at the arrow"), this.#input),
      h(
        "div",
        { class: "hv-entry-buttons" },
        cancel,
        h("button", { type: "submit", class: "hv-button hv-primary" }, t("Set arrow")),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#close(this.#input.value.trim());
    });
    this.element = h("dialog", { class: "hv-dialog", "aria-label": t("Text at the arrow") }, form);
    this.element.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close("");
    });
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** Asks; the answer is empty when the person does not want the arrow. */
  readonly ask = (present: string, answer: (text: string) => void): void => {
    this.#answer = answer;
    this.#input.value = present;
    this.element.showModal();
    this.#input.focus();
  };

  #close(text: string): void {
    if (this.element.open) this.element.close();
    const answer = this.#answer;
    this.#answer = () => undefined;
    answer(text);
  }
}
