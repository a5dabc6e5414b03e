/** What the list on a CD (DICOMDIR, PS3.10 section 8.6) names: whatever the CD lacks of it is told. */
import type { Refusal, Source } from "./sources";

const NAME = /(^|[/ ])DICOMDIR(;1)?$/i;
/** A list of some 100,000 images; a longer one is no list. */
const LONGEST = 64 * 1024 * 1024;
/** (0004,1500) Referenced File ID, CS: a DICOMDIR is explicit little endian. */
const FILE_ID = [0x04, 0x00, 0x00, 0x15, 0x43, 0x53] as const;

/** Files that a list among these names and that are not among them. */
export async function missing(sources: readonly Source[]): Promise<Refusal[]> {
  const lists = sources.filter(({ name, size }) => NAME.test(name) && size <= LONGEST);
  if (lists.length === 0) return [];
  const there = new Set(sources.flatMap(({ name }) => [plain(name), plain(name).replace(/\.[^./]*$/, "")]));
  const found: Refusal[] = [];
  for (const list of lists) {
    const folder = list.name.replace(/[^/ ]*$/, "");
    const named = await namedIn(list).catch(() => []);
    const lost = named.filter((name) => !there.has(plain(folder + name)));
    // Of files that were picked out of their folders nothing is known to be missing.
    if (folder === "" && lost.length === named.length) continue;
    for (const name of lost) found.push({ name: folder + name, why: "missing" });
  }
  return found;
}

/** As all computers write it: ISO 9660 adds versions and dots, and some systems change the case. */
function plain(name: string): string {
  return name.replace(/;\d+$/, "").replace(/\.$/, "").toUpperCase();
}

async function namedIn(list: Source): Promise<string[]> {
  const bytes = await list.read(0, list.size);
  const found = new Set<string>();
  for (let at = bytes.indexOf(0x04); at >= 0; at = bytes.indexOf(0x04, at + 1)) {
    if (!FILE_ID.every((value, index) => bytes[at + index] === value)) continue;
    const length = (bytes[at + 6] ?? 0) + 256 * (bytes[at + 7] ?? 0);
    const value = String.fromCharCode(...bytes.subarray(at + 8, at + 8 + Math.min(length, 256)));
    const parts = value.split("\\").map((part) => part.trim()).filter(Boolean);
    if (parts.length > 0) found.add(parts.join("/"));
  }
  return [...found];
}
