/**
 * The lock: a page that nobody touches is covered, and goes on where it was when its person is back.
 *
 * Covering ends the session on the server. What lies under the cover cannot be seen, found, read
 * aloud, printed or reached; only the same account lifts it, another one gets a fresh page.
 */
import { all, maybe, on, one } from "./ground/dom";
import { getJson, Offline, postJson, Refused, request } from "./http";
import { t } from "./ground/i18n";
import { shortcut } from "./ground/keys";
import { ask, possible, wordsFor } from "./passkeys";

interface Session {
  readonly account: string;
  readonly csrf: string;
  readonly ends_in: number;
}

type Opened = Session | { readonly lacking: "second" | "setup" };

const WARNED_BEFORE_MS = 60_000;
const ALIVE_EVERY_MS = 60_000;
const TOLD_EVERY_MS = 10_000;
const LOOKED_EVERY_MS = 1000;
/** A form that was just sent may have ended the session itself; its answer is waited for. */
const ANSWERED_MS = 3000;
/** When another window may have got the cookie of the session that took the place of this one. */
const REPLACED_MS = 2000;

const cover = one<HTMLDialogElement>("#lock");
const warning = one("#lock-warning");
const form = one<HTMLFormElement>("form", cover);
const account = cover.dataset["account"] ?? "";
const idleMs = Number(cover.dataset["idle"]) * 1000;
const windows = new BroadcastChannel("hds-session");
const title = document.title;

let touched = Date.now();
let alive = Date.now();
let told = 0;
let endsAt = Infinity;
let locked = false;
let sent = -Infinity;
let focused: Element | null = null;

function touch(): void {
  if (locked) return;
  const now = Date.now();
  if (now - touched >= idleMs) return; // the machine slept: this touch comes too late
  touched = now;
  warning.hidden = true;
  if (now - told < TOLD_EVERY_MS) return;
  told = now;
  windows.postMessage({ account, said: "touched" });
}

async function look(): Promise<void> {
  if (locked) return;
  const now = Date.now();
  const left = Math.min(touched + idleMs, endsAt) - now;
  if (left <= 0) {
    lock();
    return;
  }
  warning.hidden = left > WARNED_BEFORE_MS;
  if (touched <= alive || now - alive < ALIVE_EVERY_MS) return;
  alive = now;
  await check();
}

/** Whether the session is still there and this page's; asking keeps it from ending. */
async function check(): Promise<void> {
  try {
    const session = await getJson<Session>("/session");
    if (session.account !== account) {
      hide(); // it is not theirs, and words that were not saved keep nobody here
      location.reload();
    }
    endsAt = Date.now() + session.ends_in * 1000;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) hide();
  }
}

/** The line has ended: when the session has, wherever that was done, the page is covered at once. */
async function lineEnded(): Promise<void> {
  const wait = sent + ANSWERED_MS - Date.now();
  if (wait > 0) await new Promise((later) => setTimeout(later, wait));
  if (locked) return;
  await check();
  if (locked) setTimeout(() => locked && void follow(), REPLACED_MS);
}

function lock(): void {
  if (locked) return;
  hide();
  windows.postMessage({ account, said: "locked" });
  request("/lock", { method: "POST", timeoutMs: 10_000 }).then(offerPasskey, () => undefined);
}

function hide(): void {
  if (locked) return;
  locked = true;
  focused = document.activeElement;
  warning.hidden = true;
  document.documentElement.dataset["locked"] = "";
  document.title = `${t("Locked")} · HealthDataSpace`;
  askFor("password");
  cover.showModal();
  one<HTMLInputElement>("[name=proof_password]", form).focus();
}

function askFor(what: "password" | "code"): void {
  for (const part of all("[data-lock-asks]", cover)) part.hidden = part.dataset["lockAsks"] !== what;
  const input = one<HTMLInputElement>(`[name=proof_${what}]`, form);
  for (const each of all<HTMLInputElement>("[data-lock-asks] input", form)) {
    each.value = "";
    each.required = each === input;
  }
  if (cover.open) input.focus();
}

