/** What was found, as a person decides about it: whose, which examinations, is there room. */
import { el, one } from "../ground/dom";
import { postJson } from "../http";
import { plural, t } from "../ground/i18n";
import type { Examination, Item, Paper, Patient, Sorted } from "./grouping";
import { compare } from "./known";
import { extent, fileName, titleOf } from "./naming";
import { drawQuestion, type Identity } from "./question";
import type { Note } from "./transfer";
import { day, personName, size } from "./words";

/** A document that may be taken or left. */
interface PaperChoice {
  readonly paper: Paper;
  readonly box: HTMLInputElement;
}

interface Choice {
  readonly examination: Examination;
  readonly box: HTMLInputElement;
  readonly papers: PaperChoice[];
}

interface Person {
  readonly patient: Patient;
  readonly identity: Identity;
  readonly choices: Choice[];
  /** The answer to "whose images are these?", when it is asked. */
  mine: boolean | undefined;
  /** What was ticked before they were left out. */
  before: Set<HTMLInputElement>;
}

/** The list of what was found and what the person decided. */
export class FoundView {
  private people: Person[] = [];
  private alone: PaperChoice[] = [];
  private there: ReadonlySet<Item> = new Set();
  /** Of these the account holds other content under the same number. */
  private other: ReadonlySet<Item> = new Set();
  /** Whether photos are to be kept without place, camera and time. */
  private readonly cleaning = el("input", { type: "checkbox", "data-cleaning": true });

  constructor(
    private readonly list: HTMLElement,
    private readonly changed: () => void,
    private readonly cancelled: () => void,
  ) {}

  /** Show what was found; only one's own is proposed, and only what is not there already. */
  async show({ patients, alone }: Sorted, progress: (done: number, total: number) => void): Promise<void> {
    const examinations = patients.flatMap(({ examinations: each }) => each);
    const papers = [...alone, ...examinations.flatMap((each) => each.papers)];
    const files = examinations.flatMap((each) => each.files);
    ({ there: this.there, other: this.other } = await compare(files, papers, progress));
    this.people = await Promise.all(patients.map(async (patient) => this.person(patient)));
    for (const { identity, choices } of this.people) {
      // A single other name may be one's own from before; of several people nobody is guessed.
      const proposed = identity.answer !== "differs" || this.people.length === 1;
      for (const { examination, box, papers: beside } of choices) {
        box.checked = proposed && !examination.files.every((file) => this.there.has(file));
        for (const each of beside) each.box.checked = proposed && !this.there.has(each.paper);
      }
    }
    const doubtful = this.people.some(({ identity }) => identity.answer === "differs");
    this.alone = alone.map((paper) => this.paper(paper));
    for (const { paper, box } of this.alone) box.checked = !doubtful && !this.there.has(paper);
    this.list.replaceChildren(...this.people.map((person) => this.drawn(person)), ...this.drawnAlone(doubtful), ...this.drawnCleaning());
  }

  /** What the person wants to upload. */
  chosen(): Item[] {
    const images = this.wanted().flatMap(({ examination }) => examination.files);
    return [...images, ...this.papers().map(({ paper }) => paper)];
  }

  /** Bytes of what is chosen and not there yet. */
  needed(): number {
    const fresh = this.chosen().filter((item) => !this.there.has(item));
    return fresh.reduce((sum, { source }) => sum + source.size, 0);
  }

  /** Everything that was found, whatever is chosen of it. */
  all(): Item[] {
    const found = this.people.flatMap(({ choices }) => choices.flatMap(({ examination }) => examination.files));
    return [...found, ...[...this.alone, ...this.beside(this.people)].map(({ paper }) => paper)];
  }

  /** Whether everything that was found is there already. */
  allThere(): boolean {
    const all = this.all();
    return all.length > 0 && all.every((item) => this.there.has(item));
  }

  /** The examinations the person wants to upload. */
  examinations(): Examination[] {
    return this.wanted().map(({ examination }) => examination);
  }

  /** The documents the person wants to upload. */
  documents(): Paper[] {
    return this.papers().map(({ paper }) => paper);
  }

  /** What the server should know of the chosen documents, by their places among all that is sent. */
  notes(): Note[] {
    const papers = this.papers();
    const first = this.chosen().length - papers.length;
    const studies = new Map<Item, string>();
    for (const { choices } of this.people) {
      for (const { examination } of choices) {
        for (const paper of examination.papers) studies.set(paper, examination.study);
      }
    }
    return papers.map(({ paper }, index) => {
      const note = [first + index, fileName(paper), studies.get(paper) ?? ""] as const;
      return paper.photo && this.cleaning.checked ? [...note, true] : note;
    });
  }

  /** Whether an answer about whose images these are is still missing. */
  unanswered(): boolean {
    return this.people.some((person) => {
      const boxes = [...person.choices, ...this.beside([person])].map(({ box }) => box);
      return person.identity.answer === "differs" && person.mine === undefined && boxes.some(({ checked }) => checked);
    });
  }

  private wanted(): Choice[] {
    return this.people
      .filter(({ mine }) => mine !== false)
      .flatMap(({ choices }) => choices.filter(({ box }) => box.checked));
  }

  private papers(): PaperChoice[] {
    const mine = this.beside(this.people.filter((person) => person.mine !== false));
    return [...mine, ...this.alone].filter(({ box }) => box.checked);
  }

  private beside(people: readonly Person[]): PaperChoice[] {
    return people.flatMap(({ choices }) => choices.flatMap((choice) => choice.papers));
  }

  private paper(paper: Paper): PaperChoice {
    return { paper, box: el("input", { type: "checkbox", onchange: () => this.changed() }) };
  }

