/** Answers Cornerstone's questions about an image from the manifest. */
import { metaData } from "@cornerstonejs/core";
import type { FrameMeta, GreyWindow, Meta, Place } from "./types";

const places = new Map<string, Place>();

export function remember(place: Place): void {
  places.set(place.imageId, place);
}

export function forget(place: Place): void {
  places.delete(place.imageId);
}

export function provideMetadata(): void {
  metaData.addProvider((type: string, imageId: unknown) => {
    const place = typeof imageId === "string" ? places.get(imageId) : undefined;
    return place && MODULES[type]?.(place);
  }, 10_000);
}

const EMPTY: Meta = {
  samples: 1,
  bitsAllocated: 8,
  bitsStored: 8,
  signed: false,
  photometric: "MONOCHROME2",
};

/** A frame's own description over that of its instance. */
export function metaOf(place: Place): Meta {
  const meta: Meta = place.instance.codec === "none" ? EMPTY : place.instance.meta;
  const own: FrameMeta | undefined = meta.perFrame?.[place.frame];
  return own ? { ...meta, ...own } : meta;
}

export const isColour = (place: Place): boolean => metaOf(place).samples > 1;

/** The grey windows that the file itself proposes. */
export function fileWindows(place: Place): GreyWindow[] {
  return isColour(place) ? [] : (metaOf(place).windows ?? []).filter((each) => each.width >= 1);
}

/** Millimetres per pixel [row, column]; undefined when the file does not say. */
export function spacingOf(place: Place): [number, number] | undefined {
  const spacing = metaOf(place).spacing;
  return spacing?.[0] && spacing[1] ? [spacing[0], spacing[1]] : undefined;
}

const MODULES: Record<string, (place: Place) => object> = {
  imagePixelModule: pixelModule,
  imagePlaneModule: planeModule,
  generalSeriesModule: ({ series, instance }) => ({
    modality: series.modality || instance.meta?.modality,
    seriesNumber: series.number,
  }),
  sopCommonModule: ({ instance }) => ({ sopInstanceUID: instance.sop }),
  voiLutModule: (place) => {
    const windows = fileWindows(place);
    return {
      windowCenter: windows.length ? windows.map((each) => each.center) : undefined,
      windowWidth: windows.length ? windows.map((each) => each.width) : undefined,
      voiLUTFunction: ["LINEAR"],
    };
  },
  modalityLutModule: (place) => {
    const rescale = isColour(place) ? undefined : metaOf(place).rescale;
    return { rescaleSlope: rescale?.slope ?? 1, rescaleIntercept: rescale?.intercept ?? 0 };
  },
};

function pixelModule(place: Place): object {
  const meta = metaOf(place);
  const { rows, columns } = dimensions(place);
  return {
    samplesPerPixel: meta.samples,
    photometricInterpretation: meta.photometric,
    planarConfiguration: 0,
    rows,
    columns,
    bitsAllocated: meta.bitsAllocated,
    bitsStored: meta.bitsStored,
    highBit: meta.bitsStored - 1,
    pixelRepresentation: meta.signed ? 1 : 0,
  };
}

/** Size of the picture in pixels; a small empty one stands for what has no picture. */
export function dimensions(place: Place): { rows: number; columns: number } {
  const { rows, columns, codec } = place.instance;
  return codec === "none" ? { rows: 64, columns: 64 } : { rows, columns };
}

function planeModule(place: Place): object {
  const meta = metaOf(place);
  const spacing = spacingOf(place);
  const orientation = meta.orientation ?? undefined;
  const known = spacing !== undefined;
  const cosines = orientation ?? [1, 0, 0, 0, 1, 0];
  return {
    ...dimensions(place),
    frameOfReferenceUID: meta.frameOfReference || place.instance.sop,
    imageOrientationPatient: cosines,
    imagePositionPatient: meta.position ?? [0, 0, 0],
    rowCosines: cosines.slice(0, 3),
    columnCosines: cosines.slice(3, 6),
    rowPixelSpacing: spacing?.[0] ?? 1,
    columnPixelSpacing: spacing?.[1] ?? 1,
    pixelSpacing: spacing ?? [1, 1],
    // Without a spacing the tools then measure in pixels and say so.
    usingDefaultValues: !known,
  };
}
