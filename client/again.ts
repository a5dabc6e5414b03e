/**
 * "Is it you?" in place: for scripts that meet `step_up`, so that what was typed stays on the page.
 *
 * Forms without a script of their own get the page that asks and goes on by itself; the only script
 * that can meet the answer is the one that asks for a new passkey (passkeys.ts).
 */
import { el } from "./ground/dom";
import { Offline, Refused, request } from "./http";
import { t } from "./ground/i18n";
import { ask, possible, wordsFor } from "./passkeys";

/** What the server accepts: the second factor where the account has one, else the password. */
type Asked = "password" | "passkey" | "code";

/** Run *act*; when the server asks who it is, ask here and run it once more. Throws what it throws. */
export async function again<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "step_up") throw error;
    if (!(await proved(askedBy(error)))) throw error;
    return act();
  }
}

function askedBy(error: Refused): readonly Asked[] {
  const asks = error.details["asks"];
  return Array.isArray(asks) ? (asks as Asked[]) : ["password"];
}

/** Whether the person showed who they are; false when they turned away. */
function proved(asks: readonly Asked[]): Promise<boolean> {
  return new Promise((answer) => {
    const typed = asks.includes("password") ? passwordField() : codeField();
    const problem = el("p", { id: "again-problem", class: "error", role: "alert", hidden: true });
    const stay = el("button", { class: "button", type: "button" }, t("Cancel"));
    const key = el("button", { class: "button button-primary button-wide", type: "button" }, t("Use your passkey"));
    key.hidden = !(asks.includes("passkey") && possible);
    const proceed = el("button", { class: key.hidden ? "button button-primary" : "button" }, t("Continue"));
    const form = el(
      "form",
      { class: "form" },
      el("p", {}, t("This matters, so please show once more that it is you.")),
      key,
      el("div", { class: "field" }, typed.label, typed.input, problem),
      el("div", { class: "actions row-end" }, stay, proceed),
    );
    const head = el("div", { class: "dialog-head" }, el("h2", { id: "again" }, t("Is it you?")));
    const body = el("div", { class: "dialog-body" }, form);
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "again" }, head, body);
    const send = async (said: () => Promise<Record<string, string>>) => {
      problem.hidden = true;
      try {
        await request("/confirm", { form: new URLSearchParams(await said()) });
        dialog.close("yes");
      } catch (error) {
        const known = error instanceof Refused || error instanceof Offline || error instanceof DOMException;
        problem.textContent = known ? wordsFor(error) : t("That did not work. Please try again.");
        problem.hidden = false;
        typed.input.select();
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send(() => Promise.resolve({ [typed.input.name]: typed.input.value }));
    });
    key.addEventListener("click", () => void send(async () => ({ ...(await ask("get", "/confirm/options")) })));
    stay.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

interface Typed {
  readonly label: HTMLElement;
  readonly input: HTMLInputElement;
}

function passwordField(): Typed {
  const input = el("input", {
    id: "again-proof", name: "proof_password", class: "input", type: "password", required: true, autofocus: true,
    autocomplete: "current-password", "aria-describedby": "again-problem",
  });
  return { label: el("label", { for: "again-proof" }, t("Password")), input };
}

function codeField(): Typed {
  const input = el("input", {
    id: "again-proof", name: "proof_code", class: "input", type: "text", required: true, autofocus: true,
    autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false", maxlength: "40",
    "aria-describedby": "again-problem",
  });
  const words = t("Code from your app, recovery code, or activation code from your Pass");
  return { label: el("label", { for: "again-proof" }, words), input };
}
