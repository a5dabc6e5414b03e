/** The row of tools above the picture (below it on a phone). */
import { t } from "../../client/i18n";
import { h, icon, type IconName } from "./dom";
import type { Preset } from "./presets";
import type { Mode } from "./toolset";

export type Action = "invert" | "rotate" | "flipH" | "flipV" | "reset" | "erase" | "full" | "play";

export interface ToolbarEvents {
  mode(mode: Mode): void;
  action(action: Action): void;
  /** A preset's place in the list, or undefined for "as in the file". */
  preset(at: number | undefined): void;
  series(): void;
}

export interface ToolbarState {
  mode: Mode;
  pressed: Readonly<Partial<Record<Action, boolean>>>;
  cine: boolean;
  presets: readonly Preset[];
  /** The preset in use; undefined when the window was set by hand. */
  preset: number | "file" | undefined;
  drawings: number;
}

const MODES = (): [Mode, string, string][] => [
  ["scroll", t("Scroll"), "S"],
  ["window", t("Brightness and contrast"), "W"],
  ["zoom", t("Zoom"), "Z"],
  ["pan", t("Move"), "P"],
  ["length", t("Length"), "L"],
  ["arrow", t("Arrow with text"), "A"],
];

const ACTIONS = (): [Action, string, string][] => [
  ["invert", t("Invert"), "I"],
  ["rotate", t("Rotate by 90°"), "R"],
  ["flipH", t("Mirror left and right"), "H"],
  ["flipV", t("Mirror up and down"), "V"],
  ["play", t("Play"), t("Space")],
  ["erase", t("Remove drawings"), t("Delete")],
  ["reset", t("Reset view"), "0"],
  ["full", t("Whole window"), "F"],
];

const ICON: Partial<Record<Action, IconName>> = { erase: "trash" };

export class Toolbar {
  readonly element: HTMLElement;
  readonly #modes = new Map<Mode, HTMLButtonElement>();
  readonly #actions = new Map<Action, HTMLButtonElement>();
  readonly #presets: HTMLSelectElement;
  #shownPresets = "";

  constructor(events: ToolbarEvents) {
    const series = button("series", t("Series"), "", () => events.series());
    series.classList.add("hv-series-open");
    this.#presets = h("select", { "aria-label": t("Window preset"), class: "hv-presets" });
    this.#presets.addEventListener("change", () => {
      const { value } = this.#presets;
      events.preset(value === "file" ? undefined : Number(value));
    });
    const modes = MODES().map(([mode, label, key]) => {
      const made = button(mode, label, key, () => events.mode(mode));
      this.#modes.set(mode, made);
      return made;
    });
    const actions = ACTIONS().map(([action, label, key]) => {
      const name = ICON[action] ?? (action as IconName);
      const made = button(name, label, key, () => events.action(action));
      made.dataset.action = action;
      this.#actions.set(action, made);
      return made;
    });
    this.element = h(
      "div",
      { class: "hv-tools", role: "toolbar", "aria-label": t("Image tools") },
      series,
      group(t("Tool"), modes),
      this.#presets,
      group(t("Image"), actions),
    );
  }

  update(state: ToolbarState): void {
    for (const [mode, each] of this.#modes) {
      each.setAttribute("aria-pressed", String(mode === state.mode));
    }
    for (const action of ["invert", "flipH", "flipV", "full", "play"] as const) {
      const pressed = state.pressed[action] === true;
      this.#actions.get(action)!.setAttribute("aria-pressed", String(pressed));
    }
    this.#actions.get("play")!.hidden = !state.cine;
    this.#actions.get("erase")!.hidden = state.drawings === 0;
    this.#updatePresets(state);
  }

  #updatePresets({ presets, preset }: ToolbarState): void {
    const fingerprint = JSON.stringify(presets);
    if (fingerprint !== this.#shownPresets) {
      this.#shownPresets = fingerprint;
      const options = presets.map(({ name }, at) =>
        h("option", { value: at }, at < 9 ? `${at + 1}  ${name}` : name),
      );
      this.#presets.replaceChildren(
        h("option", { value: "hand", hidden: true }, t("By hand")),
        // Where the file names a window, that is the first preset; else we compute one.
        ...(presets[0]?.asInFile ? [] : [h("option", { value: "file" }, t("Automatic"))]),
        ...options,
      );
    }
    this.#presets.hidden = presets.length === 0;
    const wanted = String(preset ?? "hand");
    if (this.#presets.value !== wanted) this.#presets.value = wanted;
  }
}

function button(
  name: IconName,
  label: string,
  key: string,
  pressed: () => void,
): HTMLButtonElement {
  const title = key ? `${label} (${key})` : label;
  const made = h("button", { type: "button", class: "hv-tool", title, "aria-label": label }, icon(name));
  made.addEventListener("click", pressed);
  return made;
}

const group = (label: string, buttons: HTMLElement[]): HTMLElement =>
  h("div", { class: "hv-group", role: "group", "aria-label": label }, ...buttons);
