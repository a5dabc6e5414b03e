/** The number behind the bell, kept up while the page is open. */
import { maybe, one } from "./ground/dom";
import { getJson, Offline, Refused } from "./http";
import { plural, t } from "./ground/i18n";
import { live } from "./live";

const WAIT_MS = 300;
const MOST = 99;
let waiting = 0;

function show(unread: number): void {
  const bell = one("[data-bell]");
  const count = one("[data-bell-count]", bell);
  count.hidden = unread === 0;
  count.textContent = unread > MOST ? `${MOST}+` : String(unread);
  const label = unread === 0 ? t("Notices") : plural("Notices, {n} new", "Notices, {n} new", unread);
  bell.setAttribute("aria-label", label);
  bell.title = label;
}

async function refresh(): Promise<void> {
  try {
    // In the background, so a session that has ended covers no page that asks for a new one itself.
    show((await getJson<{ unread: number }>("/notices/count", { asksItself: true })).unread);
    document.dispatchEvent(new CustomEvent("noticed"));
  } catch (error) {
    // Signed out or offline: the next click says so in words.
    if (!(error instanceof Refused || error instanceof Offline)) throw error;
  }
}

/** Several hints in a row are one look. */
function soon(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => void refresh(), WAIT_MS);
}

let known = false;

if (maybe("[data-bell]") !== null) {
  live({
    noticed: soon,
    state: (connected) => {
      if (connected && known) soon(); // the page itself brought the first number
      known = true;
    },
  });
  // A page out of the browser's store of pages shows an old number.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) soon();
  });
}
