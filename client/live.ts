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

export interface LiveHandlers {
  change?(hint: ChangeHint): void;
  left?(hint: { community: string }): void;
  invited?(hint: { community: string }): void;
  /** The same person has read further, here or in another window. */
  read?(hint: ReadHint): void;
  typing?(hint: { case: string; thread: string; account: string }): void;
  present?(hint: { case: string; account: string }): void;
  /** Called with true when the socket is up (again): catch up by `since` then. */
  state?(connected: boolean): void;
}

export interface Live {
  typing(caseId: string, thread: string): void;
  present(caseId: string): void;
  close(): void;
}

const TYPING_EVERY_MS = 3000;

export function live(handlers: LiveHandlers): Live {
  const socket: Socket = io({ transports: ["websocket"], reconnectionDelayMax: 10_000 });
  let typedAt = 0;
  socket.on("connect", () => handlers.state?.(true));
  socket.on("disconnect", (reason) => {
    handlers.state?.(false);
    // The server ends a socket when a membership or a session ends; a membership leaves others.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
  });
  socket.on("change", (hint: ChangeHint) => handlers.change?.(hint));
  socket.on("left", (hint: { community: string }) => handlers.left?.(hint));
  socket.on("invited", (hint: { community: string }) => handlers.invited?.(hint));
  socket.on("read", (hint: ReadHint) => handlers.read?.(hint));
  socket.on("typing", (hint: { case: string; thread: string; account: string }) => handlers.typing?.(hint));
  socket.on("present", (hint: { case: string; account: string }) => handlers.present?.(hint));
  return {
    typing(caseId, thread) {
      const now = Date.now();
      if (!socket.connected || now - typedAt < TYPING_EVERY_MS) return;
      typedAt = now;
      socket.emit("typing", { case: caseId, thread });
    },
    present(caseId) {
      if (socket.connected) socket.emit("present", { case: caseId });
    },
    close: () => {
      socket.close();
    },
  };
}
