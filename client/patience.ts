/** Waiting as long as the server asks, instead of failing. */
import { Refused } from "./http";

/** Milliseconds the server asks to wait; 0 when it does not say. */
export function waitAsked(error: unknown): number {
  const told = error instanceof Refused ? error.details["retry_after"] : undefined;
  return typeof told === "number" && told > 0 ? told * 1000 : 0;
}

/** Ask again as often as the server says that it is too much at the moment. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const wait = waitAsked(error);
      if (!(error instanceof Refused) || error.status !== 429 || wait === 0) throw error;
      await new Promise((wake) => setTimeout(wake, wait));
    }
  }
}
