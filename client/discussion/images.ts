/** The viewer beside the discussion: pins go in, views come out. */
import type { PinView, ViewerHandle } from "../../viewer/web/mount";
import { all, el, icon, maybe, on } from "../ground/dom";
import { t } from "../ground/i18n";
import { dashed } from "../ground/ids";
import { showPane } from "../panes";
import { busy, toast } from "../ui";
import { goTo } from "./place";

const LARGEST = 40 * 1024;
const PICTURE_MS = 5000;

export interface Pinned {
  readonly view: PinView;
  readonly image: string | null;
}

function pinAtHash(): PinView | null {
  const post = document.getElementById(location.hash.slice(1));
  const pin = post === null ? null : maybe("[data-view]", post);
  return JSON.parse(pin?.dataset["view"] ?? "null") as PinView | null;
}

/** Waits for the picture of what is asked for; false when it does not come. */
async function seen(viewer: ViewerHandle): Promise<boolean> {
  const until = performance.now() + PICTURE_MS;
  while (!viewer.seen && performance.now() < until) await new Promise(requestAnimationFrame);
  return viewer.seen;
}

export class Images {
  readonly #stage: HTMLElement;
  readonly #studies: readonly string[];
  #study = "";
  #viewer: ViewerHandle | undefined;
  /** Ends the question which view is to be posted, while it is asked. */
  #turnBack: (() => void) | undefined;

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
    document.addEventListener("tab", (event) => {
      if ((event as CustomEvent<string>).detail === "pane-talk") this.#turnBack?.();
    });
  }

  /** Opens the first examination, or the view of the post that the address leads to. */
  async start(): Promise<void> {
    const [first] = this.#studies;
    const view = pinAtHash();
    if (view !== null && this.#studies.includes(view.study)) await this.#mount(view.study, view);
    else if (first !== undefined) await this.#mount(first);
  }

  /**
   * The view for a pin: undefined before the first image, null when the person turned back.  Where
   * the discussion hides the images they come to the front first, so nobody posts a view unseen.
   */
  async pick(): Promise<Pinned | null | undefined> {
    const inSight = getComputedStyle(this.#stage).visibility !== "hidden";
    return inSight ? this.#current() : this.#choose();
  }

  async #current(): Promise<Pinned | undefined> {
    const viewer = this.#viewer;
    if (viewer === undefined || !(await seen(viewer))) return undefined;
    const view = viewer.currentView();
    return { view, image: await this.#picture(viewer) };
  }

  async #picture(viewer: ViewerHandle): Promise<string | null> {
    const picture = await viewer.thumbnail();
    if (picture === null || picture.size > LARGEST) return null;
    const bytes = new Uint8Array(await picture.arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }

  /** The images in front, and below them the question whether it is this view. */
  #choose(): Promise<Pinned | null> {
    history.replaceState({ pane: "talk" }, "");
    history.pushState({ pane: "images" }, "");
    showPane("images");
    const problem = el("p", { class: "error small", role: "alert", hidden: true });
    const back = el("button", { class: "button", type: "button" }, t("Back"));
    const post = el("button", { class: "button button-primary", type: "button" }, icon("pin"), t("Post"));
    const words = el("p", { class: "small", id: "choosing-words" }, t("Your post goes with the image as you see it here."));
    const bar = el(
      "div",
      { class: "case-choosing", role: "group", "aria-labelledby": "choosing-words" },
      words,
      problem,
      el("div", { class: "row row-nowrap row-between" }, back, post),
    );
    this.#stage.after(bar);
    post.focus();
    return new Promise((answer) => {
      this.#turnBack = () => {
        this.#turnBack = undefined;
        bar.remove();
        answer(null);
      };
      const leave = () => {
        this.#turnBack?.();
        showPane("talk");
        history.back();
      };
      back.addEventListener("click", leave);
      post.addEventListener("click", () => {
        void busy(post, this.#current()).then((pinned) => {
          problem.textContent = t("There is no image to pin yet.");
          problem.hidden = pinned !== undefined;
          if (pinned === undefined) return;
          answer(pinned);
          leave();
        });
      });
    });
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
    this.#turnBack?.();
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
    this.#turnBack?.();
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
