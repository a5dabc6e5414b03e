/** What has been in sight for a moment counts as read. */
import { all, maybe, one } from "../ground/dom";
import { request } from "../http";
import { readTo, seqOf } from "./place";

const IN_SIGHT_MS = 800;
const TOLD_AFTER_MS = 1000;

export class Reading {
  readonly #seen = new Map<string, number>();
  readonly #timers = new Map<Element, number>();
  /** Posts that were in sight at all. */
  readonly #glimpsed = new WeakSet<Element>();
  /** Threads that were entered by the address of a post behind unread ones, and that post. */
  readonly #entered = new Map<HTMLElement, number>();
  /** Posts that were read before the ones in front of them. */
  readonly #early = new Set<HTMLElement>();
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

  /**
   * A pin, a hit or a notice led to this post.  Whoever scrolls to a post has passed those before
   * it; whoever was led there has not, so that they stay new until they have been in sight.
   */
  enter(post: HTMLElement): void {
    const section = post.closest<HTMLElement>("[data-thread-section]");
    if (section === null) return;
    if (isFirstUnread(section, post)) this.#entered.delete(section);
    else this.#entered.set(section, seqOf(post));
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
      if (isIntersecting) this.#glimpsed.add(target);
      const enough = intersectionRatio >= 0.5 || intersectionRect.height > innerHeight / 3;
      if (!isIntersecting || !enough || !(target instanceof HTMLElement)) continue;
      const look = () => this.#read(target);
      this.#timers.set(target, window.setTimeout(look, IN_SIGHT_MS));
    }
  }

  #read(post: HTMLElement): void {
    if (document.hidden || !post.isConnected) return;
    const section = post.closest<HTMLElement>("[data-thread-section]");
    if (section === null) return;
    if (this.#skipped(section, seqOf(post))) {
      this.#early.add(post);
      return;
    }
    const seq = Math.max(seqOf(post), ...this.#nowReached(section));
    this.follow(section, seq);
    const thread = section.dataset["threadSection"] ?? "";
    this.#seen.set(thread, Math.max(seq, this.#seen.get(thread) ?? 0));
    clearTimeout(this.#telling);
    this.#telling = window.setTimeout(() => void this.#tell(), TOLD_AFTER_MS);
  }

  /** Whether somebody was led past unread posts that lie before change `seq`. */
  #skipped(section: HTMLElement, seq: number): boolean {
    const entered = this.#entered.get(section);
    if (entered === undefined) return false;
    if (!firstUnreadIsHere(section)) return true;
    const before = all("[data-unread]", section).filter((each) => seqOf(each) < Math.min(entered, seq));
    return before.some((each) => !this.#glimpsed.has(each));
  }

  /** Posts that had been read early and have nothing skipped before them any more. */
  #nowReached(section: HTMLElement): number[] {
    const reached = [...this.#early].filter(
      (each) => section.contains(each) && !this.#skipped(section, seqOf(each)),
    );
    for (const each of reached) this.#early.delete(each);
    return reached.map(seqOf);
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

const firstUnread = (section: HTMLElement) => one<HTMLAnchorElement>("[data-unread-jump]", section).hash.slice(1);

/** Nothing unread lies before the post: it is the first, or there is none. */
function isFirstUnread(section: HTMLElement, post: HTMLElement): boolean {
  return one("[data-unread-jump]", section).hidden || firstUnread(section) === post.id;
}

/** The page shows the part of the thread where what is unread begins. */
function firstUnreadIsHere(section: HTMLElement): boolean {
  const id = firstUnread(section);
  return id === "" || document.getElementById(id) !== null;
}
