/** ZIPs are opened in the browser, with limits: a name is never a path, a size is never believed. */
import { BlobReader, configure, ZipReader, type FileEntry } from "@zip.js/zip.js/lib/zip-core-native.js";
import type { AskPassword } from "./password";
import { isGone, MediumGone, type FileSource, type Refusal, type Source } from "./sources";

/** Files in one ZIP. */
export const ENTRIES = 20_000;
/** How many times larger than packed all files together may be. */
export const RATIO = 200;
/** Bytes that are no bomb whatever their ratio: a black image packs very well. */
const SMALL = 64 * 1024 * 1024;
/** Bytes that are unpacked to see whether a password is right: some ciphers let every 256th wrong one pass. */
const TRIED = 64 * 1024 * 1024;
/** Names are words to show and never paths, so a strange one refuses its own file and not the rest. */
const ANY_NAME = { filenameValidation: "tolerant" } as const;
const SYMLINK = 0o120000;
const KIND = 0o170000;

// Web workers of the library would need a second script policy; the browser's own streams do.
configure({ useWebWorkers: false, useCompressionStream: true });

class Enough extends Error {}
class Lied extends Error {}

/** A file inside a ZIP: unpacked when it is read, never further than its declared size. */
class ZipSource implements Source {
  #whole: { bytes: WeakRef<Uint8Array<ArrayBuffer>> } | undefined;

  constructor(
    readonly name: string,
    private readonly entry: FileEntry,
    private readonly password = "",
  ) {}

  get size(): number {
    return this.entry.uncompressedSize;
  }

  first(length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.unpack(Math.min(length, this.size));
  }

  async read(start: number, stop: number): Promise<Uint8Array<ArrayBuffer>> {
    let bytes = this.#whole?.bytes.deref();
    if (!bytes) {
      bytes = await this.unpack(this.size);
      this.#whole = { bytes: new WeakRef(bytes) };
    }
    return bytes.slice(start, stop);
  }

  private async unpack(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    const whole = length === this.size;
    let at = 0;
    const sink = new WritableStream<Uint8Array>({
      write: (chunk) => {
        if (at + chunk.length > length && whole) throw new Lied();
        bytes.set(chunk.subarray(0, length - at), at);
        at += Math.min(chunk.length, length - at);
        if (at >= length && !whole) throw new Enough();
      },
    });
    try {
      const opened = this.password === "" ? {} : { password: this.password, checkSignature: whole };
      await this.entry.getData(sink, opened);
    } catch (error) {
      if (at < length || whole) throw isGone(error) ? new MediumGone() : new Lied();
    }
    if (at !== length) throw new Lied();
    return bytes;
  }
}

/** What a ZIP holds, or why it is not opened. */
export async function unzip(file: FileSource, ask: AskPassword): Promise<{ files: Source[]; refused: Refusal[] }> {
  const refused = (why: string) => ({ files: [], refused: [{ name: file.name, why }] });
  const reader = new ZipReader(new BlobReader(file.blob));
  const files: Source[] = [];
  const locked: { name: string; entry: FileEntry }[] = [];
  const skipped: Refusal[] = [];
  let count = 0;
  let packed = 0;
  let unpacked = 0;
  try {
    for await (const entry of reader.getEntriesGenerator(ANY_NAME)) {
      if (entry.directory) continue;
      count += 1;
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
      if (count > ENTRIES) return refused("zip_too_many");
      if (unpacked > SMALL && unpacked > packed * RATIO) return refused("zip_bomb");
      const name = `${file.name} › ${plainName(entry.filename)}`;
      const why = refusal(entry);
      if (why) skipped.push({ name, why });
      else if (entry.encrypted) locked.push({ name, entry });
      else files.push(new ZipSource(name, entry));
    }
  } catch (error) {
    return refused(isGone(error) ? "unreadable" : "zip_damaged");
  }
  const password = locked.length > 0 ? await rightPassword(file.name, locked.map(({ entry }) => entry), ask) : undefined;
  for (const { name, entry } of locked) {
    if (password === undefined) skipped.push({ name, why: "encrypted" });
    else files.push(new ZipSource(name, entry, password));
  }
  return { files, refused: skipped };
}

/** Asks until the password opens the smallest of the locked files, or there is none. */
async function rightPassword(name: string, locked: readonly FileEntry[], ask: AskPassword): Promise<string | undefined> {
  const smallest = locked.reduce((one, other) => (other.uncompressedSize < one.uncompressedSize ? other : one));
  for (let wrong = false; ; wrong = true) {
    const password = await ask(name, wrong);
    if (password === undefined || (await opens(smallest, password))) return password;
  }
}

async function opens(entry: FileEntry, password: string): Promise<boolean> {
  const whole = entry.uncompressedSize <= TRIED;
  let left = entry.uncompressedSize;
  const nowhere = new WritableStream<Uint8Array>({
    write: ({ length }) => {
      left -= length;
      if (left < 0) throw new Lied();
    },
  });
  try {
    await entry.getData(nowhere, { password, checkSignature: whole, checkPasswordOnly: !whole });
    return true;
  } catch {
    return false;
  }
}

function refusal(entry: FileEntry): string | undefined {
  if (leadsOut(entry.filename)) return "unsafe_path";
  if (((entry.unixMode ?? entry.externalFileAttributes >>> 16) & KIND) === SYMLINK) return "link";
  return undefined;
}

/** Whether an unpacker that believes this name would write outside of its folder. */
function leadsOut(name: string): boolean {
  return /^([a-z]:|[\\/])/i.test(name) || name.split(/[\\/]+/).includes("..");
}

/** A name for display: no control characters, no way up or out. */
export function plainName(name: string): string {
  const parts = name.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "").split(/[\\/]+/);
  return parts.filter((part) => part !== "" && part !== "." && part !== "..").join("/");
}
