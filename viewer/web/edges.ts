/** Shows at either end of a row that scrolls sideways that there is more of it. */
import { el } from "../../client/ground/dom";
import { icon, type IconName } from "./icons";

/** How much of the row one press brings into sight. */
const SHARE = 0.7;

/** The row with its two ends.  They are for fingers and mice: the keyboard goes along the row itself. */
export function withEdges(row: HTMLElement): HTMLElement {
  const box = el("div", { class: "hv-bar" }, edge(row, "back", -1), row, edge(row, "on", 1));
  const look = () => {
    const hidden = row.scrollWidth - row.clientWidth;
    box.classList.toggle("hv-more-back", row.scrollLeft > 1);
    box.classList.toggle("hv-more-on", row.scrollLeft < hidden - 1);
  };
  row.addEventListener("scroll", look, { passive: true });
  const watching = new ResizeObserver(look);
  // The row's own size says nothing of what it holds, so that is watched as well.
  for (const each of [row, ...row.children]) watching.observe(each);
  return box;
}

function edge(row: HTMLElement, name: IconName & ("back" | "on"), way: 1 | -1): HTMLElement {
  const made = el(
    "button",
    { type: "button", class: `hv-edge hv-edge-${name}`, tabindex: -1, "aria-hidden": "true" },
    icon(name),
  );
  made.addEventListener("click", () => row.scrollBy({ left: way * SHARE * row.clientWidth, behavior: "smooth" }));
  return made;
}
