/** What tools, presets and keys do to the picture. */
import { t } from "../../client/ground/i18n";
import { Cine } from "./cine";
import { eraseSelected } from "./drawings";
import { listenToKeys } from "./keys";
import { metaOf } from "./metadata";
import type { Pane } from "./pane";
import { presetsFor } from "./presets";
import type { Action } from "./shortcuts";
import type { Mode } from "./toolset";
import type { Place } from "./types";

export interface CommandEvents {
  changed(): void;
  /** Words for the person that go away by themselves. */
  say(words: string): void;
  help(): void;
  /** Offers what can be taken away of what is shown. */
  download(): void;
}

export interface Listening {
  /** Whether keys that reach no other control of the page are the viewer's. */
  everywhere: boolean;
  /** Whether the reader may take away what is shown. */
  downloads: boolean;
  /** Ends the listening. */
  signal: AbortSignal;
}

export class Commands {
  readonly cine = new Cine();
  readonly #pane: Pane;
  readonly #root: HTMLElement;
  readonly #viewer: string;
  readonly #events: CommandEvents;

  /** `viewer` is the name with which the drawings of this viewer begin. */
  constructor(pane: Pane, root: HTMLElement, viewer: string, events: CommandEvents, listening: Listening) {
    this.#pane = pane;
    this.#root = root;
    this.#viewer = viewer;
    this.#events = events;
    const keys = {
      step: (by: number) => this.go(pane.index + by),
      jump: (to: "first" | "last") => this.go(to === "first" ? 0 : Number.MAX_SAFE_INTEGER),
      mode: (mode: Mode) => this.mode(mode),
      action: (action: Action) => this.act(action),
      digit: (digit: string) => this.digit(digit),
      zoom: (factor: number) => {
        const view = pane.presentation;
        pane.presentation = { ...view, zoom: view.zoom * factor };
      },
      giveUp: () => pane.giveUp(),
    };
    listenToKeys(root, keys, listening);
  }

  go(index: number): void {
    this.cine.stop();
    void this.#pane.goTo(index);
  }

  mode(mode: Mode): void {
    this.#pane.giveUp();
    this.#pane.mode = mode;
    this.#root.dataset.mode = mode;
    this.#events.changed();
    if (mode === "arrow") this.#events.say(t("Press on the finding, release where the text is to stand."));
  }

  /** Takes a preset by its place in the list. */
  preset(at: number): void {
    const { place } = this.#pane;
    const preset = place && presetsFor(place)[at];
    if (preset) this.#pane.window = preset.own ? null : (preset.range ?? null);
  }

  /** Takes the preset of a digit, or says that these pictures have none. */
  digit(digit: string): void {
    const { place } = this.#pane;
    if (!place) return;
    const at = presetsFor(place).findIndex(({ keys }) => keys.includes(digit));
    if (at >= 0) this.preset(at);
    else this.#events.say(t("Key {key} has no window for images of this kind.", { key: digit }));
  }

  act(action: Action): void {
    const pane = this.#pane;
    if (action === "help") this.#events.help();
    if (!pane.place) return;
    if (action === "download") this.#events.download();
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
        this.#events.changed();
        return;
      case "full":
        this.#root.classList.toggle("hv-whole");
        this.#events.changed();
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
    this.#events.changed();
  }
}
