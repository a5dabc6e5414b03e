/** How far each file is on its way, and what became of it. */
import type { Item } from "./grouping";

/** What became of a file. */
export type Fate = "kept" | "duplicate" | "refused";

/** What the page hears of the way. */
export interface Onlooker {
  fate(file: Item, fate: Fate, why: string): void;
  /** So many more bytes of a file have left or are there; fewer, when they got lost. */
  travelled(file: Item, bytes: number): void;
}

/** Counts, so that what is told of the whole is the sum of what is told of each. */
export class Progress {
  /** Bytes that are there, or on the way as far as they have left. */
  travelled = 0;
  /** Of these, the ones that had to travel. */
  sent = 0;
  /** Files of which nobody knows yet what becomes of them. */
  open: number;
  private readonly ways: Float64Array;
  private readonly over: Uint8Array;

  constructor(
    private readonly files: readonly Item[],
    private readonly onlooker: Onlooker,
  ) {
    this.open = files.length;
    this.ways = new Float64Array(files.length);
    this.over = new Uint8Array(files.length);
  }

  isOver(file: number): boolean {
    return this.over[file] === 1;
  }

  /** More bytes of a file have left; fewer, when they got lost on the way. */
  advance(file: number, bytes: number): void {
    this.sent += bytes;
    this.add(file, bytes);
  }

  /** Bytes of a file are there that this page did not send. */
  found(file: number, bytes: number): void {
    this.add(file, bytes);
  }

  /** What became of a file: told once, whatever comes later. */
  settle(file: number, fate: Fate, why = ""): void {
    const item = this.files[file];
    if (!item || this.isOver(file)) return;
    this.add(file, item.source.size - (this.ways[file] ?? 0));
    this.over[file] = 1;
    this.open -= 1;
    this.onlooker.fate(item, fate, why);
  }

  /** What arrived of files that are not over counts no more. */
  startOver(): void {
    for (const [file, way] of this.ways.entries()) if (way !== 0 && !this.isOver(file)) this.add(file, -way);
  }

  private add(file: number, bytes: number): void {
    const item = this.files[file];
    if (!item || this.isOver(file) || bytes === 0) return;
    this.ways[file] = (this.ways[file] ?? 0) + bytes;
    this.travelled += bytes;
    this.onlooker.travelled(item, bytes);
  }
}
