/** Posts on their way: kept until the server has answered, sent one after another, each once. */
import type { PinView } from "../../viewer/web/mount";
import { covered } from "../ground/lock";
import { Offline, postJson, Refused } from "../http";
import type { Safe } from "./safe";

export interface Waiting {
  readonly client: string;
  readonly case: string;
  readonly thread: string;
  readonly text: string;
  readonly replyTo: string;
  readonly pin: { readonly view: PinView; readonly image: string | null } | null;
}

export interface Answer {
  readonly id: string;
  readonly seq: number;
  readonly thread: string;
  readonly html: string;
}

export interface QueueEvents {
  waiting(post: Waiting): void;
  sent(post: Waiting, answer: Answer): void;
  /** The server said no: the post leaves the queue and its words go back to the person. */
  refused(post: Waiting, error: Refused): void;
}

const LOCK = "hds-discussion-queue";
const AGAIN_MS = 5000;
const REFUSALS = new Set([400, 403, 404, 409, 410, 413, 422]);

export class Queue {
  readonly #safe: Safe;
  readonly #case: string;
  readonly #events: QueueEvents;
  #again: number | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(safe: Safe, caseId: string, events: QueueEvents) {
    this.#safe = safe;
    this.#case = caseId;
    this.#events = events;
    for (const each of ["online", "hds:unlocked"]) addEventListener(each, () => void this.flush());
  }

  /** Shows what was left from an earlier visit of this case, and sends it. */
  async resume(): Promise<void> {
    for (const { value } of await this.#safe.queued<Waiting>()) {
      if (value.case === this.#case) this.#events.waiting(value);
    }
    await this.flush();
  }

  async add(post: Waiting): Promise<void> {
    await this.#safe.enqueue(post);
    this.#events.waiting(post);
    void this.flush();
  }

  /** Sends what waits, of every case, in order; tabs take turns, so none of them sends twice. */
  flush(): Promise<void> {
    const turn = async () => {
      await navigator.locks.request(LOCK, () => this.#drain());
    };
    this.#running = this.#running.then(turn, turn);
    return this.#running;
  }

  async #drain(): Promise<void> {
    clearTimeout(this.#again);
    if (covered()) return; // nothing gets through before the page is unlocked
    for (const { id, value } of await this.#safe.queued<Waiting>()) {
      try {
        const answer = await postJson<Answer>(`/threads/${value.thread}/posts`, {
          client_id: value.client,
          text: value.text,
          reply_to: value.replyTo,
          pin: value.pin,
        });
        await this.#safe.dequeue(id);
        if (value.case === this.#case) this.#events.sent(value, answer);
      } catch (error) {
        if (error instanceof Refused && REFUSALS.has(error.status)) {
          await this.#safe.dequeue(id);
          this.#events.refused(value, error);
          continue;
        }
        const known = error instanceof Refused || error instanceof Offline;
        this.#again = window.setTimeout(() => void this.flush(), AGAIN_MS);
        if (!known) throw error;
        return;
      }
    }
  }
}
