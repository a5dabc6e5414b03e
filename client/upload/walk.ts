/**
 * One walk over the top level of a data set, as far as its bytes are here (PS3.5 chapter 7); the
 * server's side, which decides, is `viewer/dicom/scanning.py`.
 */

/** A value at `start`; `length` is `UNDEFINED` for fragments. */
export interface Element {
  readonly start: number;
  readonly length: number;
}

/**
 * How a walk ended: at the end of the file; where the bytes that are here end; at an element that
 * says it is longer than the file; or at something that only the server can judge.
 */
export type End = "whole" | "more" | "truncated" | "unclear";

export const UNDEFINED = 0xffffffff;
export const PIXELS = 0x7fe00010;

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const DELIMITERS = 0xfffe;
/** Bytes that are looked at to tell padding from elements. */
const PADDING = 64;
const DEEPEST = 32;
const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const BINARY = new Set(["OB", "OW", "OF", "OD", "OL", "OV"]);

interface Head {
  readonly tag: number;
  /** Empty where the encoding does not name it. */
  readonly vr: string;
  readonly length: number;
  readonly start: number;
}

class Stop extends Error {
  constructor(readonly end: End) {
    super(end);
  }
}

/** Where the elements lie, and how the walk ended. */
export class Walk {
  readonly elements = new Map<number, Element>();
  readonly end: End;
  /** The last tag that was met. */
  last = 0;
  private readonly view: DataView;

  /** `total` counts the bytes of the file, `bytes` are the first ones of it. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly total: number,
    start: number,
    private readonly explicit: boolean,
    private readonly little: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      this.run(start);
      this.end = "whole";
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      this.end = error.end;
    }
  }

  private run(start: number): void {
    let pos = start;
    while (pos < this.total && !this.isPadding(pos)) {
      const head = this.head(pos, this.explicit);
      if (head.tag >>> 16 === DELIMITERS) {
        pos += 8; // a stray delimiter between elements means nothing
        continue;
      }
      this.last = head.tag;
      if (head.length !== UNDEFINED && head.start + head.length > this.total) throw new Stop("truncated");
      this.elements.set(head.tag, { start: head.start, length: head.length });
      pos = this.after(head, this.explicit, 1);
    }
  }

  /** Zeros behind the last element; fewer bytes than an element needs are padding or a cut. */
  private isPadding(pos: number): boolean {
    const stop = Math.min(pos + PADDING, this.total);
    if (stop > this.bytes.length) return false;
    return this.bytes.subarray(pos, stop).every((byte) => byte === 0);
  }

  private head(pos: number, explicit: boolean): Head {
    this.need(pos, 8);
    const tag = this.tag(pos);
    const vr = String.fromCharCode(this.view.getUint8(pos + 4), this.view.getUint8(pos + 5));
    if (tag >>> 16 === DELIMITERS || !explicit || !/^[A-Z]{2}$/.test(vr)) {
      return { tag, vr: "", length: this.view.getUint32(pos + 4, this.little), start: pos + 8 };
    }
    if (!LONG.has(vr)) return { tag, vr, length: this.view.getUint16(pos + 6, this.little), start: pos + 8 };
    this.need(pos, 12);
    return { tag, vr, length: this.view.getUint32(pos + 8, this.little), start: pos + 12 };
  }

  private tag(pos: number): number {
    const group = this.view.getUint16(pos, this.little);
    return group * 0x10000 + this.view.getUint16(pos + 2, this.little);
  }

  private need(pos: number, count: number): void {
    if (pos + count > this.total) throw new Stop("truncated");
    if (pos + count > this.bytes.length) throw new Stop("more");
  }

  /** Where the element behind `head` begins. */
  private after({ tag, vr, length, start }: Head, explicit: boolean, depth: number): number {
    if (length !== UNDEFINED) return start + length;
    if (tag === PIXELS || BINARY.has(vr)) return this.fragments(start);
    return this.sequence(start, explicit && vr === "SQ", depth);
  }

  private fragments(start: number): number {
    for (let pos = start; ; ) {
      const length = this.item(pos);
      pos += 8;
      if (length === undefined) return pos;
      pos += length;
      if (pos > this.total) throw new Stop("truncated");
    }
  }

  private sequence(start: number, explicit: boolean, depth: number): number {
    if (depth > DEEPEST) throw new Stop("unclear");
    for (let pos = start; ; ) {
      const length = this.item(pos);
      pos += 8;
      if (length === undefined) return pos;
      pos = length === UNDEFINED ? this.itemEnd(pos, explicit, depth) : pos + length;
      if (pos > this.total) throw new Stop("truncated");
    }
  }

  /** The length of the item at `pos`, nothing where the sequence ends. */
  private item(pos: number): number | undefined {
    this.need(pos, 8);
    const tag = this.tag(pos);
    if (tag === SEQUENCE_END) return undefined;
    if (tag !== ITEM) throw new Stop("unclear");
    return this.view.getUint32(pos + 4, this.little);
  }

  private itemEnd(start: number, explicit: boolean, depth: number): number {
    for (let pos = start; ; ) {
      const head = this.head(pos, explicit);
      if (head.tag === ITEM_END) return pos + 8;
      if (head.tag >>> 16 === DELIMITERS) throw new Stop("unclear");
      pos = this.after(head, explicit, depth + 1);
      if (pos > this.total) throw new Stop("unclear");
    }
  }
}
