/** Lists that keep up by themselves: communities, cases, members, invitations, counts as they change. */
import { all, maybe } from "./ground/dom";
import { fragment } from "./html";
import { getHtml, Offline, Refused } from "./http";
import { live } from "./live";

const WAIT_MS = 250;
const regions = all("[data-live]");
const only = regions[0]?.dataset["live"] ?? "";
/** A form that was refused shows its page under another address. */
const address = regions[0]?.dataset["from"] ?? location.pathname + location.search;
let waiting = 0;
let looking = false;
let again = false;

/** Several hints in a row are one look, which takes nothing from under somebody's hands. */
function soon(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => (inUse() ? soon() : void look()), WAIT_MS);
}

/** A menu is open, a question waits for its answer, or a form of the lists is on its way. */
function inUse(): boolean {
  if (maybe("dialog[open]") !== null) return true;
  return regions.some((region) => maybe("details.menu[open], form[aria-busy]", region) !== null);
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
  let fresh: HTMLElement[];
  try {
    fresh = [...fragment(await getHtml(address)).querySelectorAll<HTMLElement>("[data-live]")];
  } catch (error) {
    // Left the community, signed out or offline: the next click says so in words.
    if (error instanceof Refused || error instanceof Offline) return;
    throw error;
  }
  if (inUse()) {
    soon();
    return;
  }
  regions.forEach((region, at) => renew(region, fresh[at]));
}

function renew(region: HTMLElement, fresh: HTMLElement | undefined): void {
  if (fresh === undefined || fresh.innerHTML === region.innerHTML) return;
  const focused = nameOfFocus(region);
  region.replaceChildren(...fresh.childNodes);
  if (focused !== undefined) maybe(focused, region)?.focus();
}

/** How to find in a fresh copy what has the focus in this one. */
function nameOfFocus(region: HTMLElement): string | undefined {
  const active = document.activeElement;
  if (active === null || !region.contains(active)) return undefined;
  const named = (element: Element | null, attribute: string) => {
    const value = element?.getAttribute(attribute) ?? "";
    return value === "" ? undefined : `[${attribute}="${CSS.escape(value)}"]`;
  };
  const link = named(active, "href") ?? named(active, "aria-label");
  if (link !== undefined) return link;
  const form = named(active.closest("form"), "action");
  return form === undefined ? undefined : `form${form} button`;
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
  // An invitation that was taken back goes the way it came.
  noticed: soon,
  read: (hint) => {
    if (only === "" || hint.community === only) soon();
  },
  state: (connected) => {
    if (connected) soon();
  },
});
