/** Who else is here, and who is writing: told by sockets, stored nowhere. */
import { maybe } from "../ground/dom";
import { t } from "../ground/i18n";
import type { Member } from "./names";
import { byThread } from "./place";

const WRITING_MS = 4000;
const HERE_MS = 30_000;
/** Until when whoever is here has answered a page that comes (back). */
const ANSWERED_MS = 2000;
const NAMED = 2;

/** More than two names would not stand on one line of a phone. */
function company(here: readonly string[]): string {
  if (here.length === 0) return "";
  if (here.length <= NAMED) return t("Also here: {names}", { names: here.join(", ") });
  return t("Also here: {name} and {number} more", { name: here[0] ?? "", number: here.length - 1 });
}

/** Who is writing just now; more than two are counted, as above. */
function writers(names: readonly string[]): string {
  const [name = "", other] = names;
  if (name === "") return "";
  if (other === undefined) return t("{name} is writing …", { name });
  if (names.length === NAMED) return t("{name} and {other} are writing …", { name, other });
  return t("{name} and {number} more are writing …", { name, number: names.length - 1 });
}

/** What becomes of what one writes now. */
function alone(): string {
  return navigator.onLine
    ? t("No live connection: new posts appear every few seconds. What you post is sent as always.")
    : t("You are offline. What you post waits on this device and is sent as soon as you are back.");
}

export class Company {
  readonly #names: ReadonlyMap<string, string>;
  readonly #here = new Map<string, number>();
  readonly #writing = new Map<string, Map<string, number>>();
  #connected = true;

  constructor(members: readonly Member[]) {
    this.#names = new Map(members.map(({ id, name }) => [id, name]));
    setInterval(() => this.#show(), 2000);
    for (const each of ["online", "offline"]) addEventListener(each, () => this.#show());
  }

  present(account: string): void {
    this.#here.set(account, Date.now() + HERE_MS);
    this.#show();
  }

  typing(thread: string, account: string): void {
    const writing = this.#writing.get(thread) ?? new Map<string, number>();
    writing.set(account, Date.now() + WRITING_MS);
    this.#writing.set(thread, writing);
    this.#show();
  }

  /** The post has arrived: nobody is writing it any more. */
  wrote(thread: string, account: string): void {
    this.#writing.get(thread)?.delete(account);
    this.#show();
  }

  connected(is: boolean): void {
    this.#connected = is;
    // Who left during the break does not answer; who is here does at once.
    const soon = Date.now() + ANSWERED_MS;
    if (is) for (const [account, end] of this.#here) this.#here.set(account, Math.min(end, soon));
    this.#show();
  }

  #named(until: ReadonlyMap<string, number>): string[] {
    const now = Date.now();
    return [...until].filter(([, end]) => end > now).flatMap(([id]) => this.#names.get(id) ?? []);
  }

  #show(): void {
    for (const [thread, writing] of this.#writing) {
      const place = maybe("[data-typing]", byThread(thread) ?? document.createElement("i"));
      const names = this.#named(writing);
      const words = writers(names);
      if (place !== null && place.textContent !== words) place.textContent = words;
    }
    const line = maybe("[data-connection]");
    if (line === null) return;
    const here = this.#named(this.#here);
    const words = this.#connected && navigator.onLine ? company(here) : alone();
    if (line.textContent === words) return;
    line.textContent = words;
    line.title = here.length > NAMED ? here.join(", ") : "";
  }
}
