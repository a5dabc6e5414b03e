/** What modules say to the person: toasts, questions, progress, the list of keys. */
import { all, el, icon, maybe, one } from "./ground/dom";
import { t } from "./ground/i18n";
import { pageKeys, type ListedKey } from "./ground/keys";

export type Tone = "info" | "good" | "danger";

const TOAST_MS = 6000;

/** Words at the lower edge for a few seconds; screen readers hear them. A danger stays until closed. */
export function toast(words: string, tone: Tone = "info"): void {
  // The same words once more take the place of the first: a pile of them says nothing new.
  const same = all("#toasts > .toast").filter((each) => each.textContent.trim() === words);
  for (const each of same) each.remove();
  const box = el("div", { class: `toast toast-${tone}` }, el("span", {}, words));
  const close = el("button", { class: "button button-quiet button-icon", type: "button" }, icon("close"));
  close.setAttribute("aria-label", t("Close"));
  close.addEventListener("click", () => box.remove());
  box.append(close);
  one("#toasts").append(box);
  if (tone !== "danger") setTimeout(() => box.remove(), TOAST_MS);
}

/** Words for screen readers only, for changes that eyes see anyway. */
export function announce(words: string): void {
  const heard = el("span", { class: "visually-hidden" }, words);
  one("#toasts").append(heard);
  setTimeout(() => heard.remove(), 2000);
}

/**
 * Ask before something that cannot be undone; true only when the person says yes. `yes` names the
 * act, such as "Delete post".
 */
export function confirmed(question: string, yes: string): Promise<boolean> {
  return new Promise((answer) => {
    const go = el("button", { class: "button button-danger", value: "yes" }, yes);
    const stay = el("button", { class: "button", value: "no", autofocus: true }, t("Cancel"));
    const actions = el("form", { method: "dialog", class: "actions row-end" }, stay, go);
    const body = el("div", { class: "dialog-body" }, el("p", { id: "question" }, question), actions);
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "question" }, body);
    body.style.setProperty("padding-block-start", "var(--gap-5)");
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Show that `target` works until `work` ends; a second press meanwhile does nothing. */
export async function busy<T>(target: HTMLElement, work: Promise<T>): Promise<T> {
  target.setAttribute("aria-busy", "true");
  if (target instanceof HTMLButtonElement) target.disabled = true;
  try {
    return await work;
  } finally {
    target.removeAttribute("aria-busy");
    if (target instanceof HTMLButtonElement) target.disabled = false;
  }
}

/** Fill the `progress` macro: `max` 0 means that nobody knows how long it takes. */
export function setProgress(box: Element, value: number, max: number, words?: string): void {
  const bar = one<HTMLProgressElement>("progress", box);
  const share = maybe("[data-progress-share]", box);
  if (max > 0) {
    bar.max = max;
    bar.value = value;
  } else {
    bar.removeAttribute("value");
  }
  if (share) share.textContent = max > 0 ? `${Math.floor((100 * value) / max)} %` : "";
  if (words !== undefined) {
    one("[data-progress-text]", box).textContent = words;
    bar.setAttribute("aria-label", words);
  }
}

const others: { readonly heading: string; readonly keys: () => readonly ListedKey[] }[] = [];

/** List keys in the help that a part of the page listens to by itself. */
export function alsoListed(heading: string, keys: () => readonly ListedKey[]): void {
  others.push({ heading, keys });
}

const rows = (keys: readonly ListedKey[]): HTMLElement[] =>
  keys.flatMap(({ key, words }) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)]);

export function listShortcuts(list: HTMLElement): void {
  list.replaceChildren(...rows(pageKeys()));
  for (const old of all("[data-keys-other]", list.parentElement ?? list)) old.remove();
  const sections = others.map(({ heading, keys }) =>
    el(
      "section",
      { class: "stack", "data-keys-other": true },
      el("h3", {}, heading),
      el("dl", { class: "keys-list" }, ...rows(keys())),
    ),
  );
  list.after(...sections);
}