  private async person(patient: Patient): Promise<Person> {
    const identity = await postJson<Identity>("/uploads/identity", {
      name: patient.name,
      birth_date: patient.birthDate,
      sex: patient.sex,
    });
    const choices = patient.examinations.map((examination) => {
      const papers = examination.papers.map((paper) => this.paper(paper));
      const box = el("input", {
        type: "checkbox",
        onchange: () => {
          for (const each of papers) each.box.checked = box.checked && !this.there.has(each.paper);
          this.changed();
        },
      });
      return { examination, box, papers };
    });
    return { patient, identity, choices, mine: undefined, before: new Set() };
  }

  private drawn(person: Person): HTMLElement {
    const { patient, identity, choices } = person;
    const birth = day(patient.birthDate);
    const name = el("h3", {}, t("Patient: {name}", { name: personName(patient.name) }));
    const facts = el(
      "div",
      { class: "row row-between" },
      el("div", {}, name, birth && el("p", { class: "soft small" }, t("born {date}", { date: birth }))),
      identity.answer === "matches" && el("span", { class: "badge badge-good" }, t("matches your profile")),
    );
    const list = el("ul", { role: "list", class: "list" }, ...choices.flatMap((choice) => this.drawnChoice(choice)));
    const question =
      identity.answer === "differs" &&
      drawQuestion(identity, (mine) => this.answered(person, mine), () => this.cancelled());
    return el("section", { class: "card", "data-patient": true }, facts, question, list);
  }

  private drawnChoice({ examination, box, papers }: Choice): HTMLElement[] {
    const title = titleOf(examination);
    const known = examination.files.filter((file) => this.there.has(file)).length;
    const facts = [
      el("span", {}, extent(examination)),
      examination.images > 0 && el("span", {}, plural("{n} series", "{n} series", examination.series.size)),
      el("span", {}, size(examination.bytes)),
      this.thereAs(known, examination.files.length),
    ];
    const line = drawnLine(box, title, facts, { "data-examination": true });
    const others = examination.files.filter((file) => this.other.has(file)).length;
    if (others > 0) explain(line, box, otherContent(others));
    return [line, ...papers.map((each) => this.drawnPaper(each, "item-beside"))];
  }

  private drawnPaper({ paper, box }: PaperChoice, place: string, why = ""): HTMLElement {
    const facts = [el("span", {}, size(paper.source.size)), this.thereAs(Number(this.there.has(paper)), 1)];
    const line = drawnLine(box, fileName(paper), facts, { "data-paper": true, class: `item ${place}` });
    if (why && !this.there.has(paper)) explain(line, box, why);
    return line;
  }

  /** `doubtful`: there are other people's images too, so a document by itself may be anybody's. */
  private drawnAlone(doubtful: boolean): HTMLElement[] {
    if (this.alone.length === 0) return [];
    const why = doubtful ? t("Nothing says whose document this is, so it is left out. If it is yours, tick it.") : "";
    const lines = this.alone.map((each) => this.drawnPaper(each, "", why));
    const list = el("ul", { role: "list", class: "list" }, ...lines);
    return [el("section", { class: "card", "data-alone": true }, el("h3", {}, t("Documents")), list)];
  }

  /** Photos tell more than they show; whoever wants that removed says so before they are stored. */
  private drawnCleaning(): HTMLElement[] {
    if (!this.all().some((item) => "photo" in item && item.photo)) return [];
    const words = el("span", {}, t("Remove place, camera and time from photos before they are stored"));
    const why = t("Their pictures stay as they are, point by point, and the day is kept in your list only.");
    return [
      el(
        "section",
        { class: "card" },
        el("label", { class: "choice" }, this.cleaning, words),
        el("p", { class: "soft small" }, why),
      ),
    ];
  }

  /** How many of some files are there already, said in words. */
  private thereAs(known: number, count: number): HTMLElement | false {
    if (known === 0) return false;
    if (known === count) return el("span", { class: "badge badge-good" }, t("already there"));
    return el("span", {}, t("{n} of {count} already there", { n: known, count }));
  }

  /** "Not mine" unticks everything of this person; "mine" ticks again what was ticked before. */
  private answered(person: Person, mine: boolean): void {
    const lines = person.choices.flatMap(({ examination, box, papers }) => [
      { box, there: examination.files.every((file) => this.there.has(file)) },
      ...papers.map((each) => ({ box: each.box, there: this.there.has(each.paper) })),
    ]);
    const ticked = lines.map(({ box }) => box).filter(({ checked }) => checked);
    if (!mine) person.before = new Set(ticked);
    const nothing = ticked.length === 0 && person.before.size === 0;
    for (const { box, there } of lines) {
      box.disabled = !mine;
      if (!mine) box.checked = false;
      else if (ticked.length === 0) box.checked = nothing ? !there : person.before.has(box);
    }
    person.mine = mine;
    this.changed();
  }
}

function otherContent(count: number): string {
  return plural(
    "{n} image with the same number but other content is stored already; that one will be kept",
    "{n} images with the same numbers but other content are stored already; those will be kept",
    count,
  );
}

/** A sentence under a line, which belongs to its box for whoever does not see it. */
function explain(line: HTMLElement, box: HTMLInputElement, why: string): void {
  const id = `why-${crypto.randomUUID()}`;
  one(".item-body", line).append(el("p", { class: "soft small", id }, why));
  box.setAttribute("aria-describedby", id);
}

type Attributes = Parameters<typeof el>[1];

function drawnLine(
  box: HTMLInputElement,
  title: string,
  facts: readonly (HTMLElement | false)[],
  marks: Attributes,
): HTMLElement {
  box.setAttribute("aria-label", title);
  const label = el("label", { class: "choice" }, box, el("span", {}, title));
  const body = el("div", { class: "item-body" }, label, el("div", { class: "facts" }, ...facts));
  return el("li", { class: "item", ...marks }, body);
}
