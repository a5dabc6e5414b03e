/** Sending, as a person follows it: each examination, the time left, what stands in the way. */
import { el, one } from "../dom";
import { t } from "../i18n";
import { setProgress } from "../ui";
import { titleOf } from "./found-view";
import type { Examination, Item } from "./grouping";
import { goesOn, type Fate, type Halt, type Listener } from "./transfer";
import { files, remaining } from "./words";
import type { Refusal } from "./sources";

interface Line {
  readonly box: HTMLElement;
  readonly total: number;
  done: number;
}

/** Counts what became of the files and shows it. */
export class SendingView implements Listener {
  kept = 0;
  duplicates = 0;
  readonly refused: Refusal[] = [];
  private readonly lines = new Map<Item, Line>();
  private readonly started = performance.now();
  private stood = 0;
  private since: number | undefined;

  constructor(
    private readonly root: HTMLElement,
    examinations: readonly Examination[],
    private readonly counts: () => { settled: number; sent: number; total: number },
  ) {
    const list = one("[data-examinations]", root);
    list.replaceChildren(...examinations.map((examination) => this.line(examination)));
  }

  fate(file: Item, fate: Fate, why: string): void {
    if (fate === "kept") this.kept += 1;
    else if (fate === "duplicate") this.duplicates += 1;
    else this.refused.push({ name: file.source.name, why });
    const line = this.lines.get(file);
    if (!line) return;
    line.done += 1;
    setProgress(line.box, line.done, line.total);
  }

  moved(): void {
    const { settled, sent, total } = this.counts();
    const active = performance.now() - this.started - this.stood;
    const left = sent > 0 ? ((total - settled) * active) / sent / 1000 : Number.NaN;
    const words = total === settled ? t("Finishing …") : remaining(left);
    setProgress(one("[data-overall]", this.root), settled, total, words || t("Sending …"));
  }

  halted(why: Halt): void {
    if (why !== "") this.since ??= performance.now();
    else if (this.since !== undefined) {
      this.stood += performance.now() - this.since;
      this.since = undefined;
    }
    const box = one("[data-halt]", this.root);
    box.hidden = why === "" || why === "person";
    one("[data-halt-words]", box).textContent = haltWords(why);
    one("[data-sign-in]", box).hidden = why !== "sign_in";
    one("[data-pause]", this.root).hidden = !goesOn(why);
    one("[data-resume]", this.root).hidden = goesOn(why);
  }

  private line(examination: Examination): HTMLElement {
    const bar = el("progress", { max: examination.files.length, value: 0 });
    const title = titleOf(examination);
    bar.setAttribute("aria-label", title);
    const words = el("span", { "data-progress-text": true }, title);
    const share = el("span", { class: "numbers", "data-progress-share": true }, "0 %");
    const head = el("span", { class: "row row-between small" }, words, share);
    const box = el("li", { class: "progress" }, head, bar);
    const line = { box, total: examination.files.length, done: 0 };
    for (const file of examination.files) this.lines.set(file, line);
    return box;
  }
}

function haltWords(why: Halt): string {
  switch (why) {
    case "sign_in":
      return t("You were signed out meanwhile. Please sign in again in the new tab, then go on here; nothing is lost.");
    case "medium":
      return t("The CD or folder cannot be read any more. Please insert it again and go on; what was sent is safe.");
    case "offline":
      return t("No connection at the moment. It goes on by itself.");
    case "busy":
      return t("Many are sending at the moment. It goes on by itself.");
    default:
      return "";
  }
}

/** The sentence under "finished". */
export function finishedSentence(view: SendingView): string {
  const parts = [];
  if (view.kept > 0) parts.push(t("{files} stored", { files: files(view.kept) }));
  if (view.duplicates > 0) parts.push(t("{files} already there", { files: files(view.duplicates) }));
  return parts.join(", ") || t("Nothing was stored");
}
