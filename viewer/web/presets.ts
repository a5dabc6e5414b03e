/** Grey windows that readers know by name. */
import { t } from "../../client/i18n";
import { fileWindows } from "./metadata";
import type { Place } from "./types";

export interface Preset {
  name: string;
  center: number;
  width: number;
  /** The file's own first window: it follows from image to image instead of being one for all. */
  asInFile?: boolean;
}

const ct = (): Preset[] => [
  { name: t("Soft tissue"), center: 40, width: 400 },
  { name: t("Lung"), center: -600, width: 1500 },
  { name: t("Bone"), center: 480, width: 2500 },
  { name: t("Brain"), center: 40, width: 80 },
  { name: t("Stroke"), center: 40, width: 40 },
  { name: t("Subdural"), center: 75, width: 215 },
  { name: t("Liver"), center: 60, width: 150 },
  { name: t("Mediastinum"), center: 50, width: 350 },
];

/** The file's own windows first, then those of the modality. */
export function presetsFor(place: Place): Preset[] {
  const own = fileWindows(place).map(({ center, width, explanation }, at) => ({
    name: at === 0 ? asInFile(explanation) : explanation ? t("File: {name}", { name: explanation }) : fileName(at),
    center,
    width,
    asInFile: at === 0,
  }));
  return place.series.modality === "CT" ? [...own, ...ct()] : own;
}

const asInFile = (explanation?: string): string =>
  explanation ? `${t("As in the file")} (${explanation})` : t("As in the file");

const fileName = (at: number): string => t("File window {n}", { n: at + 1 });
