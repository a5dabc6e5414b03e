/** The row of tools above the picture (below it on a phone). */
import { el } from "../../client/ground/dom";
import { t } from "../../client/ground/i18n";
import { icon, type IconName } from "./icons";
import { withEdges } from "./edges";
import type { Preset } from "./presets";
import { Roving } from "./roving";
import { actions, explained, modes, type Action } from "./shortcuts";
import type { Mode } from "./toolset";

export interface ToolbarEvents {
  mode(mode: Mode): void;
  action(action: Action): void;
  /** A preset was chosen by its place in the list. */
  preset(at: number): void;
  series(): void;
}

export interface ToolbarState {
  mode: Mode;
  pressed: Readonly<Partial<Record<Action, boolean>>>;
  cine: boolean;
  presets: readonly Preset[];
  /** The preset in use; undefined when the window was set by hand. */
  preset: number | undefined;
  drawings: number;
}

const ICON: Partial<Record<Action, IconName>> = { erase: "trash", help: "keyboard" };

const PRESSABLE = ["invert", "flipH", "flipV", "full", "play"] as const;

export class Toolbar {
  readonly element: HTMLElement;
  readonly #modes = new Map<Mode, HTMLButtonElement>();
  readonly #actions = new Map<Action, HTMLButtonElement>();
  readonly #presets: HTMLSelectElement;
  readonly #roving: Roving;
  #shownPresets = "";

  constructor(events: ToolbarEvents, downloads: boolean) {
    const series = button("series", t("Series"), "", () => events.series());
    series.classList.add("hv-series-open");
    this.#presets = el("select", { "aria-label": t("Window preset"), class: "hv-presets" });
    this.#presets.addEventListener("change", () => events.preset(Number(this.#presets.value)));
    const row = el(
      "div",
      { class: "hv-tools", "aria-label": t("Image tools") },
      series,
      group(t("Tool"), this.#modeButtons(events)),
      this.#presets,
      group(t("Image"), this.#actionButtons(events, downloads)),
    );
    this.#roving = new Roving(row, "horizontal");
    this.element = withEdges(row);
  }

  #modeButtons(events: ToolbarEvents): HTMLElement[] {
    return modes().map(({ name, label, shown, how }) => {
      const made = button(name, label, shown, () => events.mode(name));
      made.title = explained(made.title, how);
      this.#modes.set(name, made);
      return made;
    });
  }

  #actionButtons(events: ToolbarEvents, downloads: boolean): HTMLElement[] {
    return actions(downloads).map(({ name, label, shown }) => {
      const made = button(ICON[name] ?? (name as IconName), label, shown, () => events.action(name));
      made.dataset.action = name;
      this.#actions.set(name, made);
      return made;
    });
  }

  update(state: ToolbarState): void {
    for (const [mode, each] of this.#modes) {
      each.setAttribute("aria-pressed", String(mode === state.mode));
    }
    for (const action of PRESSABLE) {
      const pressed = state.pressed[action] === true;
      this.#actions.get(action)!.setAttribute("aria-pressed", String(pressed));
    }
    this.#roving.toggle(this.#actions.get("play")!, state.cine);
    this.#roving.toggle(this.#actions.get("erase")!, state.drawings > 0);
    this.#roving.toggle(this.#presets, state.presets.length > 0);
    this.#updatePresets(state);
  }

  #updatePresets({ presets, preset }: ToolbarState): void {
    const fingerprint = JSON.stringify(presets);
    if (fingerprint !== this.#shownPresets) {
      this.#shownPresets = fingerprint;
      const options = presets.map(({ name, keys }, at) =>
        el("option", { value: at }, keys.length ? `${keys.join(", ")}  ${name}` : name),
      );
      const byHand = el("option", { value: "hand", hidden: true }, t("By hand"));
      this.#presets.replaceChildren(byHand, ...options);
    }
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
  const made = el("button", { type: "button", class: "hv-tool", title, "aria-label": label }, icon(name));
  made.addEventListener("click", pressed);
  return made;
}

const group = (label: string, buttons: HTMLElement[]): HTMLElement =>
  el("div", { class: "hv-group", role: "group", "aria-label": label }, ...buttons);
