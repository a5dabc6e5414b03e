/**
 * The one socket of a page.  It carries hints with ids only; what changed is fetched over HTTP,
 * where session and membership are asked again.
 */
import { io, type Socket } from "socket.io-client";

export interface ChangeHint {
  community: string;
  case: string | null;
  seq: number;
}

export interface ReadHint {
  community: string;
  case: string;
  thread: string;
  seq: number;
}

interface TypingHint {
  case: string;
  thread: string;
  account: string;
}

interface PresentHint {
  case: string;
  account: string;
  /** That page has just come, and wants to hear who is here. */
  asks: boolean;
}

export interface LiveHandlers {
  change?(hint: ChangeHint): void;
  left?(hint: { community: string }): void;
  invited?(hint: { community: string }): void;
  /** The same person has read further, here or in another window. */
  read?(hint: ReadHint): void;
  /** Something is new behind the bell. */
  noticed?(): void;
  typing?(hint: TypingHint): void;
  present?(hint: PresentHint): void;
  /** Called with true when the socket is up (again): catch up by `since` then. */
  state?(connected: boolean): void;
}

export interface Live {
  typing(caseId: string, thread: string): void;
  /** Somebody is here; *asks* when the page has just come (again). */
  present(caseId: string, asks: boolean): void;
  close(): void;
}

const TYPING_EVERY_MS = 3000;
const everybody: LiveHandlers[] = [];
let socket: Socket | undefined;

/** One socket, however many modules of the page listen. */
function connected(): Socket {
  if (socket !== undefined) return socket;
  const made = io({ transports: ["websocket"], reconnectionDelayMax: 10_000 });
  const tell = (handle: (each: LiveHandlers) => void) => () => everybody.forEach(handle);
  const again = () => {
    if (!made.active) made.connect(); // it neither stands nor tries by itself
  };
  /** ./idle.ts asks whether it was the session that ended, and covers the page. */
  const ended = () => window.dispatchEvent(new Event("hds:line-ended"));
  made.on("connect", tell((each) => each.state?.(true)));
  made.on("disconnect", (reason) => {
    tell((each) => each.state?.(false))();
    // The server ends a socket when a membership or a session ends; a membership leaves others.
    if (reason === "io server disconnect") setTimeout(again, 1000);
  });
  made.on("ended", ended);
  // A session that ended while there was no line shows when the next one is refused.
  made.on("connect_error", ({ message }) => {
    if (message === "sign_in") ended();
  });
  // A session ended and another one began on the same page: the cookie is the new one's by now.
  window.addEventListener("hds:unlocked", again);
  // "Back" may bring a page as it was put away, with a socket that ended meanwhile.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) made.disconnect().connect();
  });
  made.on("change", (hint: ChangeHint) => everybody.forEach((each) => each.change?.(hint)));
  made.on("left", (hint: { community: string }) => everybody.forEach((each) => each.left?.(hint)));
  made.on("invited", (hint: { community: string }) => everybody.forEach((each) => each.invited?.(hint)));
  made.on("read", (hint: ReadHint) => everybody.forEach((each) => each.read?.(hint)));
  made.on("noticed", tell((each) => each.noticed?.()));
  made.on("typing", (hint: TypingHint) => everybody.forEach((each) => each.typing?.(hint)));
  made.on("present", (hint: PresentHint) => everybody.forEach((each) => each.present?.(hint)));
  socket = made;
  return made;
}

export function live(handlers: LiveHandlers): Live {
  const line = connected();
  let typedAt = 0;
  everybody.push(handlers);
  // Not before the caller has what this returns: its handlers may use it.
  if (line.connected) queueMicrotask(() => handlers.state?.(true));
  return {
    typing(caseId, thread) {
      const now = Date.now();
      if (!line.connected || now - typedAt < TYPING_EVERY_MS) return;
      typedAt = now;
      line.emit("typing", { case: caseId, thread });
    },
    present(caseId, asks) {
      if (line.connected) line.emit("present", { case: caseId, asks });
    },
    close: () => {
      line.close();
    },
  };
}
