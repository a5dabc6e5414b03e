/** Behaviour of every page. Without it all pages still work; with it they are quicker and kinder. */
import { all, maybe, on, one } from "./ground/dom";
import { firstWrong, wireFields } from "./fields";
import { t } from "./ground/i18n";
import { shortcut } from "./ground/keys";
import { request } from "./http";
import { wireCases } from "./panes";
import { wireCopying } from "./copying";
import { wirePictures } from "./pictures";
import { wirePasskeys, wireRecoveryCodes } from "./passkeys";
import { confirmed, listShortcuts, toast } from "./ui";
import { wireUnsaved } from "./unsaved";

const SENT_AGAIN_MS = 8000;
const EDGE = 8;

function closeMenus(but?: Element | null): void {
  for (const menu of all<HTMLDetailsElement>("details.menu[open]")) {
    if (menu !== but) menu.open = false;
  }
}

/** A menu is pushed sideways as far as it takes to stay on the screen. */
function keepInSight(menu: HTMLDetailsElement): void {
  const body = maybe(".menu-body", menu);
  if (!menu.open || body === null) return;
  body.style.setProperty("--shift", "0px");
  const { left, right } = body.getBoundingClientRect();
  const beyond = Math.max(0, right + EDGE - document.documentElement.clientWidth);
  body.style.setProperty("--shift", `${Math.max(EDGE - left, 0) - beyond}px`);
}

function wireMenus(): void {
  const opened = (event: Event) => {
    const menu = event.target;
    if (menu instanceof HTMLDetailsElement && menu.matches(".menu")) keepInSight(menu);
  };
  document.addEventListener("toggle", opened, { capture: true }); // it does not bubble
  document.addEventListener("click", (event) => {
    const inside = event.target instanceof Element ? event.target.closest("details.menu") : null;
    closeMenus(inside);
    const chosen = event.target instanceof Element ? event.target.closest(".menu-item") : null;
    if (chosen === null) return;
    // What asks or edits next gives the focus back to something that is still to be seen.
    if (inside !== null) maybe("summary", inside)?.focus();
    closeMenus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = maybe<HTMLDetailsElement>("details.menu[open]");
    if (open === null) return;
    closeMenus();
    maybe("summary", open)?.focus();
  });
}

function wireDialogs(): void {
  on(document, "click", "[data-dialog]", (_event, opener) => {
    const dialog = document.getElementById(opener.dataset["dialog"] ?? "");
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
  });
  on(document, "click", "dialog [data-close]", (_event, closer) => {
    closer.closest("dialog")?.close();
  });
  // The dialog element itself is hit only outside of its content, that is on the backdrop.
  document.addEventListener("pointerdown", (event) => {
    const target = event.target;
    if (!(target instanceof HTMLDialogElement) || !target.classList.contains("dialog")) return;
    const { left, right, top, bottom } = target.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    if (x < left || x > right || y < top || y > bottom) target.close();
  });
}

function select(tab: HTMLElement, focus: boolean): void {
  const list = tab.closest('[role="tablist"]');
  if (list === null) return;
  for (const each of all('[role="tab"]', list)) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(each.getAttribute("aria-controls") ?? "");
    if (panel !== null && !list.hasAttribute("data-keep")) panel.hidden = !chosen;
  }
  if (focus) tab.focus();
  list.dispatchEvent(new CustomEvent("tab", { bubbles: true, detail: tab.getAttribute("aria-controls") }));
}

function wireTabs(): void {
  on(document, "click", '[role="tab"]', (_event, tab) => select(tab, false));
  on(document, "keydown", '[role="tab"]', (event, tab) => {
    const tabs = all('[role="tab"]', tab.parentElement ?? document);
    const at = tabs.indexOf(tab);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = tabs.at(step % tabs.length);
    if (next !== undefined) select(next, true);
  });
}

/** A form is sent once; the button shows that it works, and is free again if the page stays. */
function wireForms(): void {
  // On the window, so that modules that send a form themselves have prevented it by now.
  window.addEventListener("submit", (event) => void guard(event));
  window.addEventListener("pageshow", () => all("form[aria-busy]").forEach(free));
}

function free(form: HTMLElement): void {
  form.removeAttribute("aria-busy");
  all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
}

async function guard(event: SubmitEvent): Promise<void> {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  const question = form.dataset["confirm"];
  if (question !== undefined && form.dataset["agreed"] === undefined) {
    event.preventDefault();
    const act = form.dataset["confirmYes"] ?? event.submitter?.textContent.trim() ?? t("Continue");
    if (!(await confirmed(question, act))) return;
    form.dataset["agreed"] = "";
    form.requestSubmit(event.submitter);
    delete form.dataset["agreed"];
    return;
  }
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => free(form), SENT_AGAIN_MS); // a download leaves the page where it is
}

/** The look changes at once; the server remembers it for the next page. */
function wireTheme(): void {
  on(document, "submit", 'form[data-preference="theme"]', (event, form) => {
    const button = (event as SubmitEvent).submitter;
    if (!(button instanceof HTMLButtonElement) || !(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    document.documentElement.dataset["theme"] = button.value;
    for (const each of all("button[name=theme]", form)) {
      each.setAttribute("aria-pressed", String(each === button));
    }
    const chosen = new URLSearchParams({ theme: button.value, next: "/help" });
    request(form.action, { form: chosen, accept: "text/html" }).catch((error: Error) => {
      toast(error.message, "danger");
    });
  });
}

function wirePasswords(): void {
  for (const button of all("[data-reveal]")) button.hidden = false;
  on(document, "click", "[data-reveal]", (_event, button) => {
    const input = document.getElementById(button.dataset["reveal"] ?? "");
    if (!(input instanceof HTMLInputElement)) return;
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    maybe("use", button)?.setAttribute("href", iconAddress(shown ? "eye-off" : "eye"));
  });
}

function iconAddress(name: string): string {
  return `${one<HTMLMetaElement>('meta[name="icons"]').content}#${name}`;
}

function wireShortcuts(): void {
  for (const input of all<HTMLInputElement>("[data-shortcut]")) {
    shortcut(input.dataset["shortcut"] ?? "/", t("Go to the search box"), () => input.focus());
  }
  shortcut("?", t("Show the keyboard shortcuts"), showKeys);
  on(document, "click", "[data-keys]", showKeys);
}

function showKeys(): void {
  const dialog = one<HTMLDialogElement>("#keys");
  listShortcuts(one("[data-keys-list]", dialog));
  dialog.showModal();
}

wireMenus();
wireDialogs();
wireTabs();
wireFields();
wireForms();
wireTheme();
wirePasswords();
wireShortcuts();
wireCases();
wirePasskeys();
wirePictures();
wireUnsaved();
wireCopying();
wireRecoveryCodes();
(firstWrong() ?? maybe("[data-focus]"))?.focus();
