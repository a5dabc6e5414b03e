/** From bytes to pictures that Cornerstone draws. */
import { Enums, type Types, utilities } from "@cornerstonejs/core";
import { createImage } from "@cornerstonejs/dicom-image-loader";
import { dimensions } from "./metadata";
import type { Place } from "./types";

type Pixels = Types.PixelDataTypedArray;

const SYNTAX = {
  htj2k: "1.2.840.10008.1.2.4.202",
  jpeg: "1.2.840.10008.1.2.4.50",
  none: "1.2.840.10008.1.2.1",
} as const;

/** The number of halvings between the lowest and the full resolution. */
export const levels = (place: Place): number => Math.max(0, place.ends.length - 1);

/**
 * A picture from a whole frame, or from the prefix that ends with `resolution`.
 *
 * A low resolution is blown up to full rows and columns: otherwise it would keep the spacing of
 * the full picture with fewer pixels, and every length measured on it would be too short.
 */
export async function decode(
  place: Place,
  bytes: Uint8Array,
  resolution: number,
  options: object,
): Promise<Types.IImage> {
  const missing = levels(place) - resolution;
  const wanted = { ...options, decodeLevel: missing };
  const made = await createImage(place.imageId, bytes as never, SYNTAX[place.instance.codec], wanted);
  const image = made as Types.IImage;
  if (missing > 0) enlarge(image, dimensions(place), 2 ** missing);
  if (image.color) image.getCanvas = () => colourCanvas(image);
  image.imageQualityStatus =
    missing > 0
      ? Enums.ImageQualityStatus.SUBRESOLUTION
      : Enums.ImageQualityStatus.FULL_RESOLUTION;
  return image;
}

/** An empty picture for an instance that has none, so that the series keeps its numbering. */
export function blank(place: Place, options: object): Promise<Types.IImage> {
  const { rows, columns } = dimensions(place);
  return decode(place, new Uint8Array(rows * columns), 0, options);
}

interface Frame {
  rows: number;
  columns: number;
  pixelData: Pixels;
  pixelDataLength: number;
}

function enlarge(
  image: Types.IImage,
  size: { rows: number; columns: number },
  step: number,
): void {
  const frame = (image as unknown as { imageFrame: Frame }).imageFrame;
  const samples = Math.round(frame.pixelData.length / (frame.rows * frame.columns));
  const pixels = interpolated(frame, size, step, samples);
  Object.assign(frame, { ...size, pixelData: pixels, pixelDataLength: pixels.length });
  const { rows: height, columns: width } = size;
  Object.assign(image, {
    rows: height,
    columns: width,
    height,
    width,
    sizeInBytes: pixels.byteLength,
    voxelManager: utilities.VoxelManager.createImageVoxelManager({
      scalarData: pixels,
      width,
      height,
      numberOfComponents: samples,
    }),
  });
}

/** Linear between the low pixels, which sit at every `step`-th pixel of the full picture. */
function interpolated(
  low: Frame,
  size: { rows: number; columns: number },
  step: number,
  samples: number,
): Pixels {
  const { rows, columns } = size;
  const source = low.pixelData;
  const line = low.columns * samples;
  const pixels = new (source.constructor as new (length: number) => Pixels)(
    rows * columns * samples,
  );
  const rounding = source instanceof Float32Array ? 0 : 0.5;
  for (let y = 0, to = 0; y < rows; y++) {
    const top = Math.min(low.rows - 1, Math.floor(y / step));
    const above = top * line;
    const below = Math.min(low.rows - 1, top + 1) * line;
    const down = y / step - top;
    for (let x = 0; x < columns; x++) {
      const column = Math.min(low.columns - 1, Math.floor(x / step));
      const left = column * samples;
      const right = Math.min(low.columns - 1, column + 1) * samples;
      const across = x / step - column;
      for (let c = 0; c < samples; c++) {
        const high = source[above + left + c]! * (1 - across) + source[above + right + c]! * across;
        const deep = source[below + left + c]! * (1 - across) + source[below + right + c]! * across;
        const value = high * (1 - down) + deep * down;
        pixels[to++] = rounding ? Math.floor(value + rounding) : value;
      }
    }
  }
  return pixels;
}

let drawn: Types.IImage | undefined;
let shared: HTMLCanvasElement | undefined;

/**
 * The colour picture on a canvas.
 *
 * The loader's own version remembers the last picture by its name only and would show an empty
 * canvas after a low resolution was replaced by the full one.
 */
function colourCanvas(image: Types.IImage): HTMLCanvasElement {
  shared ??= document.createElement("canvas");
  if (drawn === image) return shared;
  const { width, height } = image;
  shared.width = width;
  shared.height = height;
  const pixels = image.getPixelData();
  const painted = new ImageData(width, height);
  if (pixels.length === painted.data.length) {
    painted.data.set(pixels);
  } else {
    for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
      painted.data[to] = pixels[from]!;
      painted.data[to + 1] = pixels[from + 1]!;
      painted.data[to + 2] = pixels[from + 2]!;
      painted.data[to + 3] = 255;
    }
  }
  shared.getContext("2d")!.putImageData(painted, 0, 0);
  drawn = image;
  return shared;
}
