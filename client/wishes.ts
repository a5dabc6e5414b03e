/** The page of wishes: the device's own time zone, and notices on this device. */
import { maybe } from "./dom";

const zone = maybe<HTMLSelectElement>("select[data-zone]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone?.dataset["zone"] === "new" && zone.querySelector(`option[value="${CSS.escape(here)}"]`)) {
  zone.value = here;
}
