/** Whose images these are: asked when they name somebody else than the account. */
import { el, icon } from "../ground/dom";
import { t } from "../ground/i18n";

/** How the person in the images compares with the account. */
export interface Identity {
  readonly answer: "matches" | "differs" | "unasked";
  readonly differs: string[];
}

/** The question with its three answers: mine, not mine, or none of all this. */
export function drawQuestion(
  identity: Identity,
  answered: (mine: boolean) => void,
  cancelled: () => void,
): HTMLElement {
  const group = `mine-${crypto.randomUUID()}`;
  const option = (mine: boolean, words: string) =>
    el(
      "label",
      { class: "choice choice-boxed" },
      el("input", {
        type: "radio",
        name: group,
        value: mine ? "mine" : "not-mine",
        onchange: () => answered(mine),
      }),
      el("span", {}, words),
    );
  const cancel = el("button", { class: "button", type: "button", onclick: () => cancelled() }, t("Cancel, upload nothing"));
  const body = el(
    "fieldset",
    { class: "notice-body stack-tight" },
    legend(identity),
    option(true, t("They are mine (for example under my name before marriage)")),
    option(false, t("They are not mine – leave them out")),
    el("div", {}, cancel),
  );
  return el("div", { class: "notice notice-caution", "data-question": true }, icon("warning"), body);
}

function legend({ differs }: Identity): HTMLElement {
  if (differs.length === 0) return el("legend", {}, el("strong", {}, t("These images do not say whose they are.")));
  const words: Record<string, string> = {
    name: t("the name"),
    birth_date: t("the date of birth"),
    sex: t("the sex"),
  };
  const facts = differs.map((field) => words[field] ?? field).join(", ");
  return el("legend", {}, el("strong", {}, t("These images carry other details than your profile:"), " "), facts);
}
