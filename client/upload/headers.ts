/**
 * The few facts of a DICOM header that sort images before anything is sent, and what can be seen to
 * be wrong with a file without reading all of it (PS3.10, PS3.5).  The server looks at everything
 * again and decides (`viewer/dicom/opening.py`, `inspecting.py`).
 */
import { PIXELS, UNDEFINED, Walk } from "./walk";

/** What an image says about itself; empty strings where it says nothing. */
export interface Header {
  readonly patient: string;
  readonly patientId: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly study: string;
  readonly date: string;
  readonly description: string;
  readonly modality: string;
  readonly bodyPart: string;
  readonly series: string;
  readonly instance: string;
  /** How many images the file holds; 0 for reports and other objects without any. */
  readonly images: number;
  /** A document with a header around it: a PDF, or a structured report. */
  readonly document: boolean;
}

/** Enough for all tags up to the pixels in nearly every file. */
export const FIRST = 64 * 1024;
/** Long private elements can lie before them. */
export const SECOND = 1024 * 1024;

const IMPLICIT = new Set(["1.2.840.10008.1.2", "1.2.840.113619.5.2"]);
const DEFLATED = "1.2.840.10008.1.2.1.99";
const BIG_ENDIAN = "1.2.840.10008.1.2.2";
const VIDEO = "1.2.840.10008.1.2.4.10";
const DIRECTORY = "1.2.840.10008.1.3.10";
const DOCUMENTS = ["1.2.840.10008.5.1.4.1.1.104.", "1.2.840.10008.5.1.4.1.1.88."] as const;
/** Structured reports and key objects, presentation states, waveforms, raw data (PS3.4 B.5). */
const WITHOUT_PICTURES = ["88.", "11.", "9.", "66"].map((kind) => `1.2.840.10008.5.1.4.1.1.${kind}`);
const DIRECTORY_RECORDS = 0x00041220;
const ROWS = 0x00280010;
/** The numbers of the image, its examination and its series. */
const IDENTITY = [0x00080018, 0x0020000d, 0x0020000e];
const MOST_META = 64;
const LONG_IN_META = new Set(["OB", "OW", "UN", "SQ", "UT"]);

/** Charsets of PS3.3 C.12.1.1.2 by their names in the browser. */
const CHARSETS: Readonly<Record<string, string>> = {
  "": "windows-1252",
  "IR 6": "windows-1252",
  "IR 100": "windows-1252",
  "IR 101": "iso-8859-2",
  "IR 109": "iso-8859-3",
  "IR 110": "iso-8859-4",
  "IR 144": "iso-8859-5",
  "IR 127": "iso-8859-6",
  "IR 126": "iso-8859-7",
  "IR 138": "iso-8859-8",
  "IR 148": "windows-1254",
  "IR 166": "windows-874",
  "IR 13": "shift_jis",
  "IR 87": "iso-2022-jp",
  "IR 149": "euc-kr",
  "IR 192": "utf-8",
  GB18030: "gb18030",
  GBK: "gbk",
};

/** Bytes of a data set, how many it has in all, and how they are to be read. */
interface Opened {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly total: number;
  readonly start: number;
  readonly syntax: string;
}

/**
 * The header, or why the file is not taken (a code of `words.ts`), or nothing when the first `bytes`
 * of its `total` do not suffice.
 */
export async function readHeader(bytes: Uint8Array<ArrayBuffer>, total: number): Promise<Header | string | undefined> {
  const opened = await open(bytes, total);
  if (opened === undefined || typeof opened === "string") return opened;
  const facts = new Facts(opened);
  const why = facts.fault();
  if (why || facts.lacksIdentity()) return why;
  // Long private elements before the rows would hide whether it holds pictures, and how many.
  if (!facts.showsPixels() && bytes.length < Math.min(total, SECOND)) return undefined;
  return facts.header(opened.syntax);
}

/** Behind preamble and file meta, which is always explicit and little endian (PS3.10 7.1). */
async function open(bytes: Uint8Array<ArrayBuffer>, total: number): Promise<Opened | string | undefined> {
  let pos = matches(bytes, 128) ? 132 : matches(bytes, 0) ? 4 : 0;
  let syntax = "";
  for (let count = 0; count < MOST_META && bytes[pos] === 2 && bytes[pos + 1] === 0; count += 1) {
    const vr = ascii(bytes, pos + 4, 2);
    if (!/^[A-Z]{2}$/.test(vr)) return pos + 6 > bytes.length ? undefined : "damaged";
    const long = LONG_IN_META.has(vr);
    const tag = number(bytes, pos + 2, 2);
    const length = long ? number(bytes, pos + 8, 4) : number(bytes, pos + 6, 2);
    const start = pos + (long ? 12 : 8);
    if (tag === 0x0002 && uid(bytes, start, length) === DIRECTORY) return "dicomdir";
    if (tag === 0x0010) syntax = uid(bytes, start, length);
    pos = start + length;
    if (pos > total) return "truncated";
  }
  if (pos >= total) return "truncated";
  if (pos >= bytes.length) return undefined;
  return syntax === DEFLATED ? inflated(bytes, pos) : { bytes, total, start: pos, syntax };
}

