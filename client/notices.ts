/** The list of notices keeps up by itself. */
import { maybe, one } from "./ground/dom";
import { fragment } from "./html";
import { getHtml, Offline, Refused } from "./http";

async function refresh(): Promise<void> {
  const list = one("[data-notices]");
  let fresh: Element | null;
  try {
    fresh = fragment(await getHtml(location.pathname)).querySelector("[data-notices]");
  } catch (error) {
    if (error instanceof Refused || error instanceof Offline) return;
    throw error;
  }
  if (fresh === null || fresh.innerHTML === list.innerHTML) return;
  const focused = list.contains(document.activeElement)
    ? document.activeElement?.getAttribute("href")
    : null;
  list.replaceChildren(...fresh.childNodes);
  if (focused) maybe(`a[href="${CSS.escape(focused)}"]`, list)?.focus();
}

document.addEventListener("noticed", () => void refresh());
