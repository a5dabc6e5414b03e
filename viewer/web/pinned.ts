/** One exact view, as a pin keeps it: read off the picture area, and put back there. */
import { MOST_DRAWINGS } from "./drawings";
import type { Pane } from "./pane";
import type { PinView } from "./types";

export function viewOf(study: string, pane: Pane): PinView {
  const { place } = pane;
  if (!place) throw new Error("no image is shown yet");
  const { zoom, pan, rotation, flipH, flipV } = pane.presentation;
  return {
    v: 1,
    study,
    series: place.series.id,
    instance: place.instance.id,
    sop: place.instance.sop,
    frame: place.frame + 1,
    index: place.index,
    count: pane.places.length,
    seriesNumber: place.series.number,
    window: pane.shownWindow,
    invert: pane.invert,
    zoom,
    pan,
    rotation,
    flipH,
    flipV,
    annotations: pane.drawings.slice(0, MOST_DRAWINGS),
  };
}

/** Goes to exactly that view; false when its image is not in the series that is shown. */
export async function putBack(view: PinView, pane: Pane): Promise<boolean> {
  const place = pane.places.find(
    (each) => each.instance.id === view.instance && each.frame === view.frame - 1,
  );
  if (!place) return false;
  await pane.goTo(place.index);
  // The window was that of the scanner's values; of a small picture only greys are left.
  if (!place.instance.thinned) pane.window = view.window;
  pane.invert = view.invert;
  pane.presentation = view;
  pane.eraseDrawings([place]);
  pane.addDrawings(view.annotations);
  return true;
}
