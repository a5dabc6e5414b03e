/** Requests to our own server: form token, time limit, errors in the person's language. */
import { t } from "./ground/i18n";
import { sessionOver } from "./ground/lock";

export interface Asked {
  readonly method?: string;
  readonly json?: unknown;
  readonly form?: FormData | URLSearchParams;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** The page itself asks for a new sign-in when the session has ended. */
  readonly asksItself?: boolean;
  /** Goes on when the page is left; for small things only. */
  readonly keepalive?: boolean;
  /** Milliseconds until the request is given up; 30 s unless told, 0 for never. */
  readonly timeoutMs?: number;
}

/** The server answered no. `message` is a sentence for the person, in their language. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>>,
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** No answer came: no network, server gone, or too slow. The request may be repeated. */
export class Offline extends Error {
  constructor() {
    super(t("No connection. Please try again in a moment."));
    this.name = "Offline";
  }
}

const READING = new Set(["GET", "HEAD"]);

function headersFor(asked: Asked, method: string): Headers {
  const headers = new Headers(asked.headers);
  headers.set("Accept", asked.accept ?? "application/json");
  if (asked.json !== undefined) headers.set("Content-Type", "application/json");
  if (!READING.has(method)) {
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
    headers.set("X-HDS-CSRF", token);
  }
  return headers;
}

async function refusal(response: Response): Promise<Refused> {
  let told: Record<string, unknown> = {};
  try {
    told = (await response.json()) as Record<string, unknown>;
  } catch {
    // An answer from something in between, such as a proxy, is no JSON of ours.
  }
  const { error, message, ...details } = told;
  const words = typeof message === "string" ? message : t("That did not work. Please try again.");
  const code = typeof error === "string" ? error : `status_${response.status}`;
  return new Refused(response.status, code, words, details);
}

/** One request to our own origin. Throws `Refused` or `Offline`; an abort by the caller stays one. */
export async function request(path: string, asked: Asked = {}): Promise<Response> {
  const body = asked.json === undefined ? (asked.form ?? asked.body) : JSON.stringify(asked.json);
  const method = asked.method ?? (body === undefined ? "GET" : "POST");
  const limit = asked.timeoutMs ?? 30_000;
  const signals = [asked.signal, limit > 0 ? AbortSignal.timeout(limit) : undefined];
  const begun = performance.now();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: headersFor(asked, method),
      body: body ?? null,
      credentials: "same-origin",
      redirect: "follow",
      keepalive: asked.keepalive ?? false,
      signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
    });
  } catch (error) {
    if (asked.signal?.aborted === true) throw error;
    throw new Offline();
  }
  if (response.ok) return response;
  const refused = await refusal(response);
  const ended = refused.code === "sign_in" && asked.asksItself !== true;
  if (ended) sessionOver(begun);
  throw refused;
}

/** What a long body needs beside its address. */
export interface Sending {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** So many bytes of the body have left by now. */
  sent(bytes: number): void;
}

/**
 * PUT a long body and hear how far it is, which `fetch` does not tell; the JSON of the answer.
 * Throws as `request` does; the page itself asks for a new sign-in.
 */
export function put<T>(path: string, body: Blob, { signal, timeoutMs, sent }: Sending): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    const stop = (): void => asked.abort();
    const over = (): void => signal.removeEventListener("abort", stop);
    asked.open("PUT", path);
    headersFor({ headers: { "Content-Type": "application/octet-stream" } }, "PUT").forEach((value, name) =>
      asked.setRequestHeader(name, value),
    );
    asked.timeout = timeoutMs;
    asked.upload.onprogress = ({ loaded }) => sent(loaded);
    asked.onload = () => {
      over();
      const answer = new Response(asked.status === 204 ? null : asked.responseText, { status: asked.status });
      if (answer.ok) answer.json().then((told: T) => resolve(told), reject);
      else refusal(answer).then(reject, reject);
    };
    asked.onerror = asked.ontimeout = () => {
      over();
      reject(new Offline());
    };
    asked.onabort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) reject(signal.reason as Error);
    else asked.send(body);
  });
}

export async function getJson<T>(path: string, asked: Asked = {}): Promise<T> {
  return (await (await request(path, asked)).json()) as T;
}

export async function postJson<T>(path: string, json: unknown, asked: Asked = {}): Promise<T> {
  return (await (await request(path, { ...asked, json, method: asked.method ?? "POST" })).json()) as T;
}

/** A rendered partial; hand it to `fragment` of ./html. */
export async function getHtml(path: string, asked: Asked = {}): Promise<string> {
  return (await request(path, { accept: "text/html", ...asked })).text();
}
