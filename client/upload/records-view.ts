/** What was written in a portal and lies in an archive of its own: offered, sent, and told of. */
import { one } from "../ground/dom";
import { plural, t } from "../ground/i18n";
import { postJson, Refused } from "../http";
import { copiesOf } from "./own-archive";
import type { Source } from "./sources";

interface Tally {
  kept: number;
  there: number;
  refused: number;
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
    const tally: Tally = { kept: 0, there: 0, refused: 0 };
    const [records, left] = [this.records, [] as Source[]];
    this.records = [];
    this.button.hidden = true;
    let problem = "";
    for (const each of records) problem = (await this.send(each, tally, left)) || problem;
    this.records = left;
    this.button.hidden = left.length === 0;
    const words = [told(tally), problem].filter(Boolean).join(" ");
    this.tell(words);
    return words;
  }

  /** Sends one; why it could not be sent, or nothing. */
  private async send(record: Source, tally: Tally, left: Source[]): Promise<string> {
    const copies = await copiesOf(record);
    let fate: keyof Tally = copies.length === 0 ? "refused" : "there";
    for (const copy of copies) {
      try {
        const { outcome } = await postJson<{ outcome: string }>("/records/bring", copy);
        if (outcome === "kept" && fate === "there") fate = "kept";
      } catch (error) {
        if (!(error instanceof Refused && error.code === "invalid")) {
          left.push(record);
          return error instanceof Refused ? error.message : t("Not everything could be sent. Please try again.");
        }
        fate = "refused"; // the others of this record may be taken
      }
    }
    tally[fate] += 1;
    return "";
  }

  private get button(): HTMLButtonElement {
    return one<HTMLButtonElement>("[data-records-take]", this.root);
  }

  private tell(words: string): void {
    one("[data-records-done]", this.root).textContent = words;
  }
}

function told({ kept, there, refused }: Tally): string {
  const parts = [
    kept > 0 && plural("{n} entry was kept.", "{n} entries were kept.", kept),
    there > 0 && plural("{n} entry is here already, or in the bin.", "{n} entries are here already, or in the bin.", there),
    refused > 0 && plural("{n} entry was not taken, or not whole.", "{n} entries were not taken, or not whole.", refused),
  ];
  return parts.filter(Boolean).join(" ");
}