function lift(session: Session): void {
  endsAt = Date.now() + session.ends_in * 1000;
  touched = alive = Date.now();
  for (const meta of all<HTMLMetaElement>('meta[name="csrf"]')) meta.content = session.csrf;
  for (const input of all<HTMLInputElement>('input[name="csrf"]')) input.value = session.csrf;
  locked = false;
  delete document.documentElement.dataset["locked"];
  document.title = title;
  cover.close();
  if (focused instanceof HTMLElement) focused.focus();
  window.dispatchEvent(new Event("hds:unlocked"));
}

async function unlock(proof: Readonly<Record<string, string>>): Promise<void> {
  complain("");
  form.setAttribute("aria-busy", "true");
  try {
    const opened = await postJson<Opened>("/unlock", { account, ...proof });
    if (!("lacking" in opened)) {
      lift(opened);
      windows.postMessage({ account, said: "unlocked" });
    } else if (opened.lacking === "second") {
      askFor("code");
      await offerPasskey();
    } else location.assign("/sign-in");
  } catch (error) {
    answerNo(error);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function answerNo(error: unknown): void {
  // Somebody else has signed in with this browser: what is under the cover is not theirs.
  if (error instanceof Refused && error.code === "cross_site") location.reload();
  if (error instanceof Refused && error.code === "half_over") askFor("password");
  const known = error instanceof Refused || error instanceof Offline;
  complain(known ? error.message : t("That did not work. Please try again."));
}

function complain(words: string): void {
  const problem = one("[data-lock-problem]", cover);
  problem.textContent = words;
  problem.hidden = words === "";
}

/** Show the button when this account has passkeys, which the half-way state may ask. */
async function offerPasskey(): Promise<void> {
  if (!possible) return;
  try {
    const question = await postJson<{ allowCredentials?: unknown[] }>("/sign-in/second/options", {});
    one("[data-lock-passkey]", cover).hidden = (question.allowCredentials ?? []).length === 0;
  } catch {
    // Without a half session there is none to ask: the password comes first.
  }
}

async function byPasskey(): Promise<void> {
  complain("");
  try {
    await unlock({ ...(await ask("get", "/sign-in/second/options")) });
  } catch (error) {
    complain(wordsFor(error));
  }
}

function hear(message: MessageEvent<{ account: string; said: string }>): void {
  const { account: whose, said } = message.data;
  if (whose !== account) return;
  if (said === "touched" && !locked) touched = Date.now();
  if (said === "locked") hide();
  if (said === "unlocked" && locked) void follow();
}

/** Another window was unlocked: this one takes its session over, if it is the same person's. */
async function follow(): Promise<void> {
  try {
    const session = await getJson<Session>("/session");
    if (session.account === account) lift(session);
    else location.reload();
  } catch {
    // Still locked: the person unlocks here, too.
  }
}

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const) {
  document.addEventListener(kind, touch, { capture: true, passive: true });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = Object.fromEntries(new FormData(form)) as Record<string, string>;
  void unlock(typed);
});
one("[data-lock-passkey]", cover).addEventListener("click", () => void byPasskey());
cover.addEventListener("cancel", (event) => event.preventDefault());
cover.addEventListener("close", () => {
  if (locked) cover.showModal();
});
on(document, "submit", 'form[action="/lock"]', (event) => {
  event.preventDefault();
  lock();
});
windows.addEventListener("message", hear);
window.addEventListener("hds:signed-out", hide);
window.addEventListener("hds:line-ended", () => void lineEnded());
// Whoever sends the form itself has prevented it when everybody has heard of it.
window.addEventListener("submit", (event) => {
  setTimeout(() => {
    if (!event.defaultPrevented) sent = Date.now();
  });
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && !locked) void look().then(check);
});
// A page that comes back from the browser's history shows what the last person saw.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && !locked) void check();
});
setInterval(() => void look(), LOOKED_EVERY_MS);
shortcut("L", t("Lock this page"), lock);
if (maybe("#toasts") === null) document.body.append(warning);
