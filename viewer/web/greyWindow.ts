/** The grey window: which values are drawn black, grey and white (DICOM PS3.3 C.11.2.1.2). */
import { Enums, utilities, type Types } from "@cornerstonejs/core";
import { fileWindows, isColour } from "./metadata";
import type { Place } from "./types";

export interface GreyRange {
  center: number;
  width: number;
}

/** All of the eight bits of a colour. */
const COLOUR: GreyRange = { center: 128, width: 256 };

/** What a frame is drawn with: its grey window; colours as they are. */
export const drawnWith = (place: Place, grey: GreyRange | null): GreyRange | null =>
  isColour(place) ? COLOUR : grey;

/** The window of the file, or else the one that was computed for the picture. */
export function ownWindow(viewport: Types.IStackViewport, place: Place): GreyRange | null {
  const [first] = fileWindows(place);
  if (first) return { center: first.center, width: first.width };
  const image = viewport.getCornerstoneImage();
  if (!image) return null;
  return { center: Number(image.windowCenter), width: Number(image.windowWidth) };
}

/** The window that a tool has just set by moving. */
export function windowOf(event: Event): GreyRange | null {
  const { range } = (event as CustomEvent<Types.EventTypes.VoiModifiedEventDetail>).detail;
  if (!range) return null;
  const { lower, upper } = range;
  const { windowCenter, windowWidth } = utilities.windowLevel.toWindowLevel(lower, upper);
  return { center: windowCenter, width: windowWidth };
}

export function voiRange({ center, width }: GreyRange): { lower: number; upper: number } {
  const { LINEAR } = Enums.VOILUTFunctionType;
  return utilities.windowLevel.toLowHighRange(width, center, LINEAR);
}
