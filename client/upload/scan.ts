/** Looking at what was chosen: ZIPs opened, names and contents recognised, headers read. */
import { missing } from "./directory";
import { FIRST, SECOND, type Header } from "./headers";
import { liesBeside, type Found, type Paper } from "./grouping";
import { copies } from "./known";
import type { AskPassword } from "./password";
import { ownArchives } from "./own-archive";
import { kindOf, LOOK, skippedByName } from "./recognise";
import { FileSource, MediumGone, type Refusal, type Source } from "./sources";
import { unzip } from "./zip";

/** The largest file the server takes; see `portal/studies/parts.py`. */
export const LARGEST = 512 * 1024 * 1024;

/** See `viewer/photos/facts.py`. */
const LARGEST_PHOTO = 64 * 1024 * 1024;

const AT_ONCE = 8;
/** Documents of one upload; see `portal/studies/notes.py`. */
const MOST_PAPERS = 1000;

/** What a look at everything found. */
export interface Scan {
  readonly found: Found[];
  readonly papers: Paper[];
  readonly refused: Refusal[];
  /** What was written in a portal and lies in an archive of its own, as data. */
  readonly records: Source[];
}

/** A header, why there is none, or nothing when the bytes did not suffice. */
type Answer = Header | string | undefined;

/** Asks the worker for headers; one question at a time for each id. */
class HeaderReader {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private last = 0;

  constructor(private readonly worker: Worker) {
    worker.onmessage = (message: MessageEvent<{ id: number; header: Answer }>) => {
      this.waiting.get(message.data.id)?.(message.data.header);
      this.waiting.delete(message.data.id);
    };
  }

  read(bytes: Uint8Array<ArrayBuffer>, total: number): Promise<Answer> {
    const id = (this.last += 1);
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage({ id, bytes, total }, [bytes.buffer]);
    });
  }

  close(): void {
    this.worker.terminate();
  }
}

/** What a look at everything tells while it lasts. */
interface ScanProgress {
  /** A ZIP wants a password. */
  readonly password: AskPassword;
  /** So many of so many files were looked at. */
  looking(done: number, total: number): void;
  /** So many of so many bytes of files that are alike were compared. */
  comparing(done: number, total: number): void;
}

/** Look at all files. */
export async function scan(chosen: readonly FileSource[], worker: Worker, progress: ScanProgress): Promise<Scan> {
  const reader = new HeaderReader(worker);
  const found: Found[] = [];
  const papers: Paper[] = [];
  const refused: Refusal[] = [];
  let records: Source[] = [];
  try {
    const everything = await unpacked(chosen, refused, progress.password);
    for (const lost of await missing(everything)) refused.push(lost);
    const own = await ownArchives(everything);
    records = own.records;
    const taken = new Set<Source>(records);
    const queue = everything.filter((each) => !own.made.has(each.name) && !own.alone.has(each.name) && !taken.has(each));
    for (const { name } of everything) {
      if (own.made.has(name)) refused.push({ name, why: "made" });
      if (own.alone.has(name)) refused.push({ name, why: "alone" });
    }
    const total = queue.length;
    let next = 0;
    let done = 0;
    const look = async (): Promise<void> => {
      while (next < total) {
        const source = queue[next] as Source;
        next += 1;
        const result = await lookAt(source, reader);
        const isPaper = result === "pdf" || result === "photo";
        if (isPaper && papers.length < MOST_PAPERS) papers.push({ source, photo: result === "photo", named: own.documents.get(source.name) });
        else if (isPaper) refused.push({ name: source.name, why: "too_many_papers" });
        else if (typeof result === "string") refused.push({ name: source.name, why: result });
        else found.push({ source, header: result });
        done += 1;
        if (done % 16 === 0 || done === total) progress.looking(done, total);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
  } finally {
    reader.close();
  }
  const beside = besideImages(papers, found);
  for (const { source } of beside) refused.push({ name: source.name, why: "picture_beside" });
  const kept = papers.filter((each) => !beside.has(each));
  const twice = await copies([...found, ...kept], (done, all) => progress.comparing(done, all));
  for (const { source } of twice) refused.push({ name: source.name, why: "twice" });
  return {
    found: found.filter((each) => !twice.has(each)),
    papers: kept.filter((each) => !twice.has(each)),
    refused,
    records,
  };
}

/**
 * Photos from a folder or ZIP that holds images of an examination, too: on such a CD they are the
 * drawings and buttons of the viewer program, or copies of the images.
 */
function besideImages(papers: readonly Paper[], found: readonly Found[]): Set<Paper> {
  if (found.length === 0) return new Set();
  return new Set(papers.filter(liesBeside));
}

async function unpacked(
  chosen: readonly FileSource[],
  refused: Refusal[],
  password: AskPassword,
): Promise<Source[]> {
  const queue: Source[] = [];
  for (const file of chosen) {
    if (!(await isZip(file))) {
      queue.push(file);
      continue;
    }
    const inside = await unzip(file, password);
    queue.push(...inside.files);
    refused.push(...inside.refused);
  }
  return queue;
}

async function isZip(file: FileSource): Promise<boolean> {
  if (!/\.zip$/i.test(file.name)) return false;
  const start = await file.first(4).catch(() => new Uint8Array());
  return start[0] === 0x50 && start[1] === 0x4b;
}

/** The header of a file, `pdf`, `photo`, or why it is not taken. */
async function lookAt(source: Source, reader: HeaderReader): Promise<Header | string> {
  const named = skippedByName(source.name);
  if (named) return named;
  if (source.size === 0) return "empty";
  if (source.size > LARGEST) return "too_large";
  try {
    const bytes = await source.first(FIRST);
    const kind = kindOf(bytes.subarray(0, LOOK), source.name);
    if (kind === "photo" && source.size > LARGEST_PHOTO) return "photo_large";
    if (kind !== "dicom") return kind;
    let header = await reader.read(bytes, source.size);
    if (!header && source.size > FIRST) header = await reader.read(await source.first(SECOND), source.size);
    return header ?? "damaged";
  } catch (error) {
    return error instanceof MediumGone ? "unreadable" : "damaged";
  }
}
