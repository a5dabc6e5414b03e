/** The list of keys and gestures, as a dialog inside the viewer. */
import { el } from "../../client/ground/dom";
import { t } from "../../client/ground/i18n";
import { pageKeys, type ListedKey } from "../../client/ground/keys";
import { icon } from "./icons";
import { isPhone } from "./engine";
import { gestures, viewerKeys } from "./shortcuts";

let made = 0;

export class Help {
  readonly element: HTMLDialogElement;
  readonly #lists = el("div", { class: "hv-help-lists" });
  readonly #downloads: boolean;

  /** `downloads`: the reader may take away what is shown. */
  constructor(downloads: boolean) {
    this.#downloads = downloads;
    const title = `hv-help-${++made}`;
    const close = el("button", { type: "button", class: "hv-tool", "aria-label": t("Close") }, icon("close"));
    this.element = el(
      "dialog",
      { class: "hv-dialog hv-help", "aria-labelledby": title },
      el("header", { class: "hv-help-head" }, el("h2", { id: title }, t("Keyboard shortcuts")), close),
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
    const parts = [listed(t("On the image"), viewerKeys(this.#downloads)), listed(t("Mouse and fingers"), gestures())];
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
    el("dt", {}, el("kbd", {}, key)),
    el("dd", {}, words),
  ]);
  return [el("h3", {}, heading), el("dl", {}, ...rows)];
}
