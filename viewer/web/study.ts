/** The study as the server describes it, and the pictures that the server is still making. */
import type { ServerRecord } from "./records";
import { pictureCount } from "./seriesList";
import type { Source } from "./source";
import type { Manifest, Series } from "./types";

const LOOK_AGAIN_MS = 2000;
/** No place in a series: the answer has no first image. */
const NONE = -1;

export interface Wanted {
  series: number | undefined;
  at: number | undefined;
}

/** How many instances have no picture yet but will have one. */
const waiting = (manifest: Manifest): number =>
  manifest.series
    .flatMap(({ instances }) => instances)
    .filter(({ codec, why }) => codec === "none" && why === "preparing").length;

export class Study {
  readonly #source: Source;
  readonly #aborting = new AbortController();
  #manifest: Manifest | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  get closed(): boolean {
    return this.#aborting.signal.aborted;
  }

  get series(): readonly Series[] {
    return this.#manifest?.series ?? [];
  }

  find(id: number | undefined): Series | undefined {
    return this.series.find((each) => each.id === id);
  }

  /** The series with most pictures, as the server chooses too. */
  get fullest(): Series | undefined {
    return this.series.reduce<Series | undefined>(
      (best, next) => (best && pictureCount(best) >= pictureCount(next) ? best : next),
      undefined,
    );
  }

  /** Asks for everything, with the frame that is wanted; without it when there is none such. */
  async open(wanted: Wanted): Promise<ServerRecord | undefined> {
    const { signal } = this.#aborting;
    const opening = await this.#source
      .open({ ...wanted, manifest: true, signal })
      // One image that does not open keeps nobody from the others: now without a first one.
      .catch(() => this.#source.open({ at: NONE, manifest: true, signal }));
    this.#manifest = opening.manifest!;
    return opening.first;
  }

  /** Calls back whenever pictures have been made meanwhile, until none is lacking. */
  watch(made: () => Promise<void>): void {
    if (this.closed || this.#manifest === undefined || waiting(this.#manifest) === 0) return;
    this.#again = setTimeout(() => {
      void this.#lookAgain(made).then(() => this.watch(made));
    }, LOOK_AGAIN_MS);
  }

  close(): void {
    this.#aborting.abort();
    clearTimeout(this.#again);
  }

  async #lookAgain(made: () => Promise<void>): Promise<void> {
    let manifest: Manifest | undefined;
    try {
      ({ manifest } = await this.#source.open({ manifest: true, signal: this.#aborting.signal }));
    } catch {
      return; // without a connection the next look tells
    }
    if (this.closed || !manifest || waiting(manifest) === waiting(this.#manifest!)) return;
    this.#manifest = manifest;
    await made();
  }
}
