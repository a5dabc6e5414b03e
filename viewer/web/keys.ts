/** Keyboard: every tool has a letter, every preset a number. */
import type { Action } from "./toolbar";
import type { Mode } from "./toolset";

export interface KeyEvents {
  step(by: number): void;
  jump(to: "first" | "last"): void;
  mode(mode: Mode): void;
  action(action: Action): void;
  preset(at: number): void;
  zoom(factor: number): void;
}

const STEPS: Record<string, number> = {
  ArrowUp: -1,
  ArrowLeft: -1,
  ArrowDown: 1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
};

const MODES: Record<string, Mode> = {
  s: "scroll",
  w: "window",
  z: "zoom",
  p: "pan",
  l: "length",
  a: "arrow",
};

const ACTIONS: Record<string, Action> = {
  i: "invert",
  r: "rotate",
  h: "flipH",
  v: "flipV",
  f: "full",
  "0": "reset",
  " ": "play",
  Delete: "erase",
  Backspace: "erase",
};

const FIELDS = "input:not([type=range]), select, textarea, dialog, [contenteditable]";

export function listenToKeys(element: HTMLElement, events: KeyEvents): void {
  element.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest(FIELDS)) return;
    if (target.closest("button") && [" ", "Enter"].includes(event.key)) return;
    if (target.matches("[type=range]") && event.key in STEPS) return;
    if (handle(event.key, events)) event.preventDefault();
  });
}

function handle(key: string, events: KeyEvents): boolean {
  const letter = key.length === 1 ? key.toLowerCase() : key;
  if (letter in STEPS) events.step(STEPS[letter]!);
  else if (letter === "Home") events.jump("first");
  else if (letter === "End") events.jump("last");
  else if (letter in MODES) events.mode(MODES[letter]!);
  else if (letter in ACTIONS) events.action(ACTIONS[letter]!);
  else if (/^[1-9]$/.test(letter)) events.preset(Number(letter) - 1);
  else if (letter === "+" || letter === "=") events.zoom(1.25);
  else if (letter === "-") events.zoom(0.8);
  else return false;
  return true;
}
