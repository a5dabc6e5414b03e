/** Where the bytes come from: a folder, several files, a drop, a ZIP; one shape for all of them. */

/** One file as a person sees it.  Its name is shown to them and never sent. */
export interface Source {
  /** Path below what was chosen, for display only. */
  readonly name: string;
  readonly size: number;
  /** The first bytes, at most `length`. */
  first(length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes from `start` to `stop`. */
  read(start: number, stop: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Something that was chosen but cannot be used, and why (a code of `words.ts`). */
export interface Refusal {
  readonly name: string;
  readonly why: string;
}

/** The medium went away: CD taken out, network drive gone, permission lost. */
export class MediumGone extends Error {}

/** Whether a browser says so, in its own words or in ours. */
export function isGone(error: unknown): boolean {
  if (error instanceof MediumGone) return true;
  return error instanceof DOMException && (error.name === "NotReadableError" || error.name === "NotFoundError");
}

export class FileSource implements Source {
  constructor(
    readonly name: string,
    private readonly file: File,
  ) {}

  get size(): number {
    return this.file.size;
  }

  first(length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.read(0, Math.min(length, this.size));
  }

  async read(start: number, stop: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await this.file.slice(start, stop).arrayBuffer());
    } catch {
      throw new MediumGone();
    }
  }

  /** The file itself, for readers that need random access. */
  get blob(): Blob {
    return this.file;
  }
}

/** Files of an `<input>`, with their place in the chosen folder. */
export function fromInput(files: FileList): FileSource[] {
  return [...files].map((file) => new FileSource(file.webkitRelativePath || file.name, file));
}

/** Everything that was dropped, folders included; entries are asked for at once because the
 * browser forgets them after the event. */
export async function fromDrop(transfer: DataTransfer): Promise<FileSource[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return fromInput(transfer.files);
  const found: FileSource[] = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry: FileSystemEntry, above: string, found: FileSource[]): Promise<void> {
  const path = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push(new FileSource(path, file));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser hands out at most 100 entries a call.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const each of some) await walk(each, path, found);
  }
}
