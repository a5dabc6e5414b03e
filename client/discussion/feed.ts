/** Keeping the page level with the discussion: hints by socket, the changes themselves by HTTP. */
import { maybe, one } from "../ground/dom";
import { fragment } from "../html";
import { getHtml, getJson, Offline, Refused } from "../http";
import { t } from "../ground/i18n";
import { covered } from "../ground/lock";
import { announce } from "../ui";
import { addUnread, byThread, listThread, put, rendered } from "./place";

interface Change {
  readonly seq: number;
  readonly kind: string;
  readonly thread: string | null;
  readonly post: string | null;
  readonly html?: string;
}

interface Missed {
  readonly seq: number;
  readonly more: boolean;
  readonly closed: boolean;
  readonly changes: readonly Change[];
}

const POLL_MS = 5000;
/** With a socket, too: a hint that got lost on its way between two servers is made good then. */
const SURE_MS = 30_000;

export interface FeedEvents {
  /** A post came or changed. */
  changed(thread: string, author: string): void;
  /** Parts of the page are about to be replaced; returns how to give back what is being typed. */
  refreshing(): Promise<() => void>;
  /** The page's own parts were replaced: wire what needs wiring. */
  refreshed(): void;
  /** The reader no longer belongs here. */
  gone(): void;
}

export class Feed {
  readonly #case: string;
  readonly #account: string;
  readonly #events: FeedEvents;
  #seq: number;
  #wanted = 0;
  #connected = false;
  /** The last look failed: the next one does not wait for another hint. */
  #behind = false;
  #ended = false;
  #running: Promise<void> | undefined;

  constructor(page: HTMLElement, events: FeedEvents) {
    this.#case = page.dataset["case"] ?? "";
    this.#account = page.dataset["account"] ?? "";
    this.#seq = Number(page.dataset["seq"]);
    this.#events = events;
    setInterval(() => {
      if (!this.#connected || this.#behind) void this.catchUp();
    }, POLL_MS);
    setInterval(() => {
      if (!document.hidden) void this.catchUp();
    }, SURE_MS);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.catchUp();
    });
    window.addEventListener("hds:unlocked", () => void this.catchUp());
  }

  connected(is: boolean): void {
    this.#connected = is;
    if (is) void this.catchUp();
  }

  /** Something happened up to change `seq`. */
  hint(seq: number): void {
    this.#wanted = Math.max(this.#wanted, seq);
    if (this.#wanted > this.#seq) void this.catchUp();
  }

  end(): void {
    this.#ended = true;
  }

  /** Fetch what was missed; one fetch at a time, and once more when hints came meanwhile. */
  catchUp(): Promise<void> {
    this.#running ??= this.#fetchAll().finally(() => {
      this.#running = undefined;
      if (this.#wanted > this.#seq && this.#connected) void this.catchUp();
    });
    return this.#running;
  }

  async #fetchAll(): Promise<void> {
    let more = !this.#ended && !covered();
    while (more) {
      let missed: Missed;
      try {
        missed = await getJson<Missed>(`/cases/${this.#case}/changes?since=${this.#seq}`);
      } catch (error) {
        this.#wanted = 0; // asked again by the next hint, connection or look at the clock
        this.#behind = true;
        this.#failed(error);
        return;
      }
      for (const change of missed.changes) this.#apply(change);
      const kinds = new Set(missed.changes.map(({ kind }) => kind));
      if (kinds.has("closure")) await this.#refresh([".case-head", "[data-talk]"]);
      else if (kinds.has("outcome")) await this.#refresh([".outcome-place"]);
      else if (kinds.has("case")) await this.#refresh([".case-head", ".question"]);
      this.#behind = false;
      this.#seq = missed.seq;
      more = missed.more;
    }
  }

  #failed(error: unknown): void {
    if (error instanceof Offline) return;
    if (!(error instanceof Refused)) throw error;
    if (error.status === 404) this.#events.gone();
    // Without a session the page is covered, and goes on from here when it is unlocked.
  }

  #apply(change: Change): void {
    if (change.html === undefined) return;
    if (change.post === null) {
      this.#addThread(change);
      return;
    }
    const isNew = put(change.html, this.#account);
    const post = document.getElementById(`post-${change.post}`);
    this.#events.changed(change.thread ?? "", post?.dataset["author"] ?? "");
    if (!isNew || post === null || !post.hasAttribute("data-unread")) return;
    const section = byThread(change.thread ?? "");
    if (section !== null) addUnread(section, 1);
    announce(t("New post by {name}", { name: one(".post-who strong", post).textContent ?? "" }));
  }

  #addThread(change: Change): void {
    if (byThread(change.thread ?? "") !== null) return;
    maybe("[data-threads]")?.append(...rendered(change.html ?? ""));
    const section = byThread(change.thread ?? "");
    if (section !== null) listThread(section);
    this.#events.refreshed();
  }

  /** The case itself changed: take its new words, or its status and composers, from the page. */
  async #refresh(parts: readonly string[]): Promise<void> {
    const fresh = fragment(await getHtml(location.pathname));
    const giveBack = await this.#events.refreshing();
    for (const part of parts) {
      const now = fresh.querySelector(part);
      if (now !== null) one(part).replaceWith(document.importNode(now, true));
    }
    giveBack();
    this.#events.refreshed();
  }
}
