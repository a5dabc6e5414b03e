/** "@": calling a member by name while writing. */
import { all, el, maybe } from "../ground/dom";

export interface Member {
  readonly id: string;
  readonly name: string;
  /** Until when they are away and who stands in, in words; empty while they are there. */
  readonly away: string;
}

const MOST = 8;

interface Open {
  readonly text: HTMLTextAreaElement;
  readonly list: HTMLElement;
  readonly from: number;
  readonly members: readonly Member[];
}

/** The list of names under a composer; arrows, Enter, Tab and Escape work as in a combo box. */
export class Names {
  readonly #members: readonly Member[];
  #open: Open | undefined;

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** After each key: offer who fits what stands between the @ and the cursor. */
  typed(text: HTMLTextAreaElement): void {
    const list = maybe("[data-names]", text.form ?? document);
    const written = text.value.slice(0, text.selectionStart);
    const from = written.lastIndexOf("@");
    const word = written.slice(from + 1).toLocaleLowerCase();
    const begins = from === 0 || /[\s(]/.test(written[from - 1] ?? "");
    if (list === null || from < 0 || !begins || word.includes("\n")) {
      this.close();
      return;
    }
    const fitting = this.#members.filter(({ name }) => name.toLocaleLowerCase().includes(word));
    if (fitting.length === 0 || fitting.some(({ name }) => name.toLocaleLowerCase() === word.trim())) {
      this.close();
      return;
    }
    this.#show({ text, list, from, members: fitting.slice(0, MOST) });
  }

  #show(open: Open): void {
    this.#open = open;
    const options = open.members.map((member, at) =>
      el(
        "li",
        {
          role: "option",
          id: `${open.text.id}-name-${at}`,
          "aria-selected": at === 0 ? "true" : "false",
          // Before the text loses its focus.
          onpointerdown: (event) => {
            event.preventDefault();
            this.#choose(member.name);
          },
        },
        member.name,
        member.away === "" ? null : el("span", { class: "composer-away" }, member.away),
      ),
    );
    open.list.replaceChildren(...options);
    open.list.hidden = false;
    open.text.setAttribute("aria-activedescendant", options[0]?.id ?? "");
  }

  /** True when the key was meant for the list. */
  key(event: KeyboardEvent): boolean {
    if (this.#open === undefined) return false;
    const options = all('[role="option"]', this.#open.list);
    const at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        this.#select(options, at + (event.key === "ArrowDown" ? 1 : -1));
        break;
      case "Enter":
      case "Tab":
        this.#choose(this.#open.members[at]?.name ?? "");
        break;
      case "Escape":
        this.close();
        break;
      default:
        return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #select(options: readonly HTMLElement[], to: number): void {
    const next = options.at(to % options.length);
    for (const each of options) each.setAttribute("aria-selected", String(each === next));
    next?.scrollIntoView({ block: "nearest" });
    this.#open?.text.setAttribute("aria-activedescendant", next?.id ?? "");
  }

  #choose(name: string): void {
    if (this.#open === undefined) return;
    const { text, from } = this.#open;
    text.setRangeText(`@${name} `, from, text.selectionStart, "end");
    this.close();
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  }

  close(): void {
    if (this.#open === undefined) return;
    this.#open.list.hidden = true;
    this.#open.text.removeAttribute("aria-activedescendant");
    this.#open = undefined;
  }
}
