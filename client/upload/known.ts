/** What the account holds already, asked before anything is sent, so that nothing is counted twice. */
import { postJson } from "../http";
import type { Found, Item, Paper } from "./grouping";
import { fingerprint, hex, PIECE, sha256 } from "./parts";

/** Questions in one request; see `portal/studies/routes.py`. */
const ASK = 5000;

interface Known {
  readonly known: number[];
}

/** Images by their numbers, which are read already; documents by their content: they are few. */
export async function alreadyThere(
  found: readonly Found[],
  papers: readonly Paper[],
): Promise<Set<Item>> {
  const there = new Set<Item>();
  for (let start = 0; start < found.length; start += ASK) {
    const some = found.slice(start, start + ASK);
    const instances = some.map(({ header }) => [header.study, header.instance]);
    const { known } = await postJson<Known>("/uploads/named", { instances });
    for (const index of known) there.add(some[index] as Found);
  }
  if (papers.length === 0) return there;
  const fingerprints: string[] = [];
  for (const { source } of papers) {
    // A medium that fails now fails again when the document is sent, and is spoken of there.
    fingerprints.push(await contentOf({ source }).catch(() => "0".repeat(64)));
  }
  const { known } = await postJson<Known>("/uploads/known", { fingerprints });
  for (const index of known) there.add(papers[index] as Paper);
  return there;
}

async function contentOf({ source }: Paper): Promise<string> {
  const digests: Uint8Array[] = [];
  for (let start = 0; start < source.size; start += PIECE) {
    digests.push(await sha256(await source.read(start, Math.min(start + PIECE, source.size))));
  }
  return hex(await fingerprint(digests));
}
