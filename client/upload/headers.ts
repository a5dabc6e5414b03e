/** The few facts of a DICOM header that sort images before anything is sent (PS3.10, PS3.5). */
import { parseDicom, type DataSet } from "dicom-parser";

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
}

/** Enough for all tags up to the number of rows in nearly every file. */
export const FIRST = 64 * 1024;
/** Long private elements can lie before them. */
export const SECOND = 1024 * 1024;

const FRAMES = "x00280008";
const ROWS = "x00280010";

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

/** The header, or undefined when these bytes do not hold one. */
export function readHeader(bytes: Uint8Array): Header | undefined {
  const { set, whole } = parsed(bytes);
  if (!set) return undefined;
  const text = textOf(set);
  const header = {
    patient: text("x00100010"),
    patientId: text("x00100020"),
    birthDate: text("x00100030"),
    sex: text("x00100040"),
    study: text("x0020000d"),
    date: text("x00080020"),
    description: text("x00081030"),
    modality: text("x00080060"),
    bodyPart: text("x00180015"),
    series: text("x0020000e"),
    instance: text("x00080018"),
    images: imagesIn(set, whole),
  };
  return header.study && header.instance ? header : undefined;
}

/** As the list of documents counts them: every frame, and only of what has pixels. */
function imagesIn(set: DataSet, whole: boolean): number {
  if (set.elements[ROWS] === undefined) return whole ? 0 : 1;
  return Math.max(1, set.intString(FRAMES) ?? 1);
}

/** What could be read, and whether the bytes sufficed to the end of the header. */
function parsed(bytes: Uint8Array): { set: DataSet | undefined; whole: boolean } {
  try {
    return { set: parseDicom(bytes, { untilTag: ROWS }), whole: true };
  } catch (error) {
    // The bytes end early because only the first ones were read: what was read still counts.
    return { set: (error as { dataSet?: DataSet } | null)?.dataSet, whole: false };
  }
}

function textOf(set: DataSet): (tag: string) => string {
  const named = (set.string("x00080005") ?? "").split("\\").map((each) => each.trim());
  const term = (named.find((each) => each !== "") ?? "").replace(/^ISO[_ ](2022 )?/, "");
  const decoder = new TextDecoder(CHARSETS[term] ?? "utf-8");
  return (tag) => {
    const element = set.elements[tag];
    if (!element) return "";
    const start = element.dataOffset;
    const bytes = set.byteArray.slice(start, start + element.length) as Uint8Array<ArrayBuffer>;
    // eslint-disable-next-line no-control-regex
    return decoder.decode(bytes).replace(/[\u0000-\u001f]/g, "").trim();
  };
}
