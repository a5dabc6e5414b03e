/** Grey windows that readers know by name. */
import { t } from "../../client/i18n";
import { fileWindows } from "./metadata";
import type { Place } from "./types";

export interface Preset {
  name: string;
  center: number;
  width: number;
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
    name: explanation ? t("File: {name}", { name: explanation }) : fileName(at),
    center,
    width,
  }));
  return place.series.modality === "CT" ? [...own, ...ct()] : own;
}

const fileName = (at: number): string =>
  at === 0 ? t("As in the file") : t("File window {n}", { n: at + 1 });
