/** The frames of a series as places in it, and what that many of them mean for loading. */
import { levels } from "./decode";
import { memoryLimit } from "./engine";
import { imageIdFor } from "./imageLoader";
import { dimensions, isColour } from "./metadata";
import type { Place, Series } from "./types";

const LOW_WIDTH = 128;

/** The frames of all instances of a series, in the order of display. */
export function placesOf(series: Series, holder: string): Place[] {
  const places: Place[] = [];
  for (const instance of series.instances) {
    for (let frame = 0; frame < Math.max(1, instance.frames); frame++) {
      places.push({
        index: places.length,
        imageId: imageIdFor(holder, instance.id, frame),
        series,
        instance,
        frame,
        size: instance.bytes?.[frame] ?? 0,
        ends: instance.ends?.[frame] ?? [],
      });
    }
  }
  return places;
}

/** The resolution that is about 128 pixels wide; undefined when no frame has several. */
export function lowResolution(places: readonly Place[]): number | undefined {
  const place = places.find((each) => levels(each) > 0);
  if (!place) return undefined;
  const halvings = Math.round(Math.log2(Math.max(1, dimensions(place).columns / LOW_WIDTH)));
  const resolution = levels(place) - Math.max(1, halvings);
  return resolution >= 0 ? resolution : 0;
}

/** How many decoded frames of this series the memory limit allows. */
export function affordable(places: readonly Place[]): number {
  const bytes = places.map((place) => {
    const { rows, columns } = dimensions(place);
    return rows * columns * (isColour(place) ? 4 : 2);
  });
  return Math.max(3, Math.floor((memoryLimit() * 0.8) / Math.max(1, ...bytes)));
}
