/** Sending: parts built as the files are read, three on the way, each repeated until answered. */
import { getJson, postJson, Refused, request } from "../http";
import { waitAsked } from "../patience";
import type { Item } from "./grouping";
import { goesOn, mayPass, type Halt } from "./halting";
import { contentRead } from "./known";
import { build, fingerprint, hex, PART, PIECE, RECORDS, roomIn, sha256, type Piece } from "./parts";
import { MediumGone } from "./sources";

/** Parts on the way at a time. */
const AT_ONCE = 3;
/** Files whose digests are asked for together. */
const ASK = 256;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const PART_TIMEOUT = 150_000;

/** What became of a file. */
export type Fate = "kept" | "duplicate" | "refused";

/** What the page wants to hear. */
export interface Listener {
  fate(file: Item, fate: Fate, why: string): void;
  moved(): void;
  /** A large file is read whole, to ask whether it is there; `undefined` when that is done. */
  checking(done: number | undefined, size: number): void;
  halted(why: Halt): void;
  /** The examination of this file, or this document, came out of the bin. */
  restored(file: Item | undefined): void;
}

interface State {
  readonly id: string;
  readonly csrf: string;
  readonly free: number;
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

/** What the server should know of a document: its number, its name, the examination it lay beside. */
export type Note = readonly [file: number, name: string, study: string];

/** One upload from its first byte to its last answer. */
export class Transfer {
  /** Bytes that are safe, whether sent now or there before. */
  settled = 0;
  /** Of these, the ones that had to travel. */
  sent = 0;
  private state: State | undefined;
  private parts = 0;
  private why: Halt = "";
  private goOn: (() => void)[] = [];

  constructor(
    private readonly files: readonly Item[],
    private readonly notes: readonly Note[],
    private readonly listener: Listener,
    private readonly signal: AbortSignal,
  ) {}

