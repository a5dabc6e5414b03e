/** Lists of communities and cases that keep up by themselves: new cases on top, counts as they change. */
import { maybe, one } from "./dom";
import { fragment } from "./html";
import { getHtml, Offline, Refused } from "./http";
import { live } from "./live";

const WAIT_MS = 250;
const region = one("[data-live]");
const only = region.dataset["live"] ?? "";
let waiting = 0;
let looking = false;
let again = false;

/** Several hints in a row are one look. */
function soon(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => void look(), WAIT_MS);
}

/** One look at a time: of two at once, the older answer could come last and stay. */
async function look(): Promise<void> {
  again = looking;
  if (looking) return;
  looking = true;
  try {
    await refresh();
  } finally {
    looking = false;
  }
  if (again) soon();
}

async function refresh(): Promise<void> {
  let fresh: Element | null;
  try {
    fresh = fragment(await getHtml(location.pathname + location.search)).querySelector("[data-live]");
  } catch (error) {
    // Left the community, signed out or offline: the next click says so in words.
    if (error instanceof Refused || error instanceof Offline) return;
    throw error;
  }
  if (fresh === null || fresh.innerHTML === region.innerHTML) return;
  const focused = document.activeElement?.closest("a")?.getAttribute("href") ?? "";
  const held = focused !== "" && region.contains(document.activeElement);
  region.replaceChildren(...fresh.childNodes);
  if (held) maybe(`a[href="${CSS.escape(focused)}"]`, region)?.focus();
}

// "Back" may bring the page as it was left, before the posts were read.
addEventListener("pageshow", (event) => {
  if (event.persisted) soon();
});

live({
  change: (hint) => {
    if (only === "" || hint.community === only) soon();
  },
  invited: soon,
  left: soon,
  read: (hint) => {
    if (only === "" || hint.community === only) soon();
  },
  state: (connected) => {
    if (connected) soon();
  },
});
