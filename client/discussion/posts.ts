/** What can be done with a post that is there: react, edit, delete, look around it. */
import { el, maybe, on, one } from "../ground/dom";
import { getJson, postJson, Refused } from "../http";
import { t } from "../ground/i18n";
import { shortcut } from "../ground/keys";
import { busy, toast } from "../ui";
import { type Draft, edit, openEdits } from "./editing";
import { byPost, byThread, goTo, put, putStretch, rendered, setEdge } from "./place";
import type { Answer, Waiting } from "./queue";

interface Stretch {
  readonly html: string;
  readonly more: boolean;
}

interface Around {
  readonly thread: string;
  readonly html: string;
  readonly earlier: number;
  readonly later: number;
}

export class Posts {
  readonly #account: string;
  readonly #changed: () => void;
  readonly #entered: (post: HTMLElement) => void;

  constructor(page: HTMLElement, changed: () => void, entered: (post: HTMLElement) => void) {
    this.#account = page.dataset["account"] ?? "";
    this.#changed = changed;
    this.#entered = entered;
    on(document, "submit", "[data-react]", (event, form) => this.#react(event as SubmitEvent, form));
    on(document, "submit", "[data-delete]", (event, form) => this.#delete(event, form));
    on(document, "click", "[data-edit]", (_event, button) => {
      const post = button.closest<HTMLElement>("[data-post]");
      if (post !== null) this.#edit(post);
    });
    on(document, "click", "[data-earlier] button", (_event, button) => void this.#more(button, "earlier"));
    on(document, "click", "[data-later] button", (_event, button) => void this.#more(button, "later"));
    on(document, "click", "[data-unread-jump]", (event, link) => {
      event.preventDefault();
      const section = link.closest<HTMLElement>("[data-thread-section]");
      if (section !== null) void this.toUnread([section]);
    });
    addEventListener("hashchange", () => void this.goToHash());
    shortcut("j", t("Next post"), () => step(1));
    shortcut("k", t("Previous post"), () => step(-1));
    shortcut("r", t("Reply to the post"), () => {
      const post = document.activeElement?.closest(".post");
      if (post !== null && post !== undefined) maybe("[data-reply]", post)?.click();
    });
  }

  #edit(post: HTMLElement, begun?: Draft): void {
    edit(post, { account: this.#account, saved: (answer) => this.#answered(answer) }, begun);
  }

  /** What is being written into posts; call the answer once the page's parts have been replaced. */
  keepEdits(): () => void {
    const drafts = openEdits();
    return () => {
      for (const draft of drafts) {
        const post = byPost(draft.post);
        if (post !== null) this.#edit(post, draft);
      }
    };
  }

  #answered(answer: Answer): void {
    put(answer.html, this.#account);
    this.#changed();
  }

  #react(event: SubmitEvent, form: HTMLElement): void {
    event.preventDefault();
    if (!(form instanceof HTMLFormElement) || !(event.submitter instanceof HTMLButtonElement)) return;
    const kind = event.submitter.value;
    const on = one<HTMLInputElement>("[name=on]", form).value;
    // The button keeps the focus: the same reaction sent twice is one.
    void this.#do(form, postJson<Answer>(form.action, { kind, on }));
  }

  #delete(event: Event, form: HTMLElement): void {
    // The page asks first, and sends the form again when the person agreed.
    if (!(form instanceof HTMLFormElement) || form.dataset["agreed"] === undefined) return;
    event.preventDefault();
    void this.#do(form, postJson<Answer>(form.action, {}));
  }

  async #do(target: HTMLElement, work: Promise<Answer>): Promise<void> {
    try {
      this.#answered(await busy(target, work));
    } catch (error) {
      toast((error as Error).message, "danger");
    }
  }

  /** To the first unread post of these threads, also when the page has not loaded that part. */
  async toUnread(sections: readonly HTMLElement[]): Promise<void> {
    for (const section of sections) {
      const jump = one<HTMLAnchorElement>("[data-unread-jump]", section);
      if (jump.hidden) continue;
      if (jump.hash !== "" && document.getElementById(jump.hash.slice(1)) === null) {
        location.hash = jump.hash; // its address brings it
        return;
      }
      const later = one("[data-later]", section);
      while (maybe("[data-unread]", section) === null && !later.hidden) {
        if (!(await this.#more(one("button", later), "later"))) return;
      }
      const first = maybe("[data-unread]", section);
      if (first === null) continue;
      goTo(first);
      return;
    }
  }

  /** Load what is before or behind what a thread shows; false when that did not work. */
  async #more(button: HTMLElement, edge: "earlier" | "later"): Promise<boolean> {
    const section = button.closest<HTMLElement>("[data-thread-section]");
    if (section === null) return false;
    const from = one(`[data-${edge}]`, section).dataset[edge] ?? "0";
    const asked = edge === "earlier" ? `before=${from}` : `after=${from}`;
    const path = `/threads/${section.dataset["threadSection"]}/posts?${asked}`;
    try {
      const found = await busy(button, getJson<Stretch>(path));
      const posts = rendered(found.html);
      const last = edge === "earlier" ? posts[0] : posts.at(-1);
      const list = one("[data-posts]", section);
      const top = list.firstElementChild;
      if (edge === "earlier") list.prepend(...posts);
      else list.append(...posts);
      setEdge(section, edge, found.more ? Number(last?.dataset["seq"] ?? 0) : 0);
      if (edge === "earlier") top?.scrollIntoView({ block: "start" });
      this.#changed();
      return true;
    } catch (error) {
      toast((error as Error).message, "danger");
      return false;
    }
  }

  /** To the post that the address names, even when the page has not loaded that part. */
  async goToHash(): Promise<void> {
    const id = /^#post-([0-9a-f-]{36})$/.exec(location.hash)?.[1];
    if (id === undefined) return;
    if (byPost(id) === null) {
      try {
        const around = await getJson<Around>(`/posts/${id}/around`);
        const section = byThread(around.thread);
        if (section !== null) putStretch(section, around.html, around.earlier, around.later);
        this.#changed();
      } catch (error) {
        if (error instanceof Refused) return; // an address of something that is not here
        throw error;
      }
    }
    const post = byPost(id);
    if (post === null) return;
    this.#entered(post);
    goTo(post);
  }
}

function step(by: 1 | -1): void {
  const posts = [...document.querySelectorAll<HTMLElement>(".post[data-post]")];
  const here = document.activeElement?.closest<HTMLElement>(".post");
  const at = here === null || here === undefined ? -1 : posts.indexOf(here);
  const next = posts[at === -1 && by === -1 ? posts.length - 1 : at + by];
  if (next !== undefined) goTo(next);
}

/** A post that has not reached the server: it stands where it will be, and says so. */
export function showWaiting(post: Waiting, name: string): void {
  const section = byThread(post.thread);
  if (section === null || maybe(`[data-waiting="${CSS.escape(post.client)}"]`) !== null) return;
  const badge = el("span", { class: "badge badge-caution" }, t("waiting to be sent"));
  const head = el("header", { class: "post-head" }, el("strong", {}, name), badge);
  const pinned = post.pin && el("p", { class: "soft small" }, t("with this view"));
  const words = el("p", { class: "post-text" }, post.text);
  const article = el(
    "article",
    { class: "post post-waiting", "data-waiting": post.client, tabindex: "-1" },
    head,
    words,
    pinned,
  );
  one("[data-posts]", section).append(article);
  article.scrollIntoView({ block: "nearest" });
}

export function dropWaiting(post: Waiting): void {
  maybe(`[data-waiting="${CSS.escape(post.client)}"]`)?.remove();
}
