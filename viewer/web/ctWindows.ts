/** The windows of every CT. */
import { t } from "../../client/ground/i18n";

/** The digits 1 to 8, in this order.  Never reorder: hands remember them. */
export const CT_WINDOWS: readonly (readonly [name: () => string, center: number, width: number])[] = [
  [() => t("Soft tissue"), 40, 400],
  [() => t("Lung"), -600, 1500],
  [() => t("Bone"), 480, 2500],
  [() => t("Brain"), 40, 80],
  [() => t("Mediastinum"), 50, 350],
  [() => t("Liver"), 60, 150],
  [() => t("Stroke"), 40, 40],
  [() => t("Subdural"), 75, 215],
];
