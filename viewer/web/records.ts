/** Reads a response made of records: 16-byte little-endian headers, each followed by its bytes. */

export const FRAME = 0;
export const PREFIX = 1;
export const MANIFEST = 9;

export interface ServerRecord {
  index: number;
  /** Size of the whole frame; of the unpacked text for a manifest. */
  total: number;
  kind: number;
  payload: Uint8Array;
}

const HEADER = 16;

/** Yields every record as soon as it has arrived; throws when the stream ends inside one. */
export async function* records(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerRecord> {
  const reader = body.getReader();
  let held = new Uint8Array(0);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      held = joined(held, value);
      for (let next = first(held); next; next = first(held)) {
        held = held.subarray(HEADER + next.payload.length);
        yield next;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
  if (held.length) throw new Error("the answer ended early");
}

function first(bytes: Uint8Array): ServerRecord | undefined {
  if (bytes.length < HEADER) return undefined;
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const length = header.getUint32(12, true);
  if (bytes.length < HEADER + length) return undefined;
  return {
    index: header.getUint32(0, true),
    total: header.getUint32(4, true),
    kind: header.getUint32(8, true),
    payload: bytes.slice(HEADER, HEADER + length),
  };
}

export function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The text of a gzip-packed record. */
export async function unpacked(payload: Uint8Array): Promise<string> {
  const stream = new Blob([payload as Uint8Array<ArrayBuffer>]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}
