/**
 * The search page without reloads.  What is looked for stays out of addresses that reach a server:
 * it is sent by POST and remembered in the fragment, so that "back" from a hit shows the hits again.
 */
import { maybe, on, one } from "./dom";
import { fragment } from "./html";
import { Offline, Refused, request } from "./http";
import { toast } from "./ui";

const form = one<HTMLFormElement>("#search");
const box = one<HTMLInputElement>('input[name="q"]', form);
const results = one<HTMLElement>("#results");
let running: AbortController | null = null;

async function show(page = "1"): Promise<void> {
  running?.abort();
  running = new AbortController();
  const sent = new FormData(form);
  sent.set("page", page);
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await request("/search", {
      method: "POST",
      form: sent,
      headers: { "X-HDS-Part": "results" },
      signal: running.signal,
    });
    results.replaceChildren(fragment(await answer.text()));
  } catch (error) {
    if (error instanceof Refused || error instanceof Offline) toast(error.message, "danger");
    else if (!(error instanceof DOMException)) throw error;
  } finally {
    results.removeAttribute("aria-busy");
  }
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
