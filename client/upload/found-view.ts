/** What was found, as a person decides about it: whose, which examinations, is there room. */
import { el, icon } from "../dom";
import { postJson } from "../http";
import { plural, t } from "../i18n";
import type { Examination, Found, Patient } from "./grouping";
import type { Refusal } from "./sources";
import { day, expected, files, images, personName, reason, size } from "./words";

interface Identity {
  readonly answer: "matches" | "differs" | "unasked";
  readonly differs: string[];
}

interface Choice {
  readonly examination: Examination;
  readonly box: HTMLInputElement;
}

interface Person {
  readonly patient: Patient;
  readonly identity: Identity;
  readonly choices: Choice[];
  /** The answer to "whose images are these?", when it is asked. */
  mine: boolean | undefined;
}

/** The list of what was found and what the person decided. */
export class FoundView {
  private people: Person[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly changed: () => void,
  ) {}

  /** Show patients with their examinations; only one's own are proposed. */
  async show(patients: readonly Patient[]): Promise<void> {
    this.people = await Promise.all(patients.map(async (patient) => this.person(patient)));
    const someMatch = this.people.some(({ identity }) => identity.answer === "matches");
    for (const { identity, choices } of this.people) {
      const proposed = identity.answer !== "differs" || !someMatch;
      for (const { box } of choices) box.checked = proposed;
    }
    this.list.replaceChildren(...this.people.map((person) => this.drawn(person)));
  }

  /** The files the person wants to upload. */
  chosen(): Found[] {
    return this.wanted().flatMap(({ examination }) => examination.files);
  }

  /** The examinations the person wants to upload. */
  examinations(): Examination[] {
    return this.wanted().map(({ examination }) => examination);
  }

  /** Whether an answer about whose images these are is still missing. */
  unanswered(): boolean {
    return this.people.some(
      ({ identity, choices, mine }) =>
        identity.answer === "differs" && mine === undefined && choices.some(({ box }) => box.checked),
    );
  }

  private wanted(): Choice[] {
    return this.people
      .filter(({ mine }) => mine !== false)
      .flatMap(({ choices }) => choices.filter(({ box }) => box.checked));
  }

  private async person(patient: Patient): Promise<Person> {
    const identity = await postJson<Identity>("/uploads/identity", {
      name: patient.name,
      birth_date: patient.birthDate,
      sex: patient.sex,
    });
    const choices = patient.examinations.map((examination) => ({
      examination,
      box: el("input", { type: "checkbox", onchange: () => this.changed() }),
    }));
    return { patient, identity, choices, mine: undefined };
  }

  private drawn(person: Person): HTMLElement {
    const { patient, identity, choices } = person;
    const birth = day(patient.birthDate);
    const name = el("h3", {}, personName(patient.name));
    const facts = el(
      "div",
      { class: "row row-between" },
      el("div", {}, name, birth && el("p", { class: "soft small" }, t("born {date}", { date: birth }))),
      identity.answer === "matches" && el("span", { class: "badge badge-good" }, t("matches your profile")),
    );
    const list = el("ul", { role: "list", class: "list" }, ...choices.map(drawnChoice));
    const question = identity.answer === "differs" && this.question(person);
    return el("section", { class: "card", "data-patient": true }, facts, question, list);
  }

  private question(person: Person): HTMLElement {
    const group = `mine-${crypto.randomUUID()}`;
    const option = (mine: boolean, words: string) =>
      el(
        "label",
        { class: "choice choice-boxed" },
        el("input", {
          type: "radio",
          name: group,
          value: mine ? "mine" : "not-mine",
          onchange: () => {
            person.mine = mine;
            this.changed();
          },
        }),
        el("span", {}, words),
      );
    const body = el(
      "fieldset",
      { class: "notice-body stack-tight" },
      el("legend", {}, el("strong", {}, t("These images carry other details than your profile:"), " "), different(person.identity)),
      option(true, t("They are mine (for example under my name before marriage)")),
      option(false, t("They are not mine – leave them out")),
    );
    return el("div", { class: "notice notice-caution", "data-question": true }, icon("warning"), body);
  }
}

function different(identity: Identity): string {
  const words: Record<string, string> = {
    name: t("the name"),
    birth_date: t("the date of birth"),
    sex: t("the sex"),
  };
  return identity.differs.map((field) => words[field] ?? field).join(", ");
}

function drawnChoice({ examination, box }: Choice): HTMLElement {
  const title = titleOf(examination);
  box.setAttribute("aria-label", title);
  const facts = el(
    "div",
    { class: "facts" },
    el("span", {}, extent(examination)),
    el("span", {}, plural("{n} series", "{n} series", examination.series.size)),
    el("span", {}, size(examination.bytes)),
  );
  const label = el("label", { class: "choice" }, box, el("span", {}, title));
  return el("li", { class: "item", "data-examination": true }, el("div", { class: "item-body" }, label, facts));
}

/** How much it is: images as people count them, or files where there are none. */
function extent(examination: Examination): string {
  return examination.images > 0 ? images(examination.images) : files(examination.files.length);
}

/** "CT head 12 March 2026". */
export function titleOf(examination: Examination): string {
  const how = [...examination.modalities].sort().join(", ");
  const parts = [how, examination.description, day(examination.date)].filter(Boolean);
  return parts.join(" · ") || t("Examination");
}

/** "2 examinations found: CT head 12.03.2026 (120 images, 201 MB), …". */
export function foundSentence(patients: readonly Patient[]): string {
  const all = patients.flatMap(({ examinations }) => examinations);
  if (all.length === 0) return t("No examinations found");
  const named = all
    .slice(0, 3)
    .map((each) => `${titleOf(each)} (${extent(each)}, ${size(each.bytes)})`);
  if (all.length > named.length) named.push("…");
  const count = plural("{n} examination found", "{n} examinations found", all.length);
  return `${count}: ${named.join(", ")}`;
}

/** Files that are not taken, those nobody expected first. */
export function drawRefused(refused: readonly Refusal[]): HTMLElement[] {
  const odd = refused.filter(({ why }) => !expected(why));
  const usual = refused.filter(({ why }) => expected(why));
  return [
    ...listed(odd, plural("{n} file not understood", "{n} files not understood", odd.length), true),
    ...listed(usual, t("Skipped, not needed: {files}", { files: files(usual.length) }), false),
  ];
}

const SHOWN = 500;

function listed(refused: readonly Refusal[], title: string, open: boolean): HTMLElement[] {
  if (refused.length === 0) return [];
  const lines = refused
    .slice(0, SHOWN)
    .map(({ name, why }) => el("li", {}, el("strong", {}, name), ` – ${reason(why)}`));
  if (refused.length > SHOWN) {
    lines.push(el("li", {}, t("and {files} more", { files: files(refused.length - SHOWN) })));
  }
  const list = el("ul", { class: "small" }, ...lines);
  return [el("details", { class: "disclosure", open }, el("summary", {}, title), list)];
}
