/** Why sending stands still, and what passes by itself. */
import { Offline, Refused } from "../http";
import { waitAsked } from "../patience";

/** Why sending stands still; empty while it goes on. */
export type Halt = "" | "person" | "sign_in" | "stranger" | "medium" | PassingHalt;
/** What ends without anybody doing anything. */
type PassingHalt = "offline" | "busy" | "full" | "away" | "leaving";

/** What the storage of the portal says of itself, by the codes of `portal/storing/errors.py`. */
const STORAGE: Readonly<Record<string, PassingHalt>> = {
  disk_full: "full",
  store_away: "away",
  still_leaving: "leaving",
};

/** Why it stands still after something that passes by itself. */
export function haltFor(error: unknown): PassingHalt {
  const storage = error instanceof Refused ? STORAGE[error.code] : undefined;
  return storage ?? (waitAsked(error) > 0 ? "busy" : "offline");
}

/** Whether the same request may succeed later without anybody doing anything. */
export function mayPass(error: unknown): boolean {
  if (error instanceof Offline) return true;
  if (!(error instanceof Refused)) return false;
  if (error.status === 429) return error.code !== "too_many_uploads" && waitAsked(error) > 0;
  if (error.status >= 500) return error.status !== 507 || error.code in STORAGE;
  return error.code === "part_damaged";
}

/** Whether sending goes on, or will by itself. */
export function goesOn(why: Halt): boolean {
  return why !== "person" && why !== "sign_in" && why !== "stranger" && why !== "medium";
}
