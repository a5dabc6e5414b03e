/**
 * What is wrong stands beside its field in our own words, not in a bubble of the browser's.  The
 * server finds what is missing and gives the page back with everything that was typed; what a field
 * could not even send, half a day say, is found here.
 */
import { all, el, icon, maybe, on } from "./ground/dom";
import { t } from "./ground/i18n";

/** Say what is wrong with a field, and put the cursor into it. */
export function complainAt(field: HTMLElement, words: string): void {
  const id = `${field.id}-error`;
  const said = document.getElementById(id) ?? el("p", { class: "error", id });
  said.replaceChildren(icon("error"), el("span", {}, words));
  if (!said.isConnected) (field.closest(".field") ?? field).append(said);
  const described = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
  field.setAttribute("aria-describedby", [...described.add(id)].join(" "));
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** The field is right again. */
export function content(field: HTMLElement): void {
  document.getElementById(`${field.id}-error`)?.remove();
  field.removeAttribute("aria-invalid");
}

function unreadable(type: string): string {
  return type === "date"
    ? t("Give a day, like 14.02.2027.")
    : t("Give day and time, like 22.11.2026, 16:00.");
}

export function wireFields(): void {
  for (const form of all<HTMLFormElement>("form[data-own-words]")) form.noValidate = true;
  on(document, "submit", "form[data-own-words]", (event, form) => {
    const half = all<HTMLInputElement>("input", form).filter((each) => each.validity.badInput);
    if (half.length > 0) event.preventDefault();
    for (const each of half.reverse()) complainAt(each, unreadable(each.type));
  });
}

/** Where a page begins that came back with something wrong: in the first field to mend. */
export function firstWrong(): HTMLElement | null {
  return maybe('form[data-own-words] [aria-invalid="true"]');
}
