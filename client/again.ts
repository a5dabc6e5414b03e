/**
 * "Is it you?" in place: for scripts that meet `step_up`, so that what was typed stays on the page.
 *
 * Forms without a script of their own get the page that asks and goes on by itself; the only script
 * that can meet the answer is the one that asks for a new passkey (passkeys.ts).
 */
import { el } from "./dom";
import { Offline, Refused, request } from "./http";
import { t } from "./i18n";

/** Run *act*; when the server asks who it is, ask here and run it once more. Throws what it throws. */
export async function again<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "step_up" || !(await proved())) throw error;
    return act();
  }
}

/** Whether the person gave their password; false when they turned away. */
function proved(): Promise<boolean> {
  return new Promise((answer) => {
    const password = el("input", {
      id: "again-password", class: "input", type: "password", required: true, autofocus: true,
      autocomplete: "current-password", "aria-describedby": "again-problem",
    });
    const problem = el("p", { id: "again-problem", class: "error", role: "alert", hidden: true });
    const stay = el("button", { class: "button", type: "button" }, t("Cancel"));
    const form = el(
      "form",
      { class: "form" },
      el("p", {}, t("This matters, so please show once more that it is you.")),
      el("div", { class: "field" }, el("label", { for: "again-password" }, t("Password")), password, problem),
      el("div", { class: "actions row-end" }, stay, el("button", { class: "button button-primary" }, t("Continue"))),
    );
    const head = el("div", { class: "dialog-head" }, el("h2", { id: "again" }, t("Is it you?")));
    const body = el("div", { class: "dialog-body" }, form);
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "again" }, head, body);
    const send = async () => {
      problem.hidden = true;
      try {
        await request("/confirm", { form: new URLSearchParams({ proof_password: password.value }) });
        dialog.close("yes");
      } catch (error) {
        const known = error instanceof Refused || error instanceof Offline;
        problem.textContent = known ? error.message : t("That did not work. Please try again.");
        problem.hidden = false;
        password.select();
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send();
    });
    stay.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
