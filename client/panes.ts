/** The case page: a divider between images and discussion, and two tabs where there is no room for both. */
import { all, maybe, on, one } from "./ground/dom";

const KEPT = "split";
const LEAST = 30;
const MOST = 72;
const STEP = 3;

function setSplit(divider: HTMLElement, percent: number): void {
  const share = Math.round(Math.min(MOST, Math.max(LEAST, percent)));
  one(".case-panes").style.setProperty("--split", String(share));
  divider.setAttribute("aria-valuenow", String(share));
  localStorage.setItem(KEPT, String(share));
}

function drag(divider: HTMLElement): void {
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    event.preventDefault();
    divider.focus();
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const { left, width } = one(".case-panes").getBoundingClientRect();
    setSplit(divider, (100 * (event.clientX - left)) / width);
  });
}

function steer(divider: HTMLElement): void {
  divider.addEventListener("keydown", (event) => {
    const now = Number(divider.getAttribute("aria-valuenow"));
    const wanted = { ArrowLeft: now - STEP, ArrowRight: now + STEP, Home: LEAST, End: MOST }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    setSplit(divider, wanted);
  });
  divider.addEventListener("dblclick", () => setSplit(divider, 58));
}

/** Show one side on a small screen; on a wide one both stay in sight. */
export function showPane(pane: "images" | "talk"): void {
  const page = maybe(".case");
  if (page === null) return;
  page.dataset["pane"] = pane;
  for (const tab of all('.case-tabs [role="tab"]', page)) {
    const chosen = tab.getAttribute("aria-controls") === `pane-${pane}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
}

export function wireCases(): void {
  const divider = maybe(".case-divider");
  if (divider === null) return;
  const kept = Number(localStorage.getItem(KEPT));
  if (kept > 0) setSplit(divider, kept);
  drag(divider);
  steer(divider);
  // Handled here, because the address is that of a post and stays so.
  on(document, "click", "[data-skip-images]", (event) => {
    event.preventDefault();
    showPane("talk");
    one("#pane-talk").focus();
  });
  // However a tab was chosen, with a finger or with the arrow keys.
  document.addEventListener("tab", (event) => {
    if (!(event.target instanceof Element) || !event.target.matches(".case-tabs")) return;
    showPane((event as CustomEvent<string>).detail === "pane-images" ? "images" : "talk");
  });
}
