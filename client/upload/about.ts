/** What tells one choice of files from another, on whatever computer they are chosen. */
import type { Item } from "./grouping";
import { fileName } from "./naming";
import { hex, sha256 } from "./parts";

/** The digest of what the files say that they are; their order does not matter. */
export async function aboutOf(items: readonly Item[]): Promise<string> {
  const each = items.map((item) => {
    const name = "header" in item ? `${item.header.study} ${item.header.instance}` : fileName(item);
    return `${name} ${item.source.size}`;
  });
  return hex(await sha256(new TextEncoder().encode(each.sort().join("\n"))));
}
