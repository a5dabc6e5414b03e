/** What has been in sight for a moment counts as read. */
import { all, maybe } from "../dom";
import { request } from "../http";
import { readTo } from "./place";

const IN_SIGHT_MS = 800;
const TOLD_AFTER_MS = 1000;

export class Reading {
  readonly #seen = new Map<string, number>();
  readonly #timers = new Map<Element, number>();
  readonly #observer: IntersectionObserver;
  #telling: number | undefined;

  constructor() {
    this.#observer = new IntersectionObserver((entries) => this.#looked(entries), {
      threshold: [0, 0.5, 1],
    });
    // Whoever reads and goes on at once has read all the same.
    addEventListener("pagehide", () => void this.#tell(true));
    // What was in sight while nobody could see the page counts from the moment they can.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#lookAgain();
    });
  }

  /** The case itself has been looked at; nothing of its posts is read by that. */
  lookAt(page: HTMLElement): void {
    const first = maybe("[data-thread-section]")?.dataset["threadSection"];
    if (first === undefined || !page.hasAttribute("data-fresh")) return;
    this.#seen.set(first, Math.max(0, this.#seen.get(first) ?? 0));
    void this.#tell();
  }

  /** Watch the posts that are new now; call again whenever posts came. */
  watch(): void {
    for (const post of all("[data-unread]")) this.#observer.observe(post);
  }

  /** The thread has been read up to change `seq`, here or in another window. */
  follow(section: HTMLElement, seq: number): void {
    for (const each of readTo(section, seq)) this.#observer.unobserve(each);
  }

  #lookAgain(): void {
    for (const post of all("[data-unread]")) {
      this.#observer.unobserve(post); // observing anew says at once whether it is in sight
      this.#observer.observe(post);
    }
  }

  #looked(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting, intersectionRatio, intersectionRect } of entries) {
      clearTimeout(this.#timers.get(target));
      const enough = intersectionRatio >= 0.5 || intersectionRect.height > innerHeight / 3;
      if (!isIntersecting || !enough || !(target instanceof HTMLElement)) continue;
      const look = () => this.#read(target);
      this.#timers.set(target, window.setTimeout(look, IN_SIGHT_MS));
    }
  }

  #read(post: HTMLElement): void {
    if (document.hidden || !post.isConnected) return;
    const section = post.closest<HTMLElement>("[data-thread-section]");
    const seq = Number(post.dataset["seq"]);
    if (section === null) return;
    this.follow(section, seq);
    const thread = section.dataset["threadSection"] ?? "";
    this.#seen.set(thread, Math.max(seq, this.#seen.get(thread) ?? 0));
    clearTimeout(this.#telling);
    this.#telling = window.setTimeout(() => void this.#tell(), TOLD_AFTER_MS);
  }

  async #tell(leaving = false): Promise<void> {
    clearTimeout(this.#telling);
    for (const [thread, seq] of [...this.#seen]) {
      this.#seen.delete(thread);
      try {
        await request(`/threads/${thread}/read`, { json: { seq }, keepalive: leaving });
      } catch {
        // A mark that got lost only shows the post as new once more.
      }
    }
  }
}
