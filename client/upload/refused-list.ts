/** Files that are not taken: one list, by reason, and under each reason the files. */
import { el, icon } from "../ground/dom";
import { plural, t } from "../ground/i18n";
import type { Refusal } from "./sources";
import { expected, files, reason } from "./words";

const SHOWN = 500;

/** Before sending: what was not understood, and apart from it what belongs on a CD anyway. */
export function drawRefused(refused: readonly Refusal[]): HTMLElement[] {
  const lost = refused.filter(({ why }) => why === "missing");
  const odd = refused.filter(({ why }) => why !== "missing" && !expected(why));
  const usual = refused.filter(({ why }) => expected(why));
  return [
    ...drawn(lost, plural("{n} file is missing", "{n} files are missing", lost.length), true),
    ...drawn(odd, plural("{n} file not understood", "{n} files not understood", odd.length), true),
    ...drawn(usual, t("Skipped, not needed: {files}", { files: files(usual.length) }), false),
  ];
}

/** Afterwards: everything that was chosen and is not in My documents, whoever refused it. */
export function drawNotTaken(refused: readonly Refusal[]): HTMLElement[] {
  const odd = refused.filter(({ why }) => !expected(why));
  return [
    ...drawn(odd, t("Not taken: {files}", { files: files(odd.length) }), true),
    ...drawRefused(refused.filter(({ why }) => expected(why))),
  ];
}

function drawn(refused: readonly Refusal[], title: string, open: boolean): HTMLElement[] {
  if (refused.length === 0) return [];
  const byReason = new Map<string, string[]>();
  for (const { name, why } of refused) {
    const words = reason(why);
    const names = byReason.get(words);
    if (names) names.push(name);
    else byReason.set(words, [name]);
  }
  const groups = [...byReason].map(([words, names]) =>
    el("li", { "data-reason": true }, el("strong", {}, words), ` (${files(names.length)})`, namesOf(names)),
  );
  const list = el("ul", { class: "small stack-tight", role: "list" }, ...groups);
  const summary = el("summary", {}, icon("right", "icon-turning"), el("span", {}, title));
  return [el("details", { class: "disclosure", open }, summary, list)];
}

function namesOf(names: readonly string[]): HTMLElement {
  const lines = names.slice(0, SHOWN).map((name) => el("li", {}, name));
  if (names.length > SHOWN) lines.push(el("li", {}, t("and {files} more", { files: files(names.length - SHOWN) })));
  return el("ul", {}, ...lines);
}
