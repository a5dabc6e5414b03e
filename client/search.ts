/**
 * The search page without reloads.  What is looked for stays out of addresses that reach a server:
 * it is sent by POST and remembered in the fragment, so that "back" from a hit shows the hits again.
 */
import { maybe, on, one } from "./ground/dom";
import { fragment } from "./html";
import { Offline, Refused, request } from "./http";
import { t } from "./ground/i18n";
import { announce, toast } from "./ui";

const form = one<HTMLFormElement>("#search");
const box = one<HTMLInputElement>('input[name="q"]', form);
const results = one<HTMLElement>("#results");
/** A line of its own height, so that nothing moves: it says that we look, and then what came of it. */
const state = one("[data-search-state]");
let running: AbortController | null = null;

async function show(page = "1"): Promise<void> {
  running?.abort();
  running = new AbortController();
  const sent = new FormData(form);
  sent.set("page", page);
  results.setAttribute("aria-busy", "true");
  state.textContent = t("Searching …");
  try {
    const answer = await request("/search", {
      method: "POST",
      form: sent,
      headers: { "X-HDS-Part": "results" },
      signal: running.signal,
    });
    results.replaceChildren(fragment(await answer.text()));
    done(maybe("[data-outcome]", results)?.textContent ?? "");
  } catch (error) {
    if (error instanceof DOMException) return; // a newer search is on its way
    done("");
    if (!(error instanceof Refused || error instanceof Offline)) throw error;
    toast(error.message, "danger");
  }
}

/** The eyes see the results; who listens hears how many there are, not all of them. */
function done(outcome: string): void {
  results.removeAttribute("aria-busy");
  state.textContent = "";
  if (outcome.trim() !== "") announce(outcome.replace(/\s+/g, " ").trim());
}

function remember(page: string): void {
  const state = new URLSearchParams({ q: box.value, page });
  history.replaceState(null, "", `#${state.toString()}`);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.submitter;
  let page = "1";
  if (button instanceof HTMLButtonElement && button.name === "add") {
    box.value = `${box.value} ${button.value}`.trim();
  } else if (button instanceof HTMLButtonElement && button.name === "page") {
    page = button.value;
  }
  remember(page);
  void show(page);
});

// A hit inside the list is a link like any other; only its keyboard walk is ours.
on(results, "keydown", "[data-hit] a", (event, link) => {
  if (!(event instanceof KeyboardEvent)) return;
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step) return;
  const links = [...results.querySelectorAll<HTMLAnchorElement>("[data-hit] a")];
  const next = links[links.indexOf(link as HTMLAnchorElement) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

const before = new URLSearchParams(location.hash.slice(1));
if (before.get("q") && maybe("#results")) {
  box.value = before.get("q") ?? "";
  void show(before.get("page") ?? "1");
}
