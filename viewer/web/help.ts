/** The list of keys and gestures, as a dialog inside the viewer. */
import { t } from "../../client/i18n";
import { pageKeys, type ListedKey } from "../../client/ui";
import { h, icon } from "./dom";
import { isPhone } from "./engine";
import { gestures, viewerKeys } from "./shortcuts";

let made = 0;

export class Help {
  readonly element: HTMLDialogElement;
  readonly #lists = h("div", { class: "hv-help-lists" });

  constructor() {
    const title = `hv-help-${++made}`;
    const close = h("button", { type: "button", class: "hv-tool", "aria-label": t("Close") }, icon("close"));
    this.element = h(
      "dialog",
      { class: "hv-dialog hv-help", "aria-labelledby": title },
      h("header", { class: "hv-help-head" }, h("h2", { id: title }, t("Keyboard shortcuts")), close),
      this.#lists,
    );
    close.addEventListener("click", () => this.element.close());
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close(); // the veil around it
    });
  }

  readonly show = (): void => {
    if (this.element.open) return;
    const page = pageKeys();
    const parts = [listed(t("On the image"), viewerKeys()), listed(t("Mouse and fingers"), gestures())];
    if (isPhone()) parts.reverse(); // there are no keys there, as a rule
    this.#lists.replaceChildren(
      ...parts.flat(),
      ...(page.length ? listed(t("On this page"), page) : []),
    );
    this.element.showModal();
  };
}

function listed(heading: string, keys: readonly ListedKey[]): HTMLElement[] {
  const rows = keys.flatMap(({ key, words }) => [
    h("dt", {}, h("kbd", {}, key)),
    h("dd", {}, words),
  ]);
  return [h("h3", {}, heading), h("dl", {}, ...rows)];
}