/** The beginning of a deflated data set: never more of it than of any other file. */
async function inflated(bytes: Uint8Array<ArrayBuffer>, start: number): Promise<Opened | string> {
  const packed = new Blob([bytes.subarray(start)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = packed.getReader();
  const plain = new Uint8Array(SECOND);
  let length = 0;
  let whole = false;
  try {
    for (let next = await reader.read(); length < SECOND; next = await reader.read()) {
      if ((whole = next.done)) break;
      const some = next.value.subarray(0, SECOND - length);
      plain.set(some, length);
      length += some.length;
    }
    await reader.cancel();
  } catch {
    // These may be the first bytes only, and a byte of padding at the end is no damage.
    if (length === 0) return "damaged";
  }
  const here = plain.slice(0, length);
  return { bytes: here, total: whole ? length : Number.POSITIVE_INFINITY, start: 0, syntax: DEFLATED };
}

/** What a walked data set says. */
class Facts {
  private readonly walk: Walk;
  private readonly little: boolean;
  private readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly decoder: TextDecoder;

  constructor({ bytes, total, start, syntax }: Opened) {
    const looksExplicit = /^[A-Z]{2}$/.test(ascii(bytes, start + 4, 2));
    const named = syntax !== "" && !IMPLICIT.has(syntax);
    this.bytes = bytes;
    this.little = syntax === "" ? bytes[start] !== 0 : syntax !== BIG_ENDIAN;
    this.walk = new Walk(bytes, total, start, named || looksExplicit, this.little);
    const charsets = this.raw(0x00080005).split("\\").map((each) => each.trim());
    const term = (charsets.find((each) => each !== "") ?? "").replace(/^ISO[_ ](2022 )?/, "");
    this.decoder = new TextDecoder(CHARSETS[term] ?? "utf-8");
  }

  /** Why it cannot be taken, as far as it can be seen from here. */
  fault(): string | undefined {
    const { elements, end } = this.walk;
    if (elements.has(DIRECTORY_RECORDS)) return "dicomdir";
    if (end === "truncated") return "truncated";
    if (this.lacksIdentity()) {
      if (end === "whole" || elements.has(PIXELS)) return "no_identity";
      return end === "unclear" ? "damaged" : undefined;
    }
    if (IDENTITY.some((tag) => !isUid(this.raw(tag)))) return "bad_uid";
    return this.pixelsAreShort() ? "short_pixels" : undefined;
  }

  /** Whether it does not say (yet) to which examination it belongs. */
  lacksIdentity(): boolean {
    return IDENTITY.some((tag) => this.raw(tag) === "");
  }

  header(syntax: string): Header {
    const document = DOCUMENTS.some((start) => this.raw(0x00080016).startsWith(start));
    return {
      patient: this.text(0x00100010),
      patientId: this.text(0x00100020),
      birthDate: this.text(0x00100030),
      sex: this.text(0x00100040),
      study: this.raw(0x0020000d),
      date: this.text(0x00080020),
      description: this.text(0x00081030),
      modality: this.text(0x00080060),
      bodyPart: this.text(0x00180015),
      series: this.raw(0x0020000e),
      instance: this.raw(0x00080018),
      images: document || syntax.startsWith(VIDEO) ? 0 : this.images(),
      document,
    };
  }

  /** Whether the walk came far enough to see if there are pictures. */
  showsPixels(): boolean {
    return this.walk.elements.has(ROWS) || this.walk.end === "whole" || this.walk.last > ROWS;
  }

  /** As the list of documents counts them: every frame, and only of what has pixels. */
  private images(): number {
    if (this.walk.elements.has(ROWS)) return this.frames();
    const pictureless = WITHOUT_PICTURES.some((start) => this.raw(0x00080016).startsWith(start));
    return this.showsPixels() || pictureless ? 0 : 1;
  }

  private frames(): number {
    return Math.max(1, Number.parseInt(this.raw(0x00280008), 10) || 1);
  }

  /** Fewer bytes of plain pixels than rows, columns and frames ask for. */
  private pixelsAreShort(): boolean {
    const pixels = this.walk.elements.get(PIXELS);
    if (!pixels || pixels.length === UNDEFINED) return false;
    const [rows, columns, bits] = [this.short(ROWS), this.short(0x00280011), this.short(0x00280100)];
    let values = rows * columns * (this.short(0x00280002) || 1) * this.frames();
    const halved = this.raw(0x00280004).startsWith("YBR_FULL_422") && this.short(0x00280006) === 0;
    if (halved) values = Math.floor(values / 3) * 2;
    return pixels.length < Math.floor((values * bits + 7) / 8);
  }

  private short(tag: number): number {
    const element = this.walk.elements.get(tag);
    if (!element || element.length < 2) return 0;
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return element.start + 2 > view.byteLength ? 0 : view.getUint16(element.start, this.little);
  }

  private text(tag: number): string {
    // eslint-disable-next-line no-control-regex
    return this.decoder.decode(this.value(tag)).replace(/[\u0000-\u001f]/g, "").trim();
  }

  /** A value of plain letters and digits, such as a UID. */
  private raw(tag: number): string {
    const value = this.value(tag);
    return ascii(value, 0, value.length).replace(/^[\0\s]+|[\0\s]+$/g, "");
  }

  private value(tag: number): Uint8Array<ArrayBuffer> {
    const element = this.walk.elements.get(tag);
    if (!element || element.length === UNDEFINED) return new Uint8Array();
    return this.bytes.slice(element.start, element.start + Math.min(element.length, 4096));
  }
}

/** Whether the letters DICM stand at `at`. */
export function matches(bytes: Uint8Array, at: number): boolean {
  return ascii(bytes, at, 4) === "DICM";
}

function isUid(text: string): boolean {
  return text.length <= 64 && /^[0-9]+(\.[0-9]+)+$/.test(text);
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function number(bytes: Uint8Array, at: number, length: number): number {
  return bytes.subarray(at, at + length).reduceRight((sum, byte) => sum * 256 + byte, 0);
}

function uid(bytes: Uint8Array, at: number, length: number): string {
  return ascii(bytes, at, Math.min(length, 100)).replace(/[\0\s]+$/, "");
}
