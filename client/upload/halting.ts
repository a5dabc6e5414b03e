/** Why sending stands still, and what passes by itself. */
import { Offline, Refused } from "../http";
import { waitAsked } from "../patience";

/** Why sending stands still; empty while it goes on. */
export type Halt = "" | "person" | "sign_in" | "stranger" | "medium" | PassingHalt;
/** What ends without anybody doing anything. */
type PassingHalt = "offline" | "busy";

/** Whether the same request may succeed later without anybody doing anything. */
export function mayPass(error: unknown): boolean {
  if (error instanceof Offline) return true;
  if (!(error instanceof Refused)) return false;
  if (error.status === 429) return error.code !== "too_many_uploads" && waitAsked(error) > 0;
  return error.status >= 500 ? error.status !== 507 : error.code === "part_damaged";
}

/** Whether sending goes on, or will by itself. */
export function goesOn(why: Halt): boolean {
  return why === "" || why === "offline" || why === "busy";
}