  /** Send everything. Rejects with `Refused` when the server takes no more, or when aborted. */
  async run(): Promise<void> {
    await this.repeated(() => this.begin());
    const parts = this.build();
    const send = async (): Promise<void> => {
      for (let next = await parts.next(); !next.done; next = await parts.next()) {
        const part = next.value;
        this.settle(part, await this.repeated(() => this.put(part)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, send));
    await this.repeated(() => postJson(`/uploads/${this.id}/finish`, {}, this.asked()));
  }

  /** Stand still after the parts on the way. */
  halt(why: Halt): void {
    this.why = why;
    this.listener.halted(why);
  }

  /** Go on; a new sign-in brought a new token for the page's requests. */
  async resume(): Promise<void> {
    if (this.state && this.why === "sign_in") await this.refresh();
    this.halt("");
    for (const wake of this.goOn.splice(0)) wake();
  }

  private get id(): string {
    return this.state?.id ?? "";
  }

  private asked(): { signal: AbortSignal; asksItself: true } {
    return { signal: this.signal, asksItself: true };
  }

  private async begin(): Promise<void> {
    const said = { client: crypto.randomUUID(), documents: this.notes };
    this.state = await postJson<State>("/uploads", said, this.asked());
  }

  private async refresh(): Promise<void> {
    const fresh = await getJson<State>(`/uploads/${this.id}`, this.asked());
    const meta = document.querySelector<HTMLMetaElement>('meta[name="csrf"]');
    if (meta) meta.content = fresh.csrf;
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
    else if (error instanceof Refused && error.code === "upload_over") await this.begin();
    else if (mayPass(error)) {
      const told = waitAsked(error);
      if (goesOn(this.why)) this.halt(told > 0 ? "busy" : "offline");
      await this.wait(told || wait);
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

  private async put(part: Part): Promise<Receipt> {
    const path = `/uploads/${this.id}/parts/${part.number}`;
    const body = build(part.pieces);
    const headers = { "Content-Type": "application/octet-stream" };
    const asked = { method: "PUT", body, headers, timeoutMs: PART_TIMEOUT, ...this.asked() };
    return (await (await request(path, asked)).json()) as Receipt;
  }

  private settle(part: Part, receipt: Receipt): void {
    const bytes = part.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    this.settled += bytes;
    this.sent += bytes;
    for (const file of receipt.kept) this.fate(file, "kept", "");
    for (const file of receipt.duplicates) this.fate(file, "duplicate", "");
    for (const [file, why] of receipt.refused) this.fate(file, "refused", why);
    for (const file of receipt.restored) this.listener.restored(this.files[file]);
    this.listener.moved();
  }

  private fate(number: number, fate: Fate, why: string): void {
    const file = this.files[number];
    if (file) this.listener.fate(file, fate, why);
  }

  /** Parts in the order of the files; what the account holds already is left out. */
  private async *build(): AsyncGenerator<Part, undefined> {
    let ready: Piece[] = [];
    let bytes = 0;
    for await (const piece of this.pieces()) {
      if (ready.length > 0 && (ready.length >= RECORDS || bytes + piece.bytes.length > roomIn(this.parts))) {
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

  private async *pieces(): AsyncGenerator<Piece> {
    let batch: Piece[] = [];
    let bytes = 0;
    for (const [file, { source }] of this.files.entries()) {
      if (source.size > PIECE) {
        yield* this.large(file);
        continue;
      }
      const piece = await this.piece(file, 0);
      if (!piece) continue;
      batch.push(piece);
      bytes += source.size;
      if (batch.length >= ASK || bytes >= PART) {
        yield* await this.unknown(batch);
        batch = [];
        bytes = 0;
      }
    }
    if (batch.length > 0) yield* await this.unknown(batch);
  }

  private async *large(file: number): AsyncGenerator<Piece> {
    const { source } = this.files[file] as Item;
    const content = contentRead(source) ?? (await this.contentOf(file));
    if (content === undefined) return;
    if (await this.isKnown(content)) {
      this.known(file);
      return;
    }
    for (let offset = 0; offset < source.size; offset += PIECE) {
      const piece = await this.piece(file, offset);
      if (!piece) return;
      yield piece;
    }
  }

  /** What a large file is known by, or nothing when it cannot be read. */
  private async contentOf(file: number): Promise<string | undefined> {
    const { size } = (this.files[file] as Item).source;
    const digests: Uint8Array[] = [];
    try {
      for (let offset = 0; offset < size; offset += PIECE) {
        this.listener.checking(offset, size);
        const piece = await this.piece(file, offset);
        if (!piece) return undefined;
        digests.push(piece.digest);
      }
    } finally {
      this.listener.checking(undefined, size);
    }
    return hex(await fingerprint(digests));
  }

  /** One piece read and hashed, or nothing when the file turns out to be unreadable for good. */
  private async piece(file: number, offset: number): Promise<Piece | undefined> {
    const found = this.files[file] as Item;
    const { size } = found.source;
    try {
      return await this.repeated(async () => {
        const bytes = await found.source.read(offset, Math.min(offset + PIECE, size));
        if (bytes.length !== Math.min(PIECE, size - offset)) throw new MediumGone();
        return { file, total: size, offset, bytes, digest: await sha256(bytes) };
      });
    } catch (error) {
      if (this.signal.aborted) throw error;
      this.settled += size;
      this.listener.fate(found, "refused", "damaged");
      return undefined;
    }
  }

  private async unknown(batch: readonly Piece[]): Promise<Piece[]> {
    const fingerprints = batch.map((piece) => hex(piece.digest));
    const there = new Set(await this.repeated(() => this.ask(fingerprints)));
    for (const index of there) this.known((batch[index] as Piece).file);
    return batch.filter((_, index) => !there.has(index));
  }

  private async isKnown(content: string): Promise<boolean> {
    return (await this.repeated(() => this.ask([content]))).length > 0;
  }

  private async ask(fingerprints: string[]): Promise<number[]> {
    type Known = { known: number[] };
    return (await postJson<Known>("/uploads/known", { fingerprints }, this.asked())).known;
  }

  private known(file: number): void {
    this.settled += (this.files[file] as Item).source.size;
    this.fate(file, "duplicate", "");
    this.listener.moved();
  }
}
