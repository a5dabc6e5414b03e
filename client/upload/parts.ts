/** The binary form in which files travel; the server's side is `portal/studies/parts.py`. */

/** Bytes of one piece of a large file; smaller files travel whole. */
export const PIECE = 4 * 1024 * 1024;
/** Bytes of files in one part. */
export const PART = 8 * 1024 * 1024;
/** Files in one part. */
export const RECORDS = 1024;

/** The first parts are small, so that a slow line soon shows how fast it is. */
const FIRST_PART = 512 * 1024;
/** How long a part may be on its way on a line whose speed is known, when it goes alone. */
const SECONDS = 10;

const HEAD = 8;
const RECORD = 56;

/** One file, or a piece of one. */
export interface Piece {
  readonly file: number;
  readonly total: number;
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: Uint8Array;
}

/** Bytes of files in a part on a line of `speed` bytes a second; `NaN` while that is not known. */
export function roomFor(speed: number): number {
  return Number.isNaN(speed) ? FIRST_PART : Math.min(PART, Math.max(FIRST_PART, speed * SECONDS));
}

/** How many bytes of each piece are among the first `sent` bytes of a part. */
export function covered(pieces: readonly Piece[], sent: number): number[] {
  let left = Math.max(0, sent - HEAD);
  return pieces.map(({ bytes }) => {
    left = Math.max(0, left - RECORD);
    const here = Math.min(left, bytes.length);
    left -= here;
    return here;
  });
}

/** The SHA-256 of some bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** What tells one content from another: the digest of the piece, or of all pieces' digests. */
export async function fingerprint(digests: readonly Uint8Array[]): Promise<Uint8Array> {
  const [only] = digests;
  if (only && digests.length === 1) return only;
  const all = new Uint8Array(digests.length * 32);
  digests.forEach((digest, index) => all.set(digest, index * 32));
  return sha256(all);
}

/** One part with these pieces. */
export function build(pieces: readonly Piece[]): Blob {
  const chunks: Uint8Array<ArrayBuffer>[] = [header(pieces.length)];
  for (const piece of pieces) chunks.push(record(piece), piece.bytes);
  return new Blob(chunks);
}

function header(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD);
  bytes.set([0x48, 0x44, 0x50, 0x31]);
  new DataView(bytes.buffer).setUint32(4, count);
  return bytes;
}

function record(piece: Piece): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RECORD);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, piece.file);
  view.setBigUint64(4, BigInt(piece.total));
  view.setBigUint64(12, BigInt(piece.offset));
  view.setUint32(20, piece.bytes.length);
  bytes.set(piece.digest, 24);
  return bytes;
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
