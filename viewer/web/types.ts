/** What the server says about a study, and what a pin remembers of a view. */

export type Point3 = [number, number, number];

export interface GreyWindow {
  center: number;
  width: number;
  explanation?: string;
  function?: string;
}

/** One item of a frame's description that may differ between the frames of one instance. */
export interface FrameMeta {
  position?: number[] | null;
  orientation?: number[] | null;
  spacing?: number[] | null;
  windows?: GreyWindow[];
  rescale?: { slope: number; intercept: number; type?: string } | null;
  frameTimeMs?: number | null;
}

export interface Meta extends FrameMeta {
  modality?: string;
  samples: number;
  bitsAllocated: number;
  bitsStored: number;
  signed: boolean;
  photometric: string;
  frameOfReference?: string | null;
  perFrame?: FrameMeta[];
}

export interface Instance {
  id: string;
  sop: string;
  /** "image", "document", … as the server names it. */
  kind?: string;
  number: number | null;
  rows: number;
  columns: number;
  frames: number;
  /** The day (YYYYMMDD) on which the original was deleted: this is a small picture of it. */
  thinned?: string;
  codec: "htj2k" | "jpeg" | "none";
  why: string | null;
  /** False when there is no JPEG preview of this one. */
  preview?: boolean;
  bytes: number[];
  ends: number[][];
  meta: Meta;
}

export interface Series {
  id: number;
  number: number | null;
  description: string;
  modality: string;
  instances: Instance[];
}

export interface Manifest {
  study: { id: string };
  series: Series[];
}

/** A drawing on one image; points in the patient's coordinates (DICOM PS3.3 C.7.6.2), in mm. */
export interface Drawing {
  tool: "length" | "arrow";
  points: Point3[];
  text: string;
}

/**
 * One exact view.  `zoom` counts from "fits the window"; `pan` is the way from the picture's
 * centre to the centre of the view in image pixels [columns, rows].  Neither depends on the size
 * of the screen.  `frame` counts from 1, `index` from 0 over the whole series.
 */
export interface PinView {
  v: 1;
  study: string;
  series: number;
  instance: string;
  sop: string;
  frame: number;
  index: number;
  count: number;
  seriesNumber: number | null;
  window: { center: number; width: number } | null;
  invert: boolean;
  zoom: number;
  pan: [number, number];
  rotation: number;
  flipH: boolean;
  flipV: boolean;
  annotations: Drawing[];
}

/** How much of a frame the browser holds. */
export type Quality = "none" | "low" | "full" | "failed" | "nopicture";

/** One frame of a series, in the order of display. */
export interface Place {
  readonly index: number;
  readonly imageId: string;
  readonly series: Series;
  readonly instance: Instance;
  /** Counted from 0 within the instance. */
  readonly frame: number;
  readonly size: number;
  /** Byte ends of the resolutions, lowest first; empty when there is only one. */
  readonly ends: readonly number[];
}
