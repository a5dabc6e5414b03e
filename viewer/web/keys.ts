/** Keyboard: every tool has a letter, every preset a digit. */
import { actions, modes, type Action } from "./shortcuts";
import type { Mode } from "./toolset";

export interface KeyEvents {
  step(by: number): void;
  jump(to: "first" | "last"): void;
  mode(mode: Mode): void;
  action(action: Action): void;
  digit(digit: string): void;
  zoom(factor: number): void;
  /** Gives up what was begun; false when there is nothing. */
  giveUp(): boolean;
}

const STEPS: Record<string, number> = {
  ArrowUp: -1,
  ArrowLeft: -1,
  ArrowDown: 1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
};

const FIELDS = "input:not([type=range]), select, textarea, dialog, [contenteditable]";

type Handler = (key: string) => boolean;

/**
 * Listens to keys inside the viewer and, where the page is the viewer's own (`everywhere`), to those
 * that reach no other control.  What was begun can be given up from anywhere.  Ends with `signal`.
 */
export function listenToKeys(
  root: HTMLElement,
  events: KeyEvents,
  { everywhere, downloads, signal }: { everywhere: boolean; downloads: boolean; signal: AbortSignal },
): void {
  const handle = handlerOf(events, downloads);
  const press = (event: KeyboardEvent) => {
    if (meantForViewer(event) && handle(event.key)) event.preventDefault();
  };
  root.addEventListener("keydown", press);
  document.addEventListener(
    "keydown",
    (event) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || target.closest(".hv") || document.querySelector("dialog[open]")) return;
      if (everywhere) press(event);
      else if (event.key === "Escape" && events.giveUp()) event.preventDefault();
    },
    { signal },
  );
}

function meantForViewer(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  // Letters with Shift belong to the page; "?" and "+" are typed with it.
  if (event.shiftKey && /^[a-z]$/i.test(event.key)) return false;
  if (target.closest(FIELDS)) return false;
  if (target.closest("button, a") && [" ", "Enter"].includes(event.key)) return false;
  return !(target.matches("[type=range]") && event.key in STEPS);
}

function handlerOf(events: KeyEvents, downloads: boolean): Handler {
  const mode = new Map(modes().map(({ key, name }) => [key, name]));
  const action = new Map(actions(downloads).map(({ key, name }) => [key, name]));
  action.set("Backspace", "erase");
  const once: Record<string, () => boolean | void> = {
    Home: () => events.jump("first"),
    End: () => events.jump("last"),
    "+": () => events.zoom(1.25),
    "=": () => events.zoom(1.25),
    "-": () => events.zoom(0.8),
    Escape: () => events.giveUp(),
  };
  return (pressed) => {
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed;
    if (key in STEPS) events.step(STEPS[key]!);
    else if (mode.has(key)) events.mode(mode.get(key)!);
    else if (action.has(key)) events.action(action.get(key)!);
    else if (/^[0-9]$/.test(key)) events.digit(key);
    else return key in once && once[key]!() !== false;
    return true;
  };
}
