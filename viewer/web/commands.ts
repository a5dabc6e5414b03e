/** What tools, presets and keys do to the picture. */
import { Cine } from "./cine";
import { eraseSelected } from "./drawings";
import { listenToKeys } from "./keys";
import { metaOf } from "./metadata";
import type { Pane } from "./pane";
import { presetsFor } from "./presets";
import type { Action } from "./toolbar";
import type { Mode } from "./toolset";
import type { Place } from "./types";

export class Commands {
  readonly cine = new Cine();
  readonly #pane: Pane;
  readonly #root: HTMLElement;
  readonly #viewer: string;
  readonly #changed: () => void;

  /** `viewer` is the name with which the drawings of this viewer begin. */
  constructor(pane: Pane, root: HTMLElement, viewer: string, changed: () => void) {
    this.#pane = pane;
    this.#root = root;
    this.#viewer = viewer;
    this.#changed = changed;
    listenToKeys(root, {
      step: (by) => this.go(pane.index + by),
      jump: (to) => this.go(to === "first" ? 0 : Number.MAX_SAFE_INTEGER),
      mode: (mode) => this.mode(mode),
      action: (action) => this.act(action),
      preset: (at) => this.preset(at),
      zoom: (factor) => {
        const view = pane.presentation;
        pane.presentation = { ...view, zoom: view.zoom * factor };
      },
    });
  }

  go(index: number): void {
    this.cine.stop();
    void this.#pane.goTo(index);
  }

  mode(mode: Mode): void {
    this.#pane.mode = mode;
    this.#root.dataset.mode = mode;
    this.#changed();
  }

  /** Takes a preset by its place in the list, or the window in the file. */
  preset(at: number | undefined): void {
    const { place } = this.#pane;
    const preset = at === undefined || !place ? undefined : presetsFor(place)[at];
    if (at !== undefined && !preset) return;
    this.#pane.window = preset && !preset.asInFile ? { center: preset.center, width: preset.width } : null;
  }

  act(action: Action): void {
    const pane = this.#pane;
    if (!pane.place) return;
    const view = pane.presentation;
    switch (action) {
      case "invert":
        pane.invert = !pane.invert;
        return;
      case "rotate":
        pane.presentation = { ...view, rotation: (view.rotation + 90) % 360 };
        return;
      case "flipH":
        pane.presentation = { ...view, flipH: !view.flipH };
        return;
      case "flipV":
        pane.presentation = { ...view, flipV: !view.flipV };
        return;
      case "reset":
        pane.reset();
        return;
      case "erase":
        if (!eraseSelected(this.#viewer)) pane.eraseDrawings([pane.place]);
        this.#changed();
        return;
      case "full":
        this.#root.classList.toggle("hv-whole");
        this.#changed();
        return;
      case "play":
        this.#play(pane.place);
    }
  }

  #play(place: Place): void {
    const count = this.#pane.places.length;
    if (this.cine.playing) this.cine.stop();
    else if (count > 1) {
      const frameMs = metaOf(place).frameTimeMs ?? undefined;
      this.cine.start(place.index, count, frameMs, (at) => void this.#pane.goTo(at));
    }
    this.#changed();
  }
}
