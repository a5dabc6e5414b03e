/** Writing: drafts that survive, replies, names, "Post with this view"; sending is the queue's. */
import { all, maybe, on, one } from "../ground/dom";
import { t } from "../ground/i18n";
import { toast } from "../ui";
import type { Images, Pinned } from "./images";
import type { Names } from "./names";
import { byPost, byThread, goTo } from "./place";
import type { Queue, Waiting } from "./queue";
import type { Safe } from "./safe";

const DRAFT_MS = 300;

export class Composers {
  readonly #case: string;
  readonly #safe: Safe;
  readonly #queue: Queue;
  readonly #names: Names;
  readonly #images: Images | undefined;
  readonly #drafts = new Map<string, number>();

  constructor(
    page: HTMLElement,
    tools: { safe: Safe; queue: Queue; names: Names; images: Images | undefined },
    typing: (thread: string) => void,
  ) {
    this.#case = page.dataset["case"] ?? "";
    this.#safe = tools.safe;
    this.#queue = tools.queue;
    this.#names = tools.names;
    this.#images = tools.images;
    on(document, "submit", "[data-composer]", (event, form) => {
      event.preventDefault();
      if (form instanceof HTMLFormElement) void this.#once(form, () => this.#send(form, null));
    });
    on(document, "click", "[data-with-view]", (_event, button) => {
      const form = button.closest("form");
      if (form !== null) void this.#once(form, () => this.#sendWithView(form, button));
    });
    on(document, "input", "[data-composer] textarea", (_event, text) => {
      if (!(text instanceof HTMLTextAreaElement)) return;
      this.#keep(text);
      this.#names.typed(text);
      typing(threadOf(text));
    });
    on(document, "keydown", "[data-composer] textarea", (event, text) => this.#key(event, text));
    on(document, "focusout", "[data-composer] textarea", () => this.#names.close());
    // A page that is put away may not come back: nothing waits for the next moment then.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) void this.keepNow();
    });
    on(document, "click", "[data-reply]", (_event, button) => this.reply(button));
    on(document, "click", "[data-stop-reply]", (_event, button) => {
      const form = button.closest("form");
      if (form !== null) stopReply(form);
    });
  }

  /** Give every composer back what was being written. */
  async restore(): Promise<void> {
    for (const form of all<HTMLFormElement>("[data-composer]")) {
      const text = one<HTMLTextAreaElement>("textarea", form);
      const draft = await this.#safe.draft(threadOf(text));
      if (text.value === "") text.value = draft;
      else if (text.value !== draft) this.#keep(text); // typed before anybody listened
    }
  }

  /** Keep every composer's words at once: the page is about to replace them. */
  async keepNow(): Promise<void> {
    for (const text of all<HTMLTextAreaElement>("[data-composer] textarea")) {
      const thread = threadOf(text);
      clearTimeout(this.#drafts.get(thread));
      const changed = this.#drafts.delete(thread);
      if (changed || text.value !== "") await this.#safe.keepDraft(thread, text.value);
    }
  }

  /** Put words that could not be posted back where they can be changed. */
  async giveBack(post: Waiting, problem: string): Promise<void> {
    const form = maybe<HTMLFormElement>(`[data-composer="${post.thread}"]`);
    const text = form === null ? null : maybe<HTMLTextAreaElement>("textarea", form);
    const written = text?.value ?? (await this.#safe.draft(post.thread));
    const words = written === "" ? post.text : `${post.text}\n\n${written}`;
    await this.#safe.keepDraft(post.thread, words);
    if (text === null || form === null) {
      toast(problem, "danger");
      return;
    }
    text.value = words;
    complain(form, problem);
  }

  reply(button: HTMLElement): void {
    const post = button.closest<HTMLElement>("[data-post]");
    const section = byThread(post?.dataset["thread"] ?? "");
    const form = section === null ? null : maybe<HTMLFormElement>("[data-composer]", section);
    if (post === null || form === null) return;
    one<HTMLInputElement>("[name=reply_to]", form).value = post.dataset["post"] ?? "";
    const name = one(".post-who strong", post).textContent ?? "";
    one("[data-replying-to]", form).textContent = t("Reply to {name}", { name });
    one("[data-replying]", form).hidden = false;
    one("textarea", form).focus();
    form.scrollIntoView({ block: "nearest" }); // with its buttons, which the focus alone leaves out
  }

  #key(event: KeyboardEvent, text: HTMLElement): void {
    if (this.#names.key(event) || !(text instanceof HTMLTextAreaElement)) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      text.form?.requestSubmit();
    }
    if (event.key === "Escape" && text.form !== null) {
      const answered = one<HTMLInputElement>("[name=reply_to]", text.form).value;
      stopReply(text.form);
      const post = byPost(answered);
      if (post !== null) goTo(post);
    }
  }

  #keep(text: HTMLTextAreaElement): void {
    const thread = threadOf(text);
    clearTimeout(this.#drafts.get(thread));
    const keep = () => {
      this.#drafts.delete(thread);
      void this.#safe.keepDraft(thread, text.value);
    };
    this.#drafts.set(thread, window.setTimeout(keep, DRAFT_MS));
  }

  /** The same words are taken once, however often the button is pressed. */
  async #once(form: HTMLFormElement, send: () => Promise<void>): Promise<void> {
    if (form.hasAttribute("data-sending")) {
      one("textarea", form).focus();
      return;
    }
    form.setAttribute("data-sending", "");
    try {
      await send();
    } finally {
      form.removeAttribute("data-sending");
    }
  }

  async #sendWithView(form: HTMLFormElement, button: HTMLElement): Promise<void> {
    const pin = await this.#images?.pick();
    if (pin === null) button.focus();
    else if (pin === undefined) complain(form, t("There is no image to pin yet."));
    else await this.#send(form, pin);
  }

  async #send(form: HTMLFormElement, pin: Pinned | null): Promise<void> {
    const text = one<HTMLTextAreaElement>("textarea", form);
    const reply = one<HTMLInputElement>("[name=reply_to]", form);
    const client = one<HTMLInputElement>("[name=client_id]", form);
    const typed = text.value;
    const words = typed.trim();
    if (words === "" && pin === null) {
      text.focus();
      return;
    }
    const thread = threadOf(text);
    const post: Waiting = {
      client: client.value,
      case: this.#case,
      thread,
      text: words,
      replyTo: reply.value,
      pin,
    };
    try {
      await this.#queue.add(post);
    } catch {
      complain(form, t("This browser has no room for the post. Free some, then try again."));
      return;
    }
    clearTimeout(this.#drafts.get(thread));
    this.#drafts.delete(thread);
    client.value = crypto.randomUUID();
    // What was typed while the post was put away belongs to the next one.
    text.value = text.value.startsWith(typed) ? text.value.slice(typed.length) : text.value;
    stopReply(form);
    complain(form, "");
    await this.#safe.keepDraft(thread, text.value);
  }
}

function threadOf(text: HTMLElement): string {
  return text.closest<HTMLElement>("[data-composer]")?.dataset["composer"] ?? "";
}

function stopReply(form: HTMLFormElement): void {
  one<HTMLInputElement>("[name=reply_to]", form).value = "";
  one("[data-replying]", form).hidden = true;
}

function complain(form: HTMLFormElement, problem: string): void {
  const box = one("[data-problem]", form);
  box.textContent = problem;
  box.hidden = problem === "";
}
