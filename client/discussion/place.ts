/** Where posts stand in the page, and how many of them are new. */
import { all, el, maybe, one } from "../ground/dom";
import { fragment } from "../html";
import { asToolbars, sameReaction } from "./reactions";

/** What came for a post while somebody was editing it: put in its place once the editing ends. */
const heldBack = new Map<string, string>();

export const byPost = (id: string) => document.getElementById(`post-${id}`);
export const byThread = (id: string) => document.getElementById(`thread-${id}`);
export const seqOf = (post: HTMLElement) => Number(post.dataset["seq"] ?? 0);

/** The elements of a rendered partial, in order. */
export function rendered(html: string): HTMLElement[] {
  const made = fragment(html);
  asToolbars(made);
  return [...made.children].filter((each) => each instanceof HTMLElement);
}

function waitingFor(client: string | undefined, account: string, fresh: HTMLElement): HTMLElement | null {
  if (client === undefined || fresh.dataset["author"] !== account) return null;
  return maybe(`[data-waiting="${CSS.escape(client)}"]`);
}

/** Put a post as it is now into the page; true when it was not there before. */
export function put(html: string, account: string): boolean {
  const [fresh] = rendered(html);
  if (fresh === undefined) return false;
  waitingFor(fresh.dataset["client"], account, fresh)?.remove();
  const shown = document.getElementById(fresh.id);
  if (shown !== null) {
    if (shown.hasAttribute("data-editing")) {
      heldBack.set(fresh.id, html);
      return false;
    }
    if (!shown.hasAttribute("data-unread")) markSeen(fresh);
    const focused = shown.contains(document.activeElement);
    const place = sameReaction(document.activeElement, fresh) ?? fresh;
    shown.replaceWith(fresh);
    if (focused) {
      // The post first: what is shown only while the focus is in it could not take it otherwise.
      fresh.focus({ preventScroll: true });
      place.focus({ preventScroll: true });
    }
    return false;
  }
  const section = byThread(fresh.dataset["thread"] ?? "");
  if (section === null || beyond(section, fresh)) return false;
  insert(section, fresh);
  return true;
}

/** Whether the post belongs to a part of the thread that the page has not loaded. */
function beyond(section: HTMLElement, fresh: HTMLElement): boolean {
  const earlier = Number(one("[data-earlier]", section).dataset["earlier"]);
  const later = Number(one("[data-later]", section).dataset["later"]);
  return (earlier > 0 && seqOf(fresh) < earlier) || (later > 0 && seqOf(fresh) > later);
}

function insert(section: HTMLElement, fresh: HTMLElement): void {
  const list = one("[data-posts]", section);
  const next = all(":scope > .post", list).find(
    (each) => each.dataset["waiting"] !== undefined || seqOf(each) > seqOf(fresh),
  );
  list.insertBefore(fresh, next ?? null);
}

/** Replace what a thread shows by another stretch of it. */
export function putStretch(section: HTMLElement, html: string, earlier: number, later: number): void {
  one("[data-posts]", section).replaceChildren(...rendered(html));
  setEdge(section, "earlier", earlier);
  setEdge(section, "later", later);
}

export function setEdge(section: HTMLElement, edge: "earlier" | "later", seq: number): void {
  const box = one(`[data-${edge}]`, section);
  box.dataset[edge] = String(seq);
  box.hidden = seq === 0;
}

/** The newest state of a post that was held back while it was edited; undefined when none came. */
export function takeHeldBack(post: HTMLElement): string | undefined {
  const html = heldBack.get(post.id);
  heldBack.delete(post.id);
  return html;
}

function markSeen(post: HTMLElement): void {
  post.removeAttribute("data-unread");
  maybe("[data-new]", post)?.remove();
}

/** Everything of a thread up to change `seq` is new no more; returns the posts that were. */
export function readTo(section: HTMLElement, seq: number): HTMLElement[] {
  const read = all("[data-unread]", section).filter((each) => seqOf(each) <= seq);
  read.forEach(markSeen);
  // Who has read one has read all before it, loaded or not: with nothing behind, what is left is here.
  const whole = read.length > 0 && one("[data-later]", section).hidden;
  const left = all("[data-unread]", section).length;
  addUnread(section, whole ? left - unreadIn(section) : -read.length);
  return read;
}

const unreadIn = (section: HTMLElement) => Number(one("[data-unread-count]", section).textContent);

/** The thread in the list above the discussion, which shows once there are two. */
export function listThread(section: HTMLElement): void {
  const id = section.dataset["threadSection"] ?? "";
  const list = maybe("[data-thread-list]");
  if (list === null || maybe(`[data-thread-link="${CSS.escape(id)}"]`, list) !== null) return;
  const title = el("span", { class: "clip" }, one("h2", section).textContent);
  const unread = one("[data-unread-count]", section).textContent;
  const count = el("span", { class: "badge badge-count", "data-link-count": true }, unread);
  count.hidden = Number(unread) === 0;
  const link = el("a", { href: `#${section.id}`, "data-thread-link": id }, title, " ", count);
  list.append(el("li", {}, link));
  const nav = list.closest("nav");
  if (nav !== null) nav.hidden = list.children.length < 2;
}

export function addUnread(section: HTMLElement, more: number): void {
  const shown = one("[data-unread-count]", section);
  const count = Math.max(0, unreadIn(section) + more);
  shown.textContent = String(count);
  const jump = one<HTMLAnchorElement>("[data-unread-jump]", section);
  jump.hidden = count === 0;
  // What came last is the first unread one only where there was none; what was read is none.
  const first = maybe("[data-unread]", section) ?? section;
  if (more < 0 || count === more) jump.href = `#${first.id}`;
  const link = maybe(`[data-thread-link="${section.dataset["threadSection"]}"] [data-link-count]`);
  if (link === null) return;
  link.textContent = String(count);
  link.hidden = count === 0;
}

/** Bring a post into sight and make it the place where the keyboard is. */
export function goTo(post: HTMLElement): void {
  post.scrollIntoView({ block: "start" });
  post.focus({ preventScroll: true });
}
