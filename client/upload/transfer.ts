/** Sending: parts built as the files are read, a few on the way, each repeated until answered. */
import { getJson, postJson, put, Refused } from "../http";
import { one } from "../ground/dom";
import { waitAsked } from "../patience";
import type { Item } from "./grouping";
import { goesOn, haltFor, mayPass, type Halt } from "./halting";
import { build, covered, RECORDS, roomFor, type Piece } from "./parts";
import { Progress, type Onlooker } from "./progress";
import { Reading } from "./reading";
import { MediumGone } from "./sources";

/** Parts on the way at a time. */
const AT_ONCE = 3;
/** On a line with fewer bytes a second they go one after the other, so that each is soon there. */
const SLOW = 256 * 1024;
/** A part that is smaller says nothing about the line. */
const TELLING = 256 * 1024;
/** Tries that end without anything new having arrived. */
const VAIN = 3;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const PART_TIMEOUT = 150_000;

/** What the page wants to hear. */
export interface Listener extends Onlooker {
  /** A large file is read whole, to ask whether it is there; `undefined` when that is done. */
  checking(done: number | undefined, size: number): void;
  halted(why: Halt): void;
  /** The examination of this file, or this document, came out of the bin. */
  restored(file: Item | undefined): void;
}

interface Receipt {
  readonly kept: number[];
  readonly duplicates: number[];
  /** Of both: their examination or document lay in the bin until now. */
  readonly restored: number[];
  readonly refused: [number, string][];
}

interface Part {
  readonly number: number;
  readonly pieces: Piece[];
}

/**
 * What the server should know of a document: its number, its name, the examination it lay beside; and
 * `true` behind those of a photo that is to be kept without what it tells beside its picture.
 */
export type Note = readonly [file: number, name: string, study: string, cleaned?: true];

/** What is to be sent, so that whoever comes back to it is told. */
export interface Plan {
  readonly files: number;
  readonly bytes: number;
  /** The same for the same choice of files (`aboutOf`). */
  readonly about: string;
}

/** One upload from its first byte to its last answer, however often it begins anew on the server. */
export class Transfer {
  readonly progress: Progress;
  private upload = "";
  private parts = 0;
  private speed = Number.NaN;
  private onTheWay = 0;
  private why: Halt = "";
  private goOn: (() => void)[] = [];

  constructor(
    private readonly files: readonly Item[],
    private readonly notes: readonly Note[],
    private readonly plan: Plan,
    private readonly listener: Listener,
    private readonly signal: AbortSignal,
  ) {
    this.progress = new Progress(files, listener);
  }

  /** Send everything. Rejects with `Refused` when the server takes no more, or when aborted. */
  async run(): Promise<void> {
    for (let vain = 0; ; ) {
      const before = this.progress.open;
      await this.repeated(() => this.begin());
      try {
        await this.sendAll();
        if (this.progress.open === 0) {
          await this.repeated(() => postJson(`/uploads/${this.upload}/finish`, {}, this.asked()));
          return;
        }
      } catch (error) {
        // It ended on the server: what was kept is recognised, everything else goes again.
        if (!(error instanceof Refused && error.code === "upload_over") || vain >= VAIN) throw error;
      }
      vain = this.progress.open < before ? 0 : vain + 1;
      if (vain > VAIN) throw new Error("files of which nothing is told");
      this.progress.startOver();
    }
  }

  /** Stand still after the parts on the way. */
  halt(why: Halt): void {
    this.why = why;
    this.listener.halted(why);
  }

  /** Go on; a new sign-in brought a new token for the page's requests. */
  async resume(): Promise<void> {
    if (this.why === "sign_in" || this.why === "stranger") {
      await this.refresh();
      if (this.why === "stranger") return;
    }
    this.halt("");
    for (const wake of this.goOn.splice(0)) wake();
  }

  private asked(): { signal: AbortSignal; asksItself: true } {
    return { signal: this.signal, asksItself: true };
  }

  private async begin(): Promise<void> {
    const said = { client: crypto.randomUUID(), documents: this.notes, plan: this.plan };
    this.upload = (await postJson<{ id: string }>("/uploads", said, this.asked())).id;
    this.parts = 0;
  }

  /** Take the token of the session that is there now; whether it is another one. */
  private async refresh(): Promise<boolean> {
    const { account, csrf } = await getJson<{ account: string; csrf: string }>("/session", this.asked());
    const meta = one<HTMLMetaElement>('meta[name="csrf"]');
    const other = meta.content !== csrf;
    if (one("#lock").dataset["account"] !== account) this.halt("stranger");
    else {
      meta.content = csrf;
      if (this.why === "stranger") this.why = "sign_in";
    }
    return other;
  }

  private async signedInAgain(): Promise<boolean> {
    try {
      return await this.refresh();
    } catch {
      this.halt("sign_in");
      return true;
    }
  }

  private async gate(): Promise<void> {
    this.signal.throwIfAborted();
    while (!goesOn(this.why)) {
      await new Promise<void>((wake) => {
        this.goOn.push(wake);
        this.signal.addEventListener("abort", () => wake(), { once: true });
      });
      this.signal.throwIfAborted();
    }
  }

