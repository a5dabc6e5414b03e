/** What was written in a portal and lies in an archive of its own: offered, sent, and told of. */
import { one } from "../ground/dom";
import { plural, t } from "../ground/i18n";
import { postJson, Refused } from "../http";
import { copiesOf } from "./own-archive";
import type { Source } from "./sources";

/** What became of plans or of entries of the diary, as the server counts them. */
interface Tally {
  kept: number;
  there: number;
  refused: number;
}

interface Fates {
  plan: Tally;
  diary: Tally;
  /** Files that hold neither. */
  unread: number;
}

export class RecordsView {
  private records: readonly Source[] = [];

  constructor(private readonly root: HTMLElement) {
    this.button.addEventListener("click", () => void this.take());
  }

  /** Offer these; nothing is sent yet. */
  show(records: readonly Source[]): void {
    this.records = records;
    this.root.hidden = records.length === 0;
    this.button.hidden = false;
    const words = plural("{n} medication plan or month of a diary", "{n} medication plans and months of a diary", records.length);
    one("[data-records-words]", this.root).textContent = words;
    this.tell("");
  }

  /** Whether there is something that was not sent yet. */
  get open(): boolean {
    return this.records.length > 0;
  }

  /** Send what was not sent yet, one after another: what became of it, in words. */
  async take(): Promise<string> {
    const none: Tally = { kept: 0, there: 0, refused: 0 };
    const fates: Fates = { plan: { ...none }, diary: { ...none }, unread: 0 };
    const [records, left] = [this.records, [] as Source[]];
    this.records = [];
    this.button.hidden = true;
    let problem = "";
    for (const [at, each] of records.entries()) {
      this.tell(t("{done} of {all} looked at", { done: at, all: records.length }));
      problem = (await this.send(each, fates, left)) || problem;
    }
    this.records = left;
    this.button.hidden = left.length === 0;
    const words = [told(fates), problem].filter(Boolean).join(" ");
    this.tell(words);
    return words;
  }

  /** Sends one; why it could not be sent, or nothing. */
  private async send(record: Source, fates: Fates, left: Source[]): Promise<string> {
    const copies = await copiesOf(record);
    if (copies.length === 0) fates.unread += 1;
    for (const copy of copies) {
      const tally = copy.kind === "diary" ? fates.diary : fates.plan;
      try {
        add(tally, await postJson<Tally>("/records/bring", copy));
      } catch (error) {
        if (!(error instanceof Refused && error.code === "invalid")) {
          left.push(record);
          return error instanceof Refused ? error.message : t("Not everything could be sent. Please try again.");
        }
        add(tally, { kept: 0, there: 0, refused: copy.kind === "diary" ? copy.versions.length : 1 });
      }
    }
    return "";
  }

  private get button(): HTMLButtonElement {
    return one<HTMLButtonElement>("[data-records-take]", this.root);
  }

  private tell(words: string): void {
    one("[data-records-done]", this.root).textContent = words;
  }
}

function add(tally: Tally, more: Tally): void {
  tally.kept += more.kept;
  tally.there += more.there;
  tally.refused += more.refused;
}

function told({ plan, diary, unread }: Fates): string {
  const parts = [
    plan.kept > 0 && plural("{n} medication plan was kept.", "{n} medication plans were kept.", plan.kept),
    diary.kept > 0 && plural("{n} diary entry was kept.", "{n} diary entries were kept.", diary.kept),
    plan.there > 0 &&
      plural("{n} medication plan is here already, or in the bin.", "{n} medication plans are here already, or in the bin.", plan.there),
    diary.there > 0 &&
      plural("{n} diary entry is here already, or in the bin.", "{n} diary entries are here already, or in the bin.", diary.there),
    plan.refused > 0 && plural("{n} medication plan is damaged and was not taken.", "{n} medication plans are damaged and were not taken.", plan.refused),
    diary.refused > 0 && plural("{n} diary entry is damaged and was not taken.", "{n} diary entries are damaged and were not taken.", diary.refused),
    unread > 0 && plural("{n} file is damaged and was not taken.", "{n} files are damaged and were not taken.", unread),
  ];
  return parts.filter(Boolean).join(" ");
}
