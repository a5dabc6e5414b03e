/** The password of a ZIP: asked for on the page, used on the page, and never sent. */
import { one } from "../ground/dom";
import { t } from "../ground/i18n";

/** Asks for the password of a ZIP; nothing when the person has none. */
export type AskPassword = (name: string, wrong: boolean) => Promise<string | undefined>;

/** Asks in this part of the page; whoever asks shows it before and hides it afterwards. */
export function asking(section: HTMLElement, shown: () => void): AskPassword {
  const form = one<HTMLFormElement>("form", section);
  const field = one<HTMLInputElement>("input", form);
  const fault = one("[data-password-fault]", form);
  return (name, wrong) =>
    new Promise((answer) => {
      const over = (password?: string): void => {
        field.value = "";
        answer(password);
      };
      one("[data-password-title]", section).textContent = t("{name} is protected by a password", { name });
      fault.textContent = wrong ? t("This password does not open it. Please try again.") : "";
      field.setAttribute("aria-invalid", String(wrong));
      form.onsubmit = (event) => {
        event.preventDefault();
        if (field.value !== "") over(field.value);
      };
      one("[data-password-none]", form).onclick = () => over();
      shown();
      field.focus();
    });
}
