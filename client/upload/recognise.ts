/** What a file is, by its name and by its first bytes: viewers on CDs are full of other things. */

import { matches as isMarked } from "./headers";

/** Bytes that are looked at. */
export const LOOK = 132;

const PROGRAMS =
  /\.(exe|dll|jar|bat|cmd|com|msi|inf|ini|ico|sys|ocx|app|dmg|pkg|sh|command|class|so|dylib|manifest|cab|lnk|url|desktop)$/i;
const SUPPORT =
  /\.(html?|css|js|xml|xsl|dtd|chm|hlp|txt|md|rtf|log|cfg|conf|properties|json|csv|db|sqlite|dat|pro|gif|svg|woff2?|ttf|wav|mp3|swf)$/i;
const HIDDEN = /(^|\/|› )(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;
const DIRECTORY = /(^|\/|› )DICOMDIR[^/]*$/i;

/** Why a file is skipped by its name alone, or undefined. */
export function skippedByName(name: string): string | undefined {
  if (DIRECTORY.test(name)) return "dicomdir";
  if (PROGRAMS.test(name)) return "program";
  if (HIDDEN.test(name) || SUPPORT.test(name)) return "support";
  return undefined;
}

type Signatures = readonly (readonly [string, readonly number[]])[];

/** What a computer would start: it is no image whatever follows (`runs` in `viewer/dicom/sniffing.py`). */
const RUNS: Signatures = [
  ["executable", [0x4d, 0x5a]],
  ["executable", [0x7f, 0x45, 0x4c, 0x46]],
  ["executable", [0xca, 0xfe, 0xba, 0xbe]],
  ["executable", [0xfe, 0xed, 0xfa, 0xce]],
  ["executable", [0xfe, 0xed, 0xfa, 0xcf]],
  ["executable", [0xce, 0xfa, 0xed, 0xfe]],
  ["executable", [0xcf, 0xfa, 0xed, 0xfe]],
  ["script", [0x23, 0x21]],
];
const SIGNATURES: Signatures = [
  ["photo", [0xff, 0xd8, 0xff]],
  ["photo", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["picture", [0x47, 0x49, 0x46, 0x38]],
  ["picture", [0x42, 0x4d]],
  ["picture", [0x49, 0x49, 0x2a, 0x00]],
  ["picture", [0x4d, 0x4d, 0x00, 0x2a]],
  ["archive", [0x50, 0x4b, 0x03, 0x04]],
  ["archive", [0x50, 0x4b, 0x05, 0x06]],
  ["archive", [0x1f, 0x8b]],
  ["archive", [0x37, 0x7a, 0xbc, 0xaf]],
  ["archive", [0x52, 0x61, 0x72, 0x21]],
];

/** How a PDF begins: the server's side is `begins_pdf` in `viewer/pdf/facts.py`. */
const PDF = /^(\u00ef\u00bb\u00bf)?[\0\t\n\f\r ]{0,64}%PDF-[0-9]/;

/** RIFF with WEBP in it; and the pictures of phones that no browser but one shows (HEIF, AVIF). */
const WEBP = /^RIFF[^]{4}WEBP/;
const HEIC = /^[^]{4}ftyp(hei[cx]|hevc|mif1|msf1|avi[fs])/;

/** `dicom`, `pdf`, `photo`, or why these first bytes are something else. */
export function kindOf(bytes: Uint8Array, name: string): string {
  if (bytes.length === 0) return "empty";
  if (PDF.test(String.fromCharCode(...bytes.subarray(0, 128)))) return "pdf";
  const runs = named(bytes, RUNS);
  if (runs) return runs;
  if (isMarked(bytes, 128) || isMarked(bytes, 0)) return "dicom";
  const other = named(bytes, SIGNATURES);
  if (other) return other;
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (WEBP.test(start)) return "photo";
  if (HEIC.test(start)) return "heic";
  if (looksLikeDataset(bytes)) return "dicom";
  if (/\.(jpe?g|png|webp)$/i.test(name)) return "not_picture";
  return /\.pdf$/i.test(name) ? "not_pdf" : "not_dicom";
}

function named(bytes: Uint8Array, signatures: Signatures): string | undefined {
  return signatures.find(([, signature]) => signature.every((value, index) => bytes[index] === value))?.[0];
}

/** Old files lack preamble and letters and begin with a tag of group 2 or 8 (`_plausible` in `opening.py`). */
function looksLikeDataset(bytes: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  const little = first !== 0;
  if (bytes.length < 12 || (little ? second !== 0 || (first !== 2 && first !== 8) : second !== 8)) return false;
  const number = little ? fourth * 256 + third : third * 256 + fourth;
  if (number > 0x1200) return false;
  if (/^[A-Z]{2}$/.test(String.fromCharCode(...bytes.subarray(4, 6)))) return true;
  return little && bytes[6] === 0 && bytes[7] === 0;
}
