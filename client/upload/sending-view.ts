/** Sending, as a person follows it: each examination, the time left, what stands in the way. */
import { el, one } from "../ground/dom";
import { t } from "../ground/i18n";
import { setProgress } from "../ui";
import type { Examination, Item, Paper } from "./grouping";
import { goesOn, type Halt } from "./halting";
import type { Tally } from "./kept-list";
import { titleOf } from "./naming";
import type { Fate, Progress } from "./progress";
import type { Listener } from "./transfer";
import { files, remaining } from "./words";
import type { Refusal } from "./sources";

interface Line {
  readonly tally: Tally;
  /** Of examinations only: documents are over in a moment. */
  readonly box?: HTMLElement;
  readonly bytes: number;
  travelled: number;
}

/** Milliseconds of sending after which the time that is left can be told. */
const TELLING = 3000;

/** Counts what became of the files and shows it. */
export class SendingView implements Listener {
  readonly refused: Refusal[] = [];
  /** What became of each examination and of each document. */
  readonly tallies: Tally[] = [];
  private readonly lines = new Map<Item, Line>();
  /** Lines that moved since they were drawn. */
  private readonly stale = new Set<Line>();
  private drawing = false;
  private readonly started = performance.now();
  private stood = 0;
  private paused = false;
  /** Percent of a large file that was read, while it is read before it is sent. */
  private checked: number | undefined;
  private since: number | undefined;

  constructor(
    private readonly root: HTMLElement,
    examinations: readonly Examination[],
    papers: readonly Paper[],
    private readonly counts: () => Pick<Progress, "travelled" | "sent"> & { total: number },
  ) {
    const list = one("[data-examinations]", root);
    list.replaceChildren(...examinations.map((examination) => this.line(examination)));
    list.hidden = examinations.length === 0;
    for (const paper of papers) {
      this.lines.set(paper, { tally: this.counted(paper), bytes: paper.source.size, travelled: 0 });
    }
  }

  private counted(thing: Examination | Paper): Tally {
    const tally = { thing, kept: 0, duplicates: 0, refused: 0, restored: false };
    this.tallies.push(tally);
    return tally;
  }

  fate(file: Item, fate: Fate, why: string): void {
    if (fate === "refused") this.refused.push({ name: file.source.name, why });
    const line = this.lines.get(file);
    if (!line) return;
    line.tally[fate === "duplicate" ? "duplicates" : fate] += 1;
    this.moved();
  }

  restored(file: Item | undefined): void {
    const line = file && this.lines.get(file);
    if (line) line.tally.restored = true;
  }

  travelled(file: Item, bytes: number): void {
    const line = this.lines.get(file);
    if (line) {
      line.travelled += bytes;
      this.stale.add(line);
    }
    this.moved();
  }

  /** Draws once for whatever moves before the next picture. */
  private moved(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  private draw(): void {
    for (const { box, travelled, bytes } of this.stale) if (box) setProgress(box, travelled, bytes);
    this.stale.clear();
    const { travelled, sent, total } = this.counts();
    const active = performance.now() - this.started - this.stood;
    const left = active > TELLING && sent > 0 ? ((total - travelled) * active) / sent / 1000 : Number.NaN;
    const words = total <= travelled ? t("Finishing …") : this.paused ? t("Paused") : this.doing(left);
    setProgress(one("[data-overall]", this.root), Math.min(travelled, total), total, words);
  }

  checking(done: number | undefined, size: number): void {
    this.checked = done === undefined ? undefined : Math.floor((100 * done) / size);
    this.moved();
  }

  private doing(left: number): string {
    if (this.checked === undefined) return remaining(left) || t("Sending …");
    return t("Looking whether a large file is there already: {percent} %", { percent: this.checked });
  }

  halted(why: Halt): void {
    if (why !== "") this.since ??= performance.now();
    else if (this.since !== undefined) {
      this.stood += performance.now() - this.since;
      this.since = undefined;
    }
    this.paused = why === "person";
    const box = one("[data-halt]", this.root);
    box.hidden = why === "" || why === "person";
    one("[data-halt-words]", box).textContent = haltWords(why);
    one("[data-sign-in]", box).hidden = why !== "sign_in" && why !== "stranger";
    this.takeTurns(goesOn(why));
    this.draw();
  }

  /** Only one of "Pause" and "Go on" is there; whoever pressed one finds the focus on the other. */
  private takeTurns(goes: boolean): void {
    const [pause, resume] = [one("[data-pause]", this.root), one("[data-resume]", this.root)];
    const pressed = document.activeElement === pause || document.activeElement === resume;
    pause.hidden = !goes;
    resume.hidden = goes;
    if (pressed) (goes ? pause : resume).focus();
  }

  private line(examination: Examination): HTMLElement {
    const bar = el("progress", { max: examination.bytes, value: 0 });
    const title = titleOf(examination);
    bar.setAttribute("aria-label", title);
    const words = el("span", { "data-progress-text": true }, title);
    const share = el("span", { class: "numbers", "data-progress-share": true }, "0 %");
    const head = el("span", { class: "row row-between small" }, words, share);
    const box = el("div", { class: "progress" }, head, bar);
    const line = { tally: this.counted(examination), box, bytes: examination.bytes, travelled: 0 };
    for (const file of examination.files) this.lines.set(file, line);
    return el("li", { class: "item" }, box);
  }
}

function haltWords(why: Halt): string {
  switch (why) {
    case "sign_in":
      return t("You were signed out meanwhile. Please sign in again in the new tab, then go on here; nothing is lost.");
    case "stranger":
      return t("Somebody else is signed in in this browser now. Please sign in as yourself again, then go on here; nothing is lost.");
    case "medium":
      return t("The CD or folder cannot be read any more. Please insert it again and go on; what was sent is safe.");
    case "offline":
      return t("No connection at the moment. It goes on by itself.");
    case "busy":
      return t("Many are sending at the moment. It goes on by itself.");
    case "full":
      return t("The storage of this portal is full at the moment. What was sent is safe, and it goes on by itself as soon as there is room. You can also stop and come back later.");
    case "away":
      return t("The storage of this portal cannot be reached at the moment. What was sent is safe, and it goes on by itself. You can also stop and come back later.");
    case "leaving":
      return t("What you deleted is still being removed. This takes a few minutes, then it goes on by itself.");
    default:
      return "";
  }
}

/** The sentence under "finished". */
export function finishedSentence(view: SendingView): string {
  const parts = [];
  const kept = view.tallies.reduce((sum, each) => sum + each.kept, 0);
  const there = view.tallies.reduce((sum, each) => sum + each.duplicates, 0);
  if (kept > 0) parts.push(t("{files} stored", { files: files(kept) }));
  if (there > 0) parts.push(t("{files} already there", { files: files(there) }));
  return parts.join(", ") || t("Nothing was stored");
}
