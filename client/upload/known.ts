/** What the account holds: asked before sending, so that nothing is counted twice, and afterwards. */
import { postJson } from "../http";
import { patiently } from "../patience";
import type { Examination, Found, Item, Paper } from "./grouping";
import { fingerprint, hex, PIECE, sha256 } from "./parts";
import type { Source } from "./sources";

/** Questions in one request; see `portal/studies/routes.py`. */
const ASK = 5000;

/** How often progress is told. */
const STEPS = 100;

/** Stands for the content of a file that could not be read. */
const UNREADABLE = "0".repeat(64);
/** The digests of the pieces: what was hashed once is not read from a slow CD again. */
const contents = new WeakMap<Source, readonly Uint8Array[]>();

interface Places {
  /** By the number of the examination. */
  readonly studies: Readonly<Record<string, string>>;
  /** By the place among the documents asked for. */
  readonly documents: Readonly<Record<string, string>>;
}

interface Known {
  readonly known: number[];
}

function ask<T = Known>(path: string, about: object): Promise<T> {
  return patiently(() => postJson<T>(path, about));
}

/** How what was found compares with what the account holds. */
export interface Comparison {
  /** Kept already, byte for byte. */
  readonly there: ReadonlySet<Item>;
  /** The account holds an image with this number, but its content is another. */
  readonly other: ReadonlySet<Item>;
}

/** So many of so many bytes were read: one file may take longer than all others. */
type Progress = (done: number, total: number) => void;

/**
 * Images are asked for by their numbers, which are read already.  Only those whose number is known
 * are read whole and compared by their content, as documents are: a number alone proves nothing.
 */
export async function compare(
  found: readonly Found[],
  papers: readonly Paper[],
  progress: Progress,
): Promise<Comparison> {
  const numbered = new Set<Item>();
  for (let start = 0; start < found.length; start += ASK) {
    const some = found.slice(start, start + ASK);
    const instances = some.map(({ header }) => [header.study, header.instance]);
    const { known } = await ask("/uploads/named", { instances });
    for (const index of known) numbered.add(some[index] as Found);
  }
  const compared: Item[] = [...numbered, ...papers];
  const fingerprints: string[] = [];
  const read = counted(compared, progress);
  for (const item of compared) {
    // A medium that fails now fails again when the file is sent, and is spoken of there.
    fingerprints.push(await contentOf(item, read).catch(() => UNREADABLE));
  }
  const there = new Set<Item>();
  for (let start = 0; start < compared.length; start += ASK) {
    const { known } = await ask("/uploads/known", { fingerprints: fingerprints.slice(start, start + ASK) });
    for (const index of known) there.add(compared[start + index] as Item);
  }
  const differs = (item: Item, index: number): boolean =>
    numbered.has(item) && !there.has(item) && fingerprints[index] !== UNREADABLE;
  return { there, other: new Set(compared.filter(differs)) };
}

/**
 * Those that are, byte for byte, another one of them.  Only what has one number, or as documents
 * one size, is read and compared.
 */
export async function copies(items: readonly Item[], progress: Progress): Promise<Set<Item>> {
  const alike = new Map<string, Item[]>();
  for (const item of items) {
    const about = "header" in item ? `${item.header.study} ${item.header.instance}` : "";
    const key = `${item.source.size} ${about}`;
    const crowd = alike.get(key);
    if (crowd) crowd.push(item);
    else alike.set(key, [item]);
  }
  const crowds = [...alike.values()].filter((some) => some.length > 1);
  const read = counted(crowds.flat(), progress);
  const found = new Set<Item>();
  for (const some of crowds) {
    const seen = new Set<string>();
    for (const item of some) {
      const content = await contentOf(item, read).catch(() => UNREADABLE);
      if (seen.has(content)) found.add(item);
      if (content !== UNREADABLE) seen.add(content);
    }
  }
  return found;
}

/** Addresses of what the account keeps of these, so that it can be opened. */
export async function addressesOf(
  examinations: readonly Examination[],
  papers: readonly Paper[],
): Promise<Map<Examination | Paper, string>> {
  const found = new Map<Examination | Paper, string>();
  const fingerprints = await Promise.all(papers.map((paper) => contentOf(paper).catch(() => UNREADABLE)));
  const studies = [...new Set(examinations.map(({ study }) => study))];
  for (let start = 0; start === 0 || start < studies.length; start += ASK) {
    const asked = { studies: studies.slice(start, start + ASK), fingerprints: start === 0 ? fingerprints : [] };
    const places = await ask<Places>("/uploads/places", asked);
    for (const examination of examinations) {
      const id = places.studies[examination.study];
      if (id) found.set(examination, `/v/${id}`);
    }
    for (const [index, id] of Object.entries(places.documents)) found.set(papers[Number(index)] as Paper, `/d/${id}`);
  }
  return found;
}

/** Tells of bytes as they are read, seldom enough for many small files. */
function counted(items: readonly Item[], progress: Progress): (bytes: number) => void {
  const total = items.reduce((sum, { source }) => sum + source.size, 0);
  let done = 0;
  let told = 0;
  return (bytes) => {
    done += bytes;
    if (done - told < total / STEPS && done < total) return;
    told = done;
    progress(done, total);
  };
}

/** The digests of a file's pieces, where all of it was read before. */
export function digestsRead(source: Source): readonly Uint8Array[] | undefined {
  return contents.get(source);
}

/** All of a file was read, and these are the digests of its pieces. */
export function rememberDigests(source: Source, digests: readonly Uint8Array[]): void {
  contents.set(source, digests);
}

async function contentOf({ source }: Item, read: (bytes: number) => void = () => undefined): Promise<string> {
  const before = contents.get(source);
  if (before) {
    read(source.size);
    return hex(await fingerprint(before));
  }
  const digests: Uint8Array[] = [];
  for (let start = 0; start < source.size; start += PIECE) {
    const stop = Math.min(start + PIECE, source.size);
    digests.push(await sha256(await source.read(start, stop)));
    read(stop - start);
  }
  rememberDigests(source, digests);
  return hex(await fingerprint(digests));
}
