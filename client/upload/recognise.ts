/** What a file is, by its name and by its first bytes: viewers on CDs are full of other things. */

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

const SIGNATURES: readonly (readonly [string, number, readonly number[]])[] = [
  ["executable", 0, [0x4d, 0x5a]],
  ["executable", 0, [0x7f, 0x45, 0x4c, 0x46]],
  ["executable", 0, [0xca, 0xfe, 0xba, 0xbe]],
  ["executable", 0, [0xcf, 0xfa, 0xed, 0xfe]],
  ["script", 0, [0x23, 0x21]],
  ["picture", 0, [0xff, 0xd8, 0xff]],
  ["picture", 0, [0x89, 0x50, 0x4e, 0x47]],
  ["picture", 0, [0x47, 0x49, 0x46, 0x38]],
  ["picture", 0, [0x42, 0x4d]],
  ["archive", 0, [0x50, 0x4b, 0x03, 0x04]],
  ["archive", 0, [0x50, 0x4b, 0x05, 0x06]],
  ["archive", 0, [0x1f, 0x8b]],
  ["archive", 0, [0x37, 0x7a, 0xbc, 0xaf]],
  ["archive", 0, [0x52, 0x61, 0x72, 0x21]],
];

/** How a PDF begins: the server's side is `begins_pdf` in `viewer/pdf/facts.py`. */
const PDF = /^(\u00ef\u00bb\u00bf)?[\0\t\n\f\r ]{0,64}%PDF-[0-9]/;

/** `dicom`, `pdf`, or why these first bytes are something else. */
export function kindOf(bytes: Uint8Array, name: string): string {
  if (bytes.length === 0) return "empty";
  if (PDF.test(String.fromCharCode(...bytes.subarray(0, 128)))) return "pdf";
  if (matches(bytes, 128, [0x44, 0x49, 0x43, 0x4d])) return "dicom";
  for (const [kind, at, signature] of SIGNATURES) if (matches(bytes, at, signature)) return kind;
  if (looksLikeDataset(bytes)) return "dicom";
  return /\.pdf$/i.test(name) ? "not_pdf" : "not_dicom";
}

function matches(bytes: Uint8Array, at: number, signature: readonly number[]): boolean {
  return signature.every((value, index) => bytes[at + index] === value);
}

/** Old files lack the preamble and begin with a tag of group 0002 or 0008, little endian. */
function looksLikeDataset(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x02 || bytes[0] === 0x08) && bytes[1] === 0 && bytes[3] === 0;
}
