/** Lengths and arrows: from Cornerstone's state to what a pin keeps, and back. */
import { utilities, type Types } from "@cornerstonejs/core";
import { annotation as annotations, ArrowAnnotateTool, LengthTool } from "@cornerstonejs/tools";
import { decimal } from "../../client/ground/i18n";
import { rendererPoint, standardPoint } from "./presentation";
import type { Drawing, Point3 } from "./types";

const NAME: Record<Drawing["tool"], string> = {
  length: LengthTool.toolName,
  arrow: ArrowAnnotateTool.toolName,
};

export const MOST_DRAWINGS = 50;
const LONGEST_TEXT = 200;

interface Kept {
  annotationUID?: string;
  metadata: { referencedImageId?: string; toolName?: string };
  data: { label?: string; handles?: { points?: Types.Point3[] } };
}

function kept(viewport: Types.IStackViewport, tool: Drawing["tool"]): Kept[] {
  return (annotations.state.getAnnotations(NAME[tool], viewport.element) ?? []) as Kept[];
}

/** The drawings on one image. */
export function drawingsOn(viewport: Types.IStackViewport, imageId: string): Drawing[] {
  const found: Drawing[] = [];
  for (const tool of ["length", "arrow"] as const) {
    for (const each of kept(viewport, tool)) {
      const points = each.data.handles?.points;
      if (each.metadata.referencedImageId !== imageId || points?.length !== 2) continue;
      if (!complete(tool, each)) continue;
      const plain = points.map((point) => standardPoint(viewport, plainPoint(point)));
      found.push({ tool, points: plain, text: each.data.label ?? "" });
    }
  }
  return found;
}

/** What is still being drawn has no length or no words yet. */
function complete(tool: Drawing["tool"], { data }: Kept): boolean {
  const [from, to] = data.handles!.points!;
  return tool === "arrow" ? Boolean(data.label) : from!.some((value, at) => value !== to![at]);
}

/** Typed arrays would become objects in JSON. */
const plainPoint = (point: ArrayLike<number>): Point3 => [point[0]!, point[1]!, point[2]!];

/** Draws what a pin kept onto the image that is shown. */
export function draw(viewport: Types.IStackViewport, imageId: string, drawings: Drawing[]): void {
  for (const each of drawings.slice(0, MOST_DRAWINGS)) {
    if (!(each.tool in NAME) || each.points?.length !== 2) continue;
    const points = each.points.map((point) => rendererPoint(viewport, plainPoint(point)));
    const made = {
      annotationUID: utilities.uuidv4(),
      highlighted: false,
      invalidated: true,
      isLocked: false,
      isVisible: true,
      metadata: {
        ...viewport.getViewReference(),
        toolName: NAME[each.tool],
        referencedImageId: imageId,
      },
      data: {
        label: String(each.text ?? "").slice(0, LONGEST_TEXT),
        handles: {
          points,
          activeHandleIndex: null,
          arrowFirst: true,
          textBox: { hasMoved: false, worldPosition: [0, 0, 0], worldBoundingBox: emptyBox() },
        },
        cachedStats: {},
      },
    };
    annotations.state.addAnnotation(made as never, viewport.element);
  }
}

const emptyBox = () => ({
  topLeft: [0, 0, 0],
  topRight: [0, 0, 0],
  bottomLeft: [0, 0, 0],
  bottomRight: [0, 0, 0],
});

/** Removes the drawings of some images, all tools. */
export function erase(imageIds: ReadonlySet<string>): void {
  eraseWhere((imageId) => imageIds.has(imageId));
}

/** Removes all drawings of one viewer, whose pictures' names begin with its own. */
export function eraseOf(viewer: string): void {
  eraseWhere((imageId) => imageId.startsWith(`hds:${viewer}-`));
}

function eraseWhere(chosen: (imageId: string) => boolean): void {
  for (const { annotationUID, metadata } of [...annotations.state.getAllAnnotations()]) {
    if (annotationUID && chosen(metadata?.referencedImageId ?? "")) {
      annotations.state.removeAnnotation(annotationUID);
    }
  }
}

/** Removes the drawings of one viewer that are selected; tells whether there were any. */
export function eraseSelected(viewer: string): boolean {
  const chosen = annotations.selection.getAnnotationsSelected().filter((uid) => {
    const imageId = annotations.state.getAnnotation(uid)?.metadata?.referencedImageId;
    return imageId?.startsWith(`hds:${viewer}-`) ?? false;
  });
  for (const uid of chosen) annotations.state.removeAnnotation(uid);
  return chosen.length > 0;
}

/** In mm. */
export function lengthOf({ points }: Drawing): number {
  const [a, b] = points as [Point3, Point3];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** A length as readers write it: the finer the shorter it is. */
export const measured = (length: number, unit: string): string =>
  `${decimal(length, length >= 100 ? 0 : length >= 10 ? 1 : 2)} ${unit}`;