  /** Do it until it is answered: waiting when the line is bad, asking when a person is needed. */
  private async repeated<T>(work: () => Promise<T>): Promise<T> {
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      await this.gate();
      try {
        const answer = await work();
        if (this.why !== "" && goesOn(this.why)) this.halt("");
        return answer;
      } catch (error) {
        await this.afterFailure(error, wait);
      }
    }
  }

  private async afterFailure(error: unknown, wait: number): Promise<void> {
    if (error instanceof MediumGone) this.halt("medium");
    else if (error instanceof Refused && error.status === 401) this.halt("sign_in");
    // Signed in again in another window: the page's token belongs to the session before.
    else if (error instanceof Refused && error.code === "cross_site" && (await this.signedInAgain())) return;
    else if (mayPass(error)) {
      if (goesOn(this.why)) this.halt(haltFor(error));
      await this.wait(waitAsked(error) || wait);
    } else throw error;
  }

  /** Stopping ends the wait. */
  private async wait(milliseconds: number): Promise<void> {
    await new Promise<void>((wake) => {
      const timer = setTimeout(wake, milliseconds);
      const stopped = (): void => {
        clearTimeout(timer);
        wake();
      };
      this.signal.addEventListener("abort", stopped, { once: true });
    });
  }

  /** Rejects with what was first in the way, when no part is on its way any more. */
  private async sendAll(): Promise<void> {
    const parts = this.build();
    let fault: unknown;
    const send = async (lane: number): Promise<void> => {
      while (fault === undefined && !(lane > 0 && this.speed < SLOW)) {
        const next = await parts.next();
        if (next.done) return;
        const part = next.value;
        this.settle(await this.repeated(() => this.put(part)));
      }
    };
    const lanes = Array.from({ length: AT_ONCE }, (_, lane) => send(lane).catch((error) => (fault ??= error)));
    await Promise.all(lanes);
    if (fault !== undefined) throw fault;
  }

  /** Tells of the bytes as they leave, and takes that back when they got lost. */
  private async put({ number, pieces }: Part): Promise<Receipt> {
    const body = build(pieces);
    const told = pieces.map(() => 0);
    const tell = (bytes: readonly number[]): void => {
      for (const [index, { file }] of pieces.entries()) {
        this.progress.advance(file, (bytes[index] ?? 0) - (told[index] ?? 0));
        told[index] = bytes[index] ?? 0;
      }
    };
    const begun = performance.now();
    let left = Number.NaN;
    const sent = (bytes: number): void => {
      tell(covered(pieces, bytes));
      if (bytes >= body.size) left = performance.now();
    };
    this.onTheWay += 1;
    try {
      const path = `/uploads/${this.upload}/parts/${number}`;
      const receipt = await put<Receipt>(path, body, { signal: this.signal, timeoutMs: PART_TIMEOUT, sent });
      tell(pieces.map(({ bytes }) => bytes.length));
      this.measure(body.size, (left || performance.now()) - begun);
      return receipt;
    } catch (error) {
      tell(pieces.map(() => 0));
      if (error instanceof Refused && error.code === "part_too_slow") this.speed = 0;
      throw error;
    } finally {
      this.onTheWay -= 1;
    }
  }

  private measure(bytes: number, milliseconds: number): void {
    if (bytes < TELLING) return;
    const now = (1000 * bytes * this.onTheWay) / Math.max(1, milliseconds);
    this.speed = Number.isNaN(this.speed) ? now : (this.speed + now) / 2;
  }

  private settle(receipt: Receipt): void {
    for (const file of receipt.kept) this.progress.settle(file, "kept");
    for (const file of receipt.duplicates) this.progress.settle(file, "duplicate");
    for (const [file, why] of receipt.refused) this.progress.settle(file, "refused", why);
    for (const file of receipt.restored) this.listener.restored(this.files[file]);
  }

  /** Parts in the order of the files; what the account holds already is left out. */
  private async *build(): AsyncGenerator<Part, undefined> {
    let ready: Piece[] = [];
    let bytes = 0;
    for await (const piece of new Reading(this.files, this.progress, this.errands()).pieces()) {
      if (ready.length > 0 && (ready.length >= RECORDS || bytes + piece.bytes.length > roomFor(this.speed))) {
        yield { number: (this.parts += 1), pieces: ready };
        ready = [];
        bytes = 0;
      }
      ready.push(piece);
      bytes += piece.bytes.length;
    }
    if (ready.length > 0) yield { number: (this.parts += 1), pieces: ready };
    return undefined;
  }

  private errands(): ConstructorParameters<typeof Reading>[2] {
    return {
      upload: this.upload,
      signal: this.signal,
      repeated: (work) => this.repeated(work),
      ask: (path, about) => this.repeated(() => postJson(`/uploads/${path}`, about, this.asked())),
      checking: (done, size) => this.listener.checking(done, size),
    };
  }
}
