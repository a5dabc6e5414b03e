/** Commands and tokens that are to be pasted elsewhere: a button beside each copies it. */
import { all, el } from "./ground/dom";
import { t } from "./ground/i18n";
import { toast } from "./ui";

export function wireCopying(): void {
  if (!navigator.clipboard) return; // browsers lend it to safe addresses only
  for (const text of all("[data-copy]")) {
    const copy = async () => {
      try {
        await navigator.clipboard.writeText((text.textContent ?? "").trim());
        toast(t("Copied."), "good");
      } catch {
        toast(t("This browser does not copy. Please mark the text and copy it yourself."), "danger");
      }
    };
    const button = el("button", { class: "button", type: "button", onclick: () => void copy() }, t("Copy"));
    text.after(el("div", { class: "actions copy-actions" }, button));
  }
}
