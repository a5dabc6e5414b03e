/**
 * Zoom, pan, rotation and flips in terms that do not depend on the screen or the renderer.
 *
 * The CPU and the GPU renderer count zoom and pan differently, so both are measured here by where
 * points of the picture appear, and set through the camera.
 */
import type { Types } from "@cornerstonejs/core";
import { drawsOnCpu } from "./engine";
import type { Point3 } from "./types";

export interface Presentation {
  zoom: number;
  pan: [number, number];
  rotation: number;
  flipH: boolean;
  flipV: boolean;
}

interface Grid {
  origin: Point3;
  row: Point3;
  column: Point3;
  spacing: [number, number];
  size: [number, number];
}

function gridOf(viewport: Types.IStackViewport): Grid {
  const { origin, spacing, direction, dimensions } = viewport.getImageData()!;
  return {
    origin: [...origin] as Point3,
    row: [...direction.slice(0, 3)] as Point3,
    column: [...direction.slice(3, 6)] as Point3,
    spacing: [spacing[0]!, spacing[1]!],
    size: [dimensions[0]!, dimensions[1]!],
  };
}

const plus = (a: Point3, b: Point3, times: number): Point3 => [
  a[0] + b[0] * times,
  a[1] + b[1] * times,
  a[2] + b[2] * times,
];

const dot = (a: Point3, b: Point3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

const toWorld = ({ origin, row, column, spacing }: Grid, [x, y]: [number, number]): Point3 =>
  plus(plus(origin, row, x * spacing[0]), column, y * spacing[1]);

function toIndex({ origin, row, column, spacing }: Grid, world: Point3): [number, number] {
  const way = plus(world, origin, -1);
  return [dot(way, row) / spacing[0], dot(way, column) / spacing[1]];
}

/**
 * The CPU renderer counts from the corner of the first pixel, the standard (PS3.3 C.7.6.2.1.1) and
 * the GPU renderer from its centre.
 */
const shift = (): number => (drawsOnCpu() ? 0.5 : 0);

const middle = ({ size }: Grid): [number, number] => [
  size[0] / 2 - 0.5 + shift(),
  size[1] / 2 - 0.5 + shift(),
];

/** From a renderer's point to the patient's coordinates of the standard, in mm. */
export function standardPoint(viewport: Types.IStackViewport, point: Point3): Point3 {
  return moved(viewport, point, -shift());
}

/** The way back: where the renderer expects a point of the patient's coordinates. */
export function rendererPoint(viewport: Types.IStackViewport, point: Point3): Point3 {
  return moved(viewport, point, shift());
}

function moved(viewport: Types.IStackViewport, point: Point3, pixels: number): Point3 {
  const { row, column, spacing } = gridOf(viewport);
  return plus(plus(point, row, pixels * spacing[0]), column, pixels * spacing[1]);
}

/** CSS pixels per millimetre on the screen now. */
function scaleOf(viewport: Types.IStackViewport, grid: Grid): number {
  const length = grid.size[0] * grid.spacing[0];
  const [ax, ay] = viewport.worldToCanvas(grid.origin);
  const [bx, by] = viewport.worldToCanvas(plus(grid.origin, grid.row, length));
  return Math.hypot(bx - ax, by - ay) / length;
}

/** What is really painted, in CSS pixels: the element's own size is rounded to whole ones. */
function paintedSize(viewport: Types.IStackViewport): [number, number] {
  const { width, height } = viewport.getCanvas();
  return [width / devicePixelRatio, height / devicePixelRatio];
}

/** CSS pixels per millimetre at which the unturned picture just fits. */
function fittingScale(viewport: Types.IStackViewport, { size, spacing }: Grid): number {
  const [width, height] = paintedSize(viewport);
  return Math.min(width / (size[0] * spacing[0]), height / (size[1] * spacing[1]));
}

function centreOfView(viewport: Types.IStackViewport): Point3 {
  const [width, height] = paintedSize(viewport);
  return viewport.canvasToWorld([width / 2, height / 2]) as Point3;
}

export function currentPresentation(viewport: Types.IStackViewport): Presentation {
  const grid = gridOf(viewport);
  const [x, y] = toIndex(grid, centreOfView(viewport));
  const [midX, midY] = middle(grid);
  const camera = viewport.getCamera();
  return {
    zoom: scaleOf(viewport, grid) / fittingScale(viewport, grid),
    pan: [x - midX, y - midY],
    rotation: Math.round(viewport.getRotation()) % 360,
    flipH: camera.flipHorizontal === true,
    flipV: camera.flipVertical === true,
  };
}

export function present(viewport: Types.IStackViewport, wanted: Presentation): void {
  viewport.resetCamera();
  viewport.setCamera({ flipHorizontal: wanted.flipH, flipVertical: wanted.flipV });
  viewport.setViewPresentation({ rotation: wanted.rotation });
  const grid = gridOf(viewport);
  const factor = (wanted.zoom * fittingScale(viewport, grid)) / scaleOf(viewport, grid);
  const camera = viewport.getCamera();
  viewport.setCamera(
    drawsOnCpu()
      ? { scale: camera.scale! * factor }
      : { parallelScale: camera.parallelScale! / factor },
  );
  const [midX, midY] = middle(grid);
  look(viewport, toWorld(grid, [midX + wanted.pan[0], midY + wanted.pan[1]]));
}

/** Puts a point of the picture into the centre of the view. */
function look(viewport: Types.IStackViewport, point: Point3): void {
  const { focalPoint, position } = viewport.getCamera();
  const way = plus(point, centreOfView(viewport), -1);
  viewport.setCamera({
    focalPoint: plus(focalPoint as Point3, way, 1),
    position: plus(position as Point3, way, 1),
  });
}
