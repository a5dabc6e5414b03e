/**
 * Pictures that the server is too busy for are fetched again by themselves.
 *
 * Few documents are drawn at a time, so one of many pictures is told "later" (429) now and then, and
 * an `img` alone would stay broken. Until it comes, its place stays as it is: empty, and as large.
 */
import { all } from "./ground/dom";

/** How often one is asked for, and how long to wait (ms) when the server does not say. */
const TRIES = 30;
const LATER = 2000;
const LONGEST = 30_000;
/** Spread over as much (ms), so that they do not all come back at once. */
const SPREAD = 1000;
const PASSING = new Set([429, 502, 503, 504]);

/** Look after every picture of the page, also of those that come later. */
export function wirePictures(): void {
  const failed = ({ target }: Event) => {
    if (target instanceof HTMLImageElement) void fetchAgain(target);
  };
  document.addEventListener("error", failed, { capture: true }); // it does not bubble
  for (const img of all<HTMLImageElement>("img")) {
    if (img.complete && img.naturalWidth === 0) void fetchAgain(img);
  }
}

async function fetchAgain(img: HTMLImageElement): Promise<void> {
  const address = img.src;
  if (img.dataset["fetched"] === address || !isOurs(address)) return;
  img.dataset["fetched"] = address;
  img.ariaBusy = "true";
  img.src = nothingOf(img);
  const placeholder = img.src;
  const wanted = () => img.isConnected && img.src === placeholder;
  const picture = await fetched(address, wanted);
  img.ariaBusy = null;
  if (!wanted()) return; // the page shows something else there by now
  if (picture === undefined) {
    img.src = address; // broken for good: its words stand there
    return;
  }
  const shown = URL.createObjectURL(picture);
  const done = () => URL.revokeObjectURL(shown);
  img.addEventListener("load", done, { once: true });
  img.addEventListener("error", done, { once: true });
  img.src = shown;
}

/** The picture, however long the server is busy; nothing when it will not come. */
async function fetched(address: string, wanted: () => boolean): Promise<Blob | undefined> {
  for (let tries = 0; tries < TRIES && wanted(); tries += 1) {
    let wait = Math.min(LATER * 2 ** tries, LONGEST);
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (answer.ok || answer.headers.get("Content-Type")?.startsWith("image/")) return await answer.blob();
      if (!PASSING.has(answer.status)) return undefined;
      wait = Number(answer.headers.get("Retry-After")) * 1000 || wait;
    } catch {
      // No line at the moment.
    }
    await new Promise((wake) => setTimeout(wake, wait + Math.random() * SPREAD));
  }
  return undefined;
}

function isOurs(address: string): boolean {
  return address.startsWith(`${location.origin}/`);
}

/** A picture of nothing, as large as the one that is to come, so that nothing moves. */
function nothingOf(img: HTMLImageElement): string {
  const [width, height] = [img.getAttribute("width") ?? "1", img.getAttribute("height") ?? "1"];
  const size = `width="${Number(width) || 1}" height="${Number(height) || 1}"`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" ${size}/>`)}`;
}
