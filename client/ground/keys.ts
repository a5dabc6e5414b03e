/** The single keys that a page listens to, and the list of them for the help. */
import { isWriting } from "./dom";
import { t } from "./i18n";

/** A key and what it does, as the help lists it. */
export interface ListedKey {
  readonly key: string;
  readonly words: string;
}

interface Shortcut extends ListedKey {
  readonly run: (event: KeyboardEvent) => void;
}

const shortcuts: Shortcut[] = [];

/** React to a single key outside of text fields, and list it in the help ("?"). */
export function shortcut(key: string, words: string, run: (event: KeyboardEvent) => void): void {
  shortcuts.push({ key, words, run });
  for (const opener of document.querySelectorAll<HTMLElement>("[data-keys]")) opener.hidden = false;
}

/** The keys of the page itself, named as people read them. */
export function pageKeys(): ListedKey[] {
  const name = (key: string) => (key === " " ? t("Space") : /^[A-Z]$/.test(key) ? t("Shift + {key}", { key }) : key);
  return shortcuts.map(({ key, words }) => ({ key: name(key), words }));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isWriting(event) || document.querySelector("dialog[open]") !== null) return;
  const wanted = shortcuts.find(({ key }) => key === event.key);
  if (wanted === undefined) return;
  event.preventDefault();
  wanted.run(event);
});
