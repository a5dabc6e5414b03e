/** Upload data: choose, look, decide, send, done.  Nothing leaves the browser before "Upload". */
import { all, icon, one } from "./ground/dom";
import { ownWorker } from "./html";
import { Offline, Refused } from "./http";
import { plural, t } from "./ground/i18n";
import { announce, setProgress } from "./ui";
import { FoundView } from "./upload/found-view";
import { group, liesBeside, type Sorted } from "./upload/grouping";
import { drawKept } from "./upload/kept-list";
import { foundSentence } from "./upload/naming";
import { asking } from "./upload/password";
import { drawNotTaken, drawRefused } from "./upload/refused-list";
import { RecordsView } from "./upload/records-view";
import { scan } from "./upload/scan";
import { finishedSentence, SendingView } from "./upload/sending-view";
import { fromDrop, fromInput, type FileSource, type Refusal } from "./upload/sources";
import { aboutOf } from "./upload/about";
import { Transfer } from "./upload/transfer";
import { files, size } from "./upload/words";

const root = one("[data-upload]");
const found = new FoundView(one("[data-patients]", root), () => judge(), () => cancel());
const records = new RecordsView(one("[data-records]", root));
let refused: Refusal[] = [];
let sorted: Sorted = { patients: [], alone: [] };
let free = Number(root.dataset["free"]);
let sending = false;

function show(step: string): void {
  for (const section of all("[data-step]", root)) section.hidden = section.dataset["step"] !== step;
}

function complain(words: string): void {
  const box = one("[data-problem]", root);
  box.hidden = words === "";
  one("[data-problem-words]", box).textContent = words;
}

/** Whether what is chosen may be sent, and what it needs. */
function judge(): void {
  const chosen = found.chosen();
  const needed = found.needed();
  const fits = needed <= free;
  const quota = one("[data-quota]", root);
  const largest = Math.max(needed, free);
  const sizes = { needed: size(needed, largest), free: size(free, largest) };
  quota.textContent = t("{needed} to send, {free} free", sizes);
  quota.classList.toggle("error", !fits);
  const problem = fits ? "" : t("There is not enough space. Please choose fewer examinations.");
  const missing = found.unanswered() ? t("Please answer first whose images these are.") : "";
  const open = one("[data-patients]", root).hasChildNodes() && !found.allThere();
  const nothing = open && chosen.length === 0 ? t("Nothing is ticked.") : "";
  one("[data-quota-problem]", root).textContent = problem || missing || nothing;
  one("[data-all-there]", root).hidden = !found.allThere();
  one<HTMLButtonElement>("[data-start]", root).disabled =
    chosen.length === 0 || !fits || found.unanswered();
}

/** Nothing is uploaded, and nothing of what was found stays on the page. */
function cancel(): void {
  show("choose");
  announce(t("Nothing was uploaded."));
  one("[data-drop] input", root).focus();
}

async function look(chosen: readonly FileSource[]): Promise<void> {
  if (chosen.length === 0 || sending) return;
  complain("");
  show("looking");
  const bar = one("[data-looking]", root);
  setProgress(bar, 0, 0, t("Looking at {files} …", { files: files(chosen.length) }));
  const ask = asking(one('[data-step="password"]', root), () => show("password"));
  const worker = ownWorker(new URL("./upload-headers.js", import.meta.url));
  try {
    const seen = await scan(chosen, worker, {
      password: async (name, wrong) => {
        const password = await ask(name, wrong);
        show("looking");
        return password;
      },
      looking: (done, total) => setProgress(bar, done, total, t("Looking at {files} …", { files: files(total) })),
      comparing: (done, total) => setProgress(bar, done, total, t("Looking for files that are here twice …")),
    });
    refused = seen.refused;
    records.show(seen.records);
    sorted = group(seen.found, seen.papers);
    await present(sorted);
  } catch (error) {
    show("choose");
    complain(wordsFor(error));
  }
}

async function present(seen: Sorted): Promise<void> {
  await found.show(seen, (done, total) =>
    setProgress(one("[data-looking]", root), done, total, t("Comparing with what is in My documents …")),
  );
  one("[data-found-title]", root).textContent = foundSentence(seen);
  one("[data-refused]", root).replaceChildren(...drawRefused(refused));
  const nothing = seen.patients.length === 0 && seen.alone.length === 0;
  const onlyPictures = seen.patients.length === 0 && seen.alone.some(liesBeside);
  one("[data-only-pictures]", root).hidden = !onlyPictures;
  one("[data-nothing]", root).hidden = !nothing || onlyPictures || records.open;
  for (const part of ["[data-room]", "[data-packed]", "[data-start]"]) one(part, root).hidden = nothing;
  one("[data-two-people]", root).hidden = seen.patients.length < 2;
  judge();
  show("found");
  one("[data-found-title]", root).focus();
}

