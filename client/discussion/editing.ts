/** Changing a post where it stands. What was typed stays until its author lets it go. */
import { all, el, maybe, one } from "../ground/dom";
import { postJson, Refused } from "../http";
import { t } from "../ground/i18n";
import { busy } from "../ui";
import { byPost, put, takeHeldBack } from "./place";
import type { Answer } from "./queue";

/** A post being edited, and the version of it that its author has seen. */
export interface Draft {
  readonly post: string;
  readonly text: string;
  readonly rev: number;
}

interface Around {
  readonly account: string;
  saved(answer: Answer): void;
}

/** Every post that is being edited now. */
export function openEdits(): Draft[] {
  return all<HTMLFormElement>("form[data-edit-form]").map((form) => ({
    post: form.closest<HTMLElement>("[data-post]")?.dataset["post"] ?? "",
    text: one<HTMLTextAreaElement>("textarea", form).value,
    rev: Number(form.dataset["seenRev"]),
  }));
}

/** Open the form in `post`, with the post's words or with those that were `begun` before. */
export function edit(post: HTMLElement, around: Around, begun?: Draft): void {
  const words = maybe(".post-text", post);
  if (post.hasAttribute("data-editing")) return;
  post.setAttribute("data-editing", "");
  const text = el("textarea", { class: "input", rows: 4, maxlength: 10000, "aria-label": t("Your post") });
  text.value = begun?.text ?? words?.textContent ?? "";
  const problem = el("div", { role: "alert" });
  const save = el("button", { class: "button button-primary" }, t("Save"));
  const stop = el("button", { class: "button button-quiet", type: "button" }, t("Cancel"));
  const actions = el("div", { class: "row row-end" }, stop, save);
  const form = el("form", { class: "composer", "data-edit-form": true }, problem, text, actions);
  form.dataset["seenRev"] = String(begun?.rev ?? post.dataset["rev"]);
  const end = () => finish(post, form, around.account);
  stop.addEventListener("click", end);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sent = { text: text.value, rev: Number(form.dataset["seenRev"]) };
    busy(save, postJson<Answer>(`/posts/${post.dataset["post"]}`, sent)).then(
      (answer) => {
        end();
        around.saved(answer);
      },
      (error: Error) => {
        if (error instanceof Refused && error.code === "outdated") compare(form, problem, error);
        else problem.replaceChildren(el("p", { class: "error small" }, error.message));
      },
    );
  });
  if (words !== null) words.hidden = true;
  // What is answered stays above the answer.
  (maybe(".post-reply", post) ?? one(".post-head", post)).after(form);
  text.focus();
}

function finish(post: HTMLElement, form: HTMLFormElement, account: string): void {
  form.remove();
  const words = maybe(".post-text", post);
  if (words !== null) words.hidden = false;
  post.removeAttribute("data-editing");
  post.focus({ preventScroll: true });
  const newer = takeHeldBack(post);
  if (newer !== undefined) put(newer, account);
  byPost(post.dataset["post"] ?? "")?.focus({ preventScroll: true });
}

/** The other version above the own one: saving now replaces it, and the person knows. */
function compare(form: HTMLFormElement, place: HTMLElement, error: Refused): void {
  form.dataset["seenRev"] = String(error.details["rev"]);
  place.replaceChildren(
    el("p", { class: "error small" }, error.message),
    el(
      "div",
      { class: "other-version small" },
      el("p", { class: "soft" }, t("The other version:")),
      el("p", { class: "post-text" }, String(error.details["now"])),
    ),
  );
  one(".button-primary", form).textContent = t("Save mine");
  one(".button-quiet", form).textContent = t("Keep the other version");
}
