/** Pages before somebody is in: what became of a mail, and how long a new password still must be. */
import { all, maybe } from "./ground/dom";
import { getJson } from "./http";
import { plural, t } from "./ground/i18n";

const LOOK_MS = 3000;
const LOOKS = 40;
const ENDED = new Set(["gone", "refused", "late"]);

/** The line under the address is kept true for two minutes; its sentences come with the page. */
async function watchMail(line: HTMLElement): Promise<void> {
  maybe("[data-without-script]", line)?.remove();
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((done) => setTimeout(done, look === 0 ? 500 : LOOK_MS));
    if (document.hidden) continue;
    try {
      const { status } = await getJson<{ status: string }>(line.dataset["mail"] ?? "");
      const words = line.dataset[status];
      if (words !== undefined) show(line, words);
      line.classList.toggle("error", status === "refused" || status === "late");
      if (ENDED.has(status)) return;
    } catch {
      // The next look may succeed; the page says meanwhile what it knew last.
    }
  }
}

function show(line: HTMLElement, words: string): void {
  const place = maybe("[data-words]", line);
  if (place !== null && place.textContent !== words) place.textContent = words;
}

/** Calm: nothing before somebody types, then how many are missing, then that it is long enough. */
function watchLength(input: HTMLInputElement): void {
  const shortest = () => Number(kindOf(input)?.value === "professional" ? 15 : (input.dataset["password"] ?? 12));
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.setAttribute("role", "status");
  input.closest(".field")?.append(hint);
  const tell = () => {
    const missing = shortest() - [...input.value.normalize("NFKC")].length;
    hint.textContent = input.value === "" ? "" : wordsFor(missing);
  };
  input.addEventListener("input", tell);
  input.form?.addEventListener("change", tell);
}

function wordsFor(missing: number): string {
  if (missing > 0) return plural("{n} more character.", "{n} more characters.", missing);
  return t("Long enough. The less it looks like a known phrase, the better.");
}

function kindOf(input: HTMLInputElement): HTMLInputElement | null {
  return input.form?.querySelector<HTMLInputElement>('input[name="kind"]:checked') ?? null;
}

all("[data-mail]").forEach((line) => void watchMail(line));
all<HTMLInputElement>("input[data-password]").forEach(watchLength);
