/** The viewer beside the discussion: pins go in, views come out. */
import type { PinView, ViewerHandle } from "../../viewer/web/mount";
import { all, maybe, on } from "../dom";
import { t } from "../i18n";
import { showPane } from "../panes";
import { toast } from "../ui";
import { goTo } from "./place";

const LARGEST = 40 * 1024;
const dashed = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

export interface Pinned {
  readonly view: PinView;
  readonly image: string | null;
}

function pinAtHash(): PinView | null {
  const post = document.getElementById(location.hash.slice(1));
  const pin = post === null ? null : maybe("[data-view]", post);
  return JSON.parse(pin?.dataset["view"] ?? "null") as PinView | null;
}

export class Images {
  readonly #stage: HTMLElement;
  readonly #studies: readonly string[];
  #study = "";
  #viewer: ViewerHandle | undefined;

  constructor(box: HTMLElement, stage: HTMLElement) {
    this.#stage = stage;
    this.#studies = JSON.parse(box.dataset["studies"] ?? "[]") as string[];
    on(box, "click", "[data-study-choice]", (event, link) => {
      event.preventDefault();
      void this.#mount(link.dataset["studyChoice"] ?? "");
    });
    on(document, "click", "[data-view]", (event, pin) => {
      event.preventDefault();
      void this.show(JSON.parse(pin.dataset["view"] ?? "null") as PinView, pin.closest(".post"));
    });
    addEventListener("popstate", (event) => this.#back(event.state as { pane?: string } | null));
  }

  /** Opens the first examination, or the view of the post that the address leads to. */
  async start(): Promise<void> {
    const [first] = this.#studies;
    const view = pinAtHash();
    if (view !== null && this.#studies.includes(view.study)) await this.#mount(view.study, view);
    else if (first !== undefined) await this.#mount(first);
  }

  /** What is on the screen, for a pin; undefined before the first image. */
  async current(): Promise<Pinned | undefined> {
    if (this.#viewer === undefined) return undefined;
    let view: PinView;
    try {
      view = this.#viewer.currentView();
    } catch {
      return undefined;
    }
    return { view, image: await this.#picture() };
  }

  async #picture(): Promise<string | null> {
    const picture = await this.#viewer?.thumbnail();
    if (picture === undefined || picture.size > LARGEST) return null;
    const bytes = new Uint8Array(await picture.arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }

  /** Exactly that view; on a small screen the images come to the front and "back" returns. */
  async show(view: PinView, from: HTMLElement | null): Promise<void> {
    if (from !== null && getComputedStyle(from.closest(".case-talk") ?? from).visibility !== "hidden") {
      this.#remember(from);
    }
    showPane("images");
    if (!this.#studies.includes(view.study)) {
      toast(t("The examination that this post shows has been withdrawn."), "info");
      return;
    }
    if (this.#study !== view.study) await this.#mount(view.study, view);
    if (!(await this.#viewer?.show(view))) {
      toast(t("The image that this post shows is no longer there."), "info");
    }
  }

  #remember(post: HTMLElement): void {
    history.replaceState({ pane: "talk", post: post.id }, "", `#${post.id}`);
    history.pushState({ pane: "images" }, "", location.href);
  }

  #back(state: { pane?: string; post?: string } | null): void {
    if (state?.pane === "images") {
      showPane("images");
      return;
    }
    showPane("talk");
    const post = state?.post === undefined ? null : document.getElementById(state.post);
    if (post !== null) goTo(post);
  }

  async #mount(study: string, view?: PinView): Promise<void> {
    const { mountViewer } = await import("../../viewer/web/mount");
    // The picture that came with the page stays until the first image of that study is painted.
    const painted = this.#viewer === undefined && view === undefined && study === this.#studies[0];
    this.#viewer?.destroy();
    if (!painted) this.#stage.replaceChildren();
    this.#study = study;
    for (const choice of all("[data-study-choice]")) {
      choice.setAttribute("aria-pressed", String(choice.dataset["studyChoice"] === study));
    }
    const base = `/v/${dashed(study)}`;
    this.#viewer = mountViewer(this.#stage, { study, base, ...(view && { view }) });
    await this.#viewer.ready;
    for (const button of all("[data-with-view]")) button.hidden = false;
  }

  /** Composers that came later offer the view as well. */
  offer(): void {
    if (this.#viewer === undefined) return;
    for (const button of all("[data-with-view]")) button.hidden = false;
  }

  end(): void {
    this.#viewer?.destroy();
    this.#viewer = undefined;
    this.#stage.replaceChildren();
  }
}

export function imagesOf(page: HTMLElement): Images | undefined {
  const box = maybe("[data-viewer]", page);
  const stage = maybe("[data-stage]", page);
  return box === null || stage === null ? undefined : new Images(box, stage);
}
