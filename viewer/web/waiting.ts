/** Pictures that the server is still making. */
import type { Manifest } from "./types";

/** How many instances have no picture yet but will have one. */
export const waiting = (manifest: Manifest): number =>
  manifest.series
    .flatMap(({ instances }) => instances)
    .filter(({ codec, why }) => codec === "none" && why === "preparing").length;
