/** The arrow: its head where the person pressed, its words at the other end. */
import { ArrowAnnotateTool, type Types } from "@cornerstonejs/tools";

/** What Cornerstone leaves free around the words, in CSS pixels. */
const PADDING = 25;
const ABOVE_LETTERS = 3;
const LINE = 17;
const GAP = 8;

type Point = readonly [number, number];
type TextBox = Parameters<ArrowAnnotateTool["renderLinkedTextBoxAnnotation"]>[0];

export class Arrow extends ArrowAnnotateTool {
  static override toolName = ArrowAnnotateTool.toolName;

  /** One that has no length yet would be a bare head that points nowhere. */
  override filterInteractableAnnotationsForElement(
    element: HTMLDivElement,
    annotations: Types.Annotations,
  ): Types.Annotations {
    const shown = super.filterInteractableAnnotationsForElement(element, annotations) ?? [];
    return shown.filter((each) => {
      const [head, tail] = each.data.handles?.points ?? [];
      return head?.some((value, at) => value !== tail?.[at]);
    });
  }

  /** Words that nobody has moved stand beyond the tail, never over the finding. */
  override renderLinkedTextBoxAnnotation(options: TextBox): boolean {
    const { annotation, canvasCoordinates, enabledElement, textLines } = options;
    const [head, tail] = canvasCoordinates as unknown as [Point, Point];
    const handles = annotation.data.handles!;
    if (handles.textBox?.hasMoved) return super.renderLinkedTextBoxAnnotation(options);
    const { viewport } = enabledElement;
    const size: Point = [widthOf(textLines[0] ?? ""), LINE];
    const room: Point = [viewport.element.clientWidth, viewport.element.clientHeight];
    const [left, top] = clear(beyond(tail, head, size, room), size, viewport.element);
    const place = viewport.canvasToWorld([left - PADDING, top - PADDING - ABOVE_LETTERS]);
    handles.textBox = { ...handles.textBox!, hasMoved: true, worldPosition: place };
    const drawn = super.renderLinkedTextBoxAnnotation(options);
    handles.textBox.hasMoved = false;
    return drawn;
  }
}

/** Where a box of `size` starts that lies beyond the tail as seen from the head, inside the room. */
function beyond(tail: Point, head: Point, size: Point, room: Point): Point {
  const way = [tail[0] - head[0], tail[1] - head[1]] as const;
  const along = Math.abs(way[0]) >= Math.abs(way[1]) ? 0 : 1;
  const place = [tail[0] - size[0] / 2, tail[1] - size[1] / 2] as [number, number];
  place[along] = way[along] < 0 ? tail[along] - size[along] - GAP : tail[along] + GAP;
  const inside = (at: 0 | 1) => Math.max(4, Math.min(room[at] - size[at] - 4, place[at]));
  return [inside(0), inside(1)];
}

/** The place, or the nearest one above or below it that covers nothing written in a corner. */
function clear(place: Point, size: Point, element: HTMLElement): Point {
  const canvas = element.getBoundingClientRect();
  const corners = element.closest(".hv-stage")?.querySelectorAll(".hv-corner:not(:empty)") ?? [];
  const [left] = place;
  let [, top] = place;
  for (const corner of corners) {
    const box = corner.getBoundingClientRect();
    const [upper, lower] = [box.top - canvas.top, box.bottom - canvas.top];
    const beside = left > box.right - canvas.left || left + size[0] < box.left - canvas.left;
    if (beside || top > lower || top + size[1] < upper) continue;
    top = upper < canvas.height / 2 ? lower + GAP : upper - size[1] - GAP;
  }
  return [left, top];
}

let paper: CanvasRenderingContext2D | null | undefined;

function widthOf(words: string): number {
  paper ??= document.createElement("canvas").getContext("2d");
  if (!paper) return words.length * 8;
  paper.font = "14px system-ui, sans-serif";
  return paper.measureText(words).width;
}