async function send(): Promise<void> {
  if (sending) return;
  sending = true;
  const chosen = found.chosen();
  const total = chosen.reduce((sum, { source }) => sum + source.size, 0);
  const section = one('[data-step="sending"]', root);
  const abort = new AbortController();
  const view: SendingView = new SendingView(section, found.examinations(), found.documents(), () => ({
    travelled: transfer.progress.travelled,
    sent: transfer.progress.sent,
    total,
  }));
  const plan = { files: chosen.length, bytes: total, about: await aboutOf(found.all()) };
  const transfer = new Transfer(chosen, found.notes(), plan, view, abort.signal);
  one("[data-pause]", section).onclick = () => transfer.halt("person");
  one("[data-resume]", section).onclick = () => {
    transfer.resume().catch(() => transfer.halt("sign_in"));
  };
  const unlocked = () => {
    if (!one("[data-sign-in]", section).hidden) one("[data-resume]", section).click();
  };
  window.addEventListener("hds:unlocked", unlocked, { signal: abort.signal });
  one("[data-stop]", section).onclick = () => abort.abort();
  complain("");
  show("sending");
  one("[data-sending-title]", section).focus();
  view.halted("");
  try {
    await transfer.run();
    await finished(view);
  } catch (error) {
    if (isFull(error)) await ranOut(error, view);
    else {
      show("found");
      complain(abort.signal.aborted ? t("Stopped. What was sent is safe; upload again to go on.") : wordsFor(error));
    }
  } finally {
    sending = false;
  }
}

function isFull(error: unknown): error is Refused {
  return error instanceof Refused && error.code === "quota_full";
}

/** Something else took the space meanwhile: what arrived is marked, the rest is to be chosen from. */
async function ranOut(error: Refused, view: SendingView): Promise<void> {
  free = Number(error.details["free"]);
  show("looking");
  await present(sorted).catch(() => show("found"));
  const safe = view.tallies.reduce((sum, { kept, duplicates }) => sum + kept + duplicates, 0);
  const words = t("The space in your account ran out while sending, because something else was stored meanwhile.");
  complain(`${words} ${plural("{n} file is safe.", "{n} files are safe.", safe)}`);
}

async function finished(view: SendingView): Promise<void> {
  const kept = await drawKept(view.tallies);
  const notice = one("[data-done-notice]", root);
  notice.classList.toggle("notice-good", kept.length > 0);
  notice.classList.toggle("notice-caution", kept.length === 0);
  one<SVGElement>("svg", notice).replaceWith(icon(kept.length > 0 ? "check" : "warning"));
  const written = records.open ? ` ${await records.take()}` : "";
  one("[data-done-words]", root).textContent = finishedSentence(view) + written;
  one("[data-done-kept]", root).replaceChildren(...kept);
  one("[data-done-refused]", root).replaceChildren(...drawNotTaken([...view.refused, ...refused]));
  // What was begun before may be what came to its end now; the server tells what is left.
  for (const each of all("[data-begun]", root)) each.remove();
  show("done");
  announce(t("Upload finished"));
  one("[data-done-title]", root).focus();
}

function wordsFor(error: unknown): string {
  if (error instanceof Refused || error instanceof Offline) return error.message;
  return t("That did not work. Please try again.");
}

for (const input of all<HTMLInputElement>('input[type="file"]', root)) {
  input.addEventListener("change", () => {
    const chosen = input.files ? fromInput(input.files) : [];
    input.value = "";
    void look(chosen);
  });
}

const zone = one("[data-drop]", root);
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.toggleAttribute("data-over", !sending);
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) zone.removeAttribute("data-over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.removeAttribute("data-over");
  if (event.dataTransfer && !sending) {
    fromDrop(event.dataTransfer)
      .then(look)
      .catch(() => complain(t("This could not be read. Please choose the folder instead.")));
  }
});
one("[data-start]", root).addEventListener("click", () => void send());
for (const again of all("[data-again]", root)) again.addEventListener("click", () => show("choose"));
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
const folders = "webkitdirectory" in HTMLInputElement.prototype && !matchMedia("(pointer: coarse)").matches;
one("[data-no-folder]", root).hidden = folders;
one("[data-address]", root).textContent = `${location.host}/upload`;
for (const part of ["label[for=f-folder]", "#f-folder"]) one(part, root).hidden = !folders;
show("choose");
