/** Grey windows that readers know by name; a digit means the same one in every CT. */
import { t } from "../../client/ground/i18n";
import { CT_WINDOWS } from "./ctWindows";
import type { GreyRange } from "./greyWindow";
import { fileWindows, isColour } from "./metadata";
import type { GreyWindow, Place } from "./types";

export interface Preset {
  name: string;
  /** The digits that choose it; none for what only the menu offers. */
  keys: readonly string[];
  /** Undefined where the window is computed for each picture. */
  range: GreyRange | undefined;
  /** The image's own window: it follows from image to image instead of being one for all. */
  own: boolean;
}

/**
 * What can be chosen for a picture, its own window first; nothing for colours and for what is no
 * picture.  0 is the own window everywhere; 1 to 8 are the CT table in a CT, else the windows that
 * the file proposes.
 */
export function presetsFor(place: Place): Preset[] {
  if (isColour(place) || place.instance.codec === "none") return [];
  const [first, ...more] = fileWindows(place);
  // The values of a small picture are greys, not those of the scanner.
  const isCt = place.series.modality === "CT" && !place.instance.thinned;
  const own: Preset = {
    name: first ? ownName(first) : t("Automatic"),
    keys: isCt ? ["0"] : ["0", "1"],
    range: first && rangeOf(first),
    own: true,
  };
  const proposed = more.map((each, at) => ({
    name: each.explanation ? t("File: {name}", { name: each.explanation }) : fileName(at + 1),
    keys: isCt || at > 7 ? [] : [String(at + 2)],
    range: rangeOf(each),
    own: false,
  }));
  return [own, ...(isCt ? ctPresets() : []), ...proposed];
}

/** Which preset the window on the screen is; undefined when it was set by hand. */
export function presetInUse(window: GreyRange | null, presets: readonly Preset[]): number | undefined {
  if (window === null) return presets.length ? 0 : undefined;
  const same = ({ range }: Preset) => range?.center === window.center && range.width === window.width;
  const named = presets.findIndex((each) => !each.own && same(each));
  if (named >= 0) return named;
  return presets[0] && same(presets[0]) ? 0 : undefined;
}

const ctPresets = (): Preset[] =>
  CT_WINDOWS.map(([name, center, width], at) => ({
    name: name(),
    keys: [String(at + 1)],
    range: { center, width },
    own: false,
  }));

const rangeOf = ({ center, width }: GreyWindow): GreyRange => ({ center, width });

const ownName = ({ explanation }: GreyWindow): string =>
  explanation ? `${t("As in the file")} (${explanation})` : t("As in the file");

const fileName = (at: number): string => t("File window {n}", { n: at + 1 });
