/** What is in My documents now: every examination and document that was sent, with the way to it. */
import { el } from "../ground/dom";
import { t } from "../ground/i18n";
import type { Examination, Paper } from "./grouping";
import { addressesOf } from "./known";
import { extent, fileName, titleOf } from "./naming";
import { files } from "./words";

/** What became of the files of an examination, or of a document. */
export interface Tally {
  readonly thing: Examination | Paper;
  kept: number;
  duplicates: number;
  refused: number;
  /** It lay in the bin, and came out as it was sent again. */
  restored: boolean;
}

/** Lines on the page; My documents has the others. */
const SHOWN = 200;

/** A list of what was kept; nothing when nothing was. */
export async function drawKept(tallies: readonly Tally[]): Promise<HTMLElement[]> {
  const all = tallies.filter(({ kept, duplicates }) => kept + duplicates > 0);
  const shown = all.slice(0, SHOWN);
  if (shown.length === 0) return [];
  const things = shown.map(({ thing }) => thing);
  const examinations = things.filter((thing) => isExamination(thing));
  const papers = things.filter((thing): thing is Paper => !isExamination(thing));
  // Whatever fails now, what was kept is named; My documents leads to it, too.
  const addresses = await addressesOf(examinations, papers).catch(() => new Map<Examination | Paper, string>());
  const lines = shown.map((tally) => drawn(tally, addresses.get(tally.thing)));
  const list = el("ul", { role: "list", class: "list" }, ...lines);
  const rest = all.length - shown.length;
  const more = t("and {n} more in My documents", { n: rest });
  return [el("h3", {}, t("In My documents now")), list, ...(rest > 0 ? [el("p", { class: "soft small" }, more)] : [])];
}

function isExamination(thing: Examination | Paper): thing is Examination {
  return "study" in thing;
}

function drawn(tally: Tally, address: string | undefined): HTMLElement {
  const { thing, refused } = tally;
  const title = isExamination(thing) ? titleOf(thing) : fileName(thing);
  const name = address ? el("a", { class: "cover", href: address }, title) : el("strong", {}, title);
  const facts = el(
    "div",
    { class: "facts" },
    el("span", {}, became(tally)),
    tally.restored && el("span", {}, t("taken out of the bin again")),
    refused > 0 && el("span", { class: "error" }, t("not taken: {files}", { files: files(refused) })),
  );
  return el("li", { class: "item", "data-kept": true }, el("div", { class: "item-body" }, name, facts));
}

/** "120 images stored", "stored", "5 files stored, 3 files already there". */
function became({ thing, kept, duplicates, refused }: Tally): string {
  if (!isExamination(thing)) return kept > 0 ? t("stored") : t("already there");
  if (refused === 0 && duplicates === 0) return t("{files} stored", { files: extent(thing) });
  if (refused === 0 && kept === 0) return t("already there");
  const parts = [];
  if (kept > 0) parts.push(t("{files} stored", { files: files(kept) }));
  if (duplicates > 0) parts.push(t("{files} already there", { files: files(duplicates) }));
  return parts.join(", ");
}
