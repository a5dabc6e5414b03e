/** What a post said before, in a dialog: the images beside it stay as they are. */
import { el, icon, maybe, on } from "../ground/dom";
import { fragment } from "../html";
import { getHtml } from "../http";
import { t } from "../ground/i18n";
import { busy, toast } from "../ui";

/** Links to a post's history open here; with a key held down, or without scripts, they are links. */
export function wireHistory(): void {
  on(document, "click", "[data-history]", (event, link) => {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (elsewhere || !(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    busy(link, getHtml(link.href)).then(show, (error: Error) => toast(error.message, "danger"));
  });
}

function show(html: string): void {
  const page = fragment(html);
  const found = maybe("[data-revisions]", page);
  if (found === null) return;
  const close = el(
    "button",
    { class: "button button-quiet button-icon", type: "button", "data-close": true, "aria-label": t("Close") },
    icon("close"),
  );
  const title = el("h2", { id: "history-title" }, maybe("h1", page)?.textContent ?? "");
  const dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": "history-title" },
    el("div", { class: "dialog-head" }, title, close),
    el("div", { class: "dialog-body" }, document.importNode(found, true)),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
