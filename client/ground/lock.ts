/** What modules need to know of the lock (../idle.ts), which is a script of its own. */

let lifted = -Infinity;
window.addEventListener("hds:unlocked", () => (lifted = performance.now()));

/** Whether the page is covered: what asks the server by itself waits, for it would be refused. */
export const covered = (): boolean => document.documentElement.dataset["locked"] !== undefined;

/** A request that began at *begun* (`performance.now()`) met no session: the page is covered. */
export function sessionOver(begun: number): void {
  // Asked before the lock was lifted and answered after it, it tells of the session before.
  if (begun > lifted) window.dispatchEvent(new Event("hds:signed-out"));
}

/** Settles when the page lies open, at once where it does; rejects when *signal* aborts. */
export function lyingOpen(signal: AbortSignal): Promise<void> {
  return new Promise((open, rejected) => {
    signal.throwIfAborted();
    if (!covered()) {
      open();
      return;
    }
    window.addEventListener("hds:unlocked", () => open(), { once: true, signal });
    signal.addEventListener("abort", () => rejected(new DOMException("", "AbortError")), { once: true });
  });
}
