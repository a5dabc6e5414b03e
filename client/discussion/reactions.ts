/** The reactions to a post are one stop of the Tab key; arrows go along them (WAI-ARIA APG, toolbar). */
import { all, on } from "../ground/dom";
import { t } from "../ground/i18n";

const ROW = ".reactions";
const BUTTON = ".reaction";

/** Makes the rows in *root* toolbars.  Without scripts each reaction stays a stop of its own. */
export function asToolbars(root: ParentNode): void {
  for (const row of all(ROW, root)) {
    if (all(BUTTON, row).length < 2) continue; // of a closed case only what was given is left
    row.setAttribute("role", "toolbar");
    row.setAttribute("aria-label", t("Reactions"));
    stopAt(all(BUTTON, row)[0]);
  }
}

/** The same reaction in the post as it is now. */
export function sameReaction(pressed: Element | null, post: HTMLElement): HTMLElement | undefined {
  if (!(pressed instanceof HTMLButtonElement) || !pressed.matches(BUTTON)) return undefined;
  return all<HTMLButtonElement>(BUTTON, post).find(({ value }) => value === pressed.value);
}

export function wireReactions(): void {
  asToolbars(document);
  on(document, "focusin", BUTTON, (_event, button) => stopAt(button));
  on(document, "keydown", BUTTON, (event, button) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const buttons = all(BUTTON, button.closest(ROW) ?? document);
    const at = buttons.indexOf(button);
    const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    buttons.at(step % buttons.length)?.focus();
  });
}

function stopAt(button: HTMLElement | undefined): void {
  const row = button?.closest(ROW) ?? null;
  if (row?.getAttribute("role") !== "toolbar") return;
  for (const each of all(BUTTON, row)) each.tabIndex = each === button ? 0 : -1;
}
