/**
 * Passkeys: ask the authenticator, and put its answer into the form that asked for it.
 *
 * Where it computes a secret (PRF), the server gets 32 bytes derived from that, which open the
 * account; what the authenticator itself said never leaves this function.
 */
import { again } from "./again";
import { bytesOf, textOf } from "./ground/base64url";
import { all, maybe, one } from "./ground/dom";
import { postJson, Refused, Offline } from "./http";
import { t } from "./ground/i18n";

export interface PasskeyAnswer {
  readonly credential: string;
  /** Empty when the authenticator computes none. */
  readonly secret: string;
}

interface Question {
  readonly extensions: { readonly prf: { readonly eval: { readonly first: string } } };
}

const PURPOSE = new TextEncoder().encode("HealthDataSpace secret of a passkey, 1");

export const possible = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Ask for a new passkey (create) or for one that exists (get). Throws what the browser throws. */
export async function ask(kind: "create" | "get", path: string): Promise<PasskeyAnswer> {
  const { extensions, ...question } = await postJson<Question>(path, {});
  const prf = { prf: { eval: { first: bytesOf(extensions.prf.eval.first) } } };
  const made =
    kind === "create"
      ? await navigator.credentials.create({ publicKey: creation(question, prf) })
      : await navigator.credentials.get({ publicKey: requested(question, prf) });
  if (!(made instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  const computed = made.getClientExtensionResults().prf?.results?.first;
  const answer = made.toJSON() as Record<string, unknown>;
  answer["clientExtensionResults"] = {};
  return { credential: JSON.stringify(answer), secret: computed ? await derived(computed) : "" };
}

function creation(question: unknown, extensions: object): PublicKeyCredentialCreationOptions {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(question as PublicKeyCredentialCreationOptionsJSON);
  return { ...options, extensions };
}

function requested(question: unknown, extensions: object): PublicKeyCredentialRequestOptions {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(question as PublicKeyCredentialRequestOptionsJSON);
  return { ...options, extensions };
}

/** Why there is no answer, in words for the person. */
export function wordsFor(error: unknown): string {
  if (error instanceof Refused || error instanceof Offline) return error.message;
  if (error instanceof DOMException && error.name === "InvalidStateError") {
    return t("This device has a passkey for your account already.");
  }
  if (error instanceof DOMException && error.name === "SecurityError") {
    return t("Passkeys do not work at this address.");
  }
  return t("No passkey was used. Please try again, or use another way.");
}

async function derived(computed: BufferSource): Promise<string> {
  const key = await crypto.subtle.importKey("raw", computed, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: PURPOSE };
  return textOf(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)));
}

/** Buttons inside forms: [data-passkey="create|get"][data-options] around inputs and a button. */
export function wirePasskeys(): void {
  if (!possible) return;
  for (const box of all("[data-passkey]")) {
    box.hidden = false;
    const impossible = maybe("[data-passkey-impossible]", box.parentElement ?? document);
    if (impossible !== null) impossible.hidden = true;
    one("[data-passkey-start]", box).addEventListener("click", () => void answerInto(box));
  }
}

async function answerInto(box: HTMLElement): Promise<void> {
  const form = box.closest("form");
  if (form === null || !form.reportValidity()) return;
  const problem = one("[data-passkey-problem]", box);
  problem.hidden = true;
  try {
    const kind = box.dataset["passkey"] === "create" ? "create" : "get";
    const answer = await again(() => ask(kind, box.dataset["options"] ?? ""));
    fill(one<HTMLInputElement>("[name=credential]", box), answer.credential);
    fill(one<HTMLInputElement>("[name=secret]", box), answer.secret);
    form.requestSubmit();
  } catch (error) {
    problem.textContent = wordsFor(error);
    problem.hidden = false;
  }
}

function fill(input: HTMLInputElement, value: string): void {
  input.disabled = false;
  input.value = value;
}

/** The page of recovery codes can be printed and saved; nothing is sent for that. */
export function wireRecoveryCodes(): void {
  const list = maybe("[data-codes]");
  if (list === null) return;
  one("[data-codes-actions]").hidden = false;
  one("[data-codes-print]").addEventListener("click", () => window.print());
  one("[data-codes-save]").addEventListener("click", () => {
    const lines = all("li", list).map((each) => each.textContent ?? "");
    const blob = new Blob([`${lines.join("\n")}\n`], { type: "text/plain" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "HealthDataSpace.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
