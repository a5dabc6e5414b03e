/**
 * Words that were typed and not saved: whoever leaves the page is asked first.
 *
 * What the server sent is what stands in the fields by default, so nothing has to be remembered;
 * a form that came back unsaved says so itself (`data-unsaved="yes"`).
 */
import { all, maybe } from "./ground/dom";
import { covered } from "./ground/lock";

const FORMS = "form[data-unsaved]";

function changed(field: Element): boolean {
  if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
  if (field instanceof HTMLSelectElement) {
    const given = [...field.options].findIndex((each) => each.defaultSelected);
    return field.selectedIndex !== Math.max(given, 0);
  }
  if (!(field instanceof HTMLInputElement)) return false;
  return field.checked !== field.defaultChecked || field.value !== field.defaultValue;
}

function unsaved(form: HTMLFormElement): boolean {
  return form.dataset["unsaved"] === "yes" || [...form.elements].some(changed);
}

export function wireUnsaved(): void {
  if (maybe(FORMS) === null) return;
  let sent: Event | null = null;
  window.addEventListener(
    "submit",
    (event) => {
      if (event.target instanceof Element && event.target.matches(FORMS)) sent = event;
    },
    { capture: true },
  );
  window.addEventListener("pageshow", () => (sent = null));
  window.addEventListener("beforeunload", (event) => {
    // Under the cover somebody else may sit, to whom these words say nothing.
    if (covered()) return;
    // Asked only now, after everybody who may keep a form from being sent has had a say.
    const leavesByIt = sent !== null && !sent.defaultPrevented;
    if (!leavesByIt && all<HTMLFormElement>(FORMS).some(unsaved)) event.preventDefault();
  });
}
