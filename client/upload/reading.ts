/** Reading what is to be sent, in the order of the files; what is there already is left out. */
import type { Item } from "./grouping";
import { digestsRead, rememberDigests } from "./known";
import { fingerprint, hex, PART, PIECE, sha256, type Piece } from "./parts";
import type { Progress } from "./progress";
import { MediumGone } from "./sources";

/** Files whose digests are asked for together. */
const ASK = 256;
/** Pieces of a large file that are asked for together; see `portal/studies/resuming.py`. */
const STRETCH = 16;

/** What reading needs of the upload that it reads for. */
export interface Errands {
  /** Do it until it works: waiting where that helps, asking when a person is needed. */
  repeated<T>(work: () => Promise<T>): Promise<T>;
  /** Ask the server; `path` stands behind the address of uploads. */
  ask<T>(path: string, about: object): Promise<T>;
  /** A large file is read whole, to ask whether it is there; `undefined` when that is done. */
  checking(done: number | undefined, size: number): void;
  readonly upload: string;
  readonly signal: AbortSignal;
}

/** The pieces of all files of which it is not known yet what becomes of them. */
export class Reading {
  constructor(
    private readonly files: readonly Item[],
    private readonly progress: Progress,
    private readonly errands: Errands,
  ) {}

  async *pieces(): AsyncGenerator<Piece> {
    let batch: Piece[] = [];
    let bytes = 0;
    for (const [file, { source }] of this.files.entries()) {
      if (this.progress.isOver(file)) continue;
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
    const digests = digestsRead(source) ?? (await this.digestsOf(file));
    if (!digests) return;
    if ((await this.known([hex(await fingerprint(digests))])).size > 0) {
      this.progress.settle(file, "duplicate");
      return;
    }
    for (let first = 0; first < digests.length; first += STRETCH) {
      const some = digests.slice(first, first + STRETCH);
      const there = await this.waiting(file, first, some);
      // The last one is sent in any case: with it the file is put together.
      there.delete(digests.length - 1);
      for (let place = first; place < first + some.length; place += 1) {
        if (there.has(place)) {
          this.progress.found(file, PIECE);
          continue;
        }
        const piece = await this.piece(file, place * PIECE);
        if (!piece) return;
        yield piece;
      }
    }
  }

  /** The places of those pieces that lie there since an earlier try. */
  private async waiting(file: number, first: number, digests: readonly Uint8Array[]): Promise<Set<number>> {
    const { size } = (this.files[file] as Item).source;
    const asked = { file, bytes: size, first, digests: digests.map((digest) => hex(digest)) };
    const { there } = await this.errands.ask<{ there: number[] }>(`${this.errands.upload}/pieces`, asked);
    return new Set(there);
  }

  /** The digests of a large file, or nothing when it cannot be read. */
  private async digestsOf(file: number): Promise<readonly Uint8Array[] | undefined> {
    const { source } = this.files[file] as Item;
    const digests: Uint8Array[] = [];
    try {
      for (let offset = 0; offset < source.size; offset += PIECE) {
        this.errands.checking(offset, source.size);
        const piece = await this.piece(file, offset);
        if (!piece) return undefined;
        digests.push(piece.digest);
      }
    } finally {
      this.errands.checking(undefined, source.size);
    }
    rememberDigests(source, digests);
    return digests;
  }

  /** One piece read and hashed, or nothing when the file turns out to be unreadable for good. */
  private async piece(file: number, offset: number): Promise<Piece | undefined> {
    const { source } = this.files[file] as Item;
    const length = Math.min(PIECE, source.size - offset);
    try {
      return await this.errands.repeated(async () => {
        const bytes = await source.read(offset, offset + length);
        if (bytes.length !== length) throw new MediumGone();
        return { file, total: source.size, offset, bytes, digest: await sha256(bytes) };
      });
    } catch (error) {
      if (this.errands.signal.aborted) throw error;
      this.progress.settle(file, "refused", "damaged");
      return undefined;
    }
  }

  private async unknown(batch: readonly Piece[]): Promise<Piece[]> {
    const there = await this.known(batch.map(({ digest }) => hex(digest)));
    for (const index of there) this.progress.settle((batch[index] as Piece).file, "duplicate");
    return batch.filter((_, index) => !there.has(index));
  }

  private async known(fingerprints: string[]): Promise<Set<number>> {
    return new Set((await this.errands.ask<{ known: number[] }>("known", { fingerprints })).known);
  }
}
