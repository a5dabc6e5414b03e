/** A small JPEG of what is on the screen, with the drawings drawn in. */
import { rendererPoint } from "./presentation";
import type { Pane } from "./pane";
import { lengthOf, measured } from "./drawings";
import { spacingOf } from "./metadata";
import type { Drawing } from "./types";

const WIDEST = 320;
const HIGHEST = 320;
const COLOUR = "#ffe27a";

export async function thumbnailOf(pane: Pane): Promise<Blob> {
  const { canvas } = pane;
  const scale = Math.min(1, WIDEST / canvas.width, HIGHEST / canvas.height);
  const small = document.createElement("canvas");
  small.width = Math.max(1, Math.round(canvas.width * scale));
  small.height = Math.max(1, Math.round(canvas.height * scale));
  const paper = small.getContext("2d")!;
  paper.imageSmoothingQuality = "high";
  paper.drawImage(canvas, 0, 0, small.width, small.height);
  const perCssPixel = small.width / pane.viewport.element.clientWidth;
  for (const each of pane.drawings) trace(paper, pane, each, perCssPixel);
  return new Promise((done, fail) =>
    small.toBlob(
      (blob) => (blob ? done(blob) : fail(new Error("no picture"))),
      "image/jpeg",
      0.85,
    ),
  );
}

function trace(
  paper: CanvasRenderingContext2D,
  pane: Pane,
  drawing: Drawing,
  scale: number,
): void {
  const [from, to] = drawing.points.map((point) => {
    const [x, y] = pane.viewport.worldToCanvas(rendererPoint(pane.viewport, point));
    return [x * scale, y * scale] as const;
  }) as [readonly [number, number], readonly [number, number]];
  paper.strokeStyle = paper.fillStyle = COLOUR;
  paper.lineWidth = 1.5;
  // The dark edge carries the yellow over white bone, as on the screen.
  paper.shadowColor = "#000";
  paper.shadowBlur = 2;
  paper.beginPath();
  paper.moveTo(...from);
  paper.lineTo(...to);
  paper.stroke();
  if (drawing.tool === "arrow") head(paper, from, to);
  const hasScale = pane.place && spacingOf(pane.place);
  const words = drawing.tool === "arrow" ? drawing.text : hasScale && measured(lengthOf(drawing), "mm");
  if (words) label(paper, words, to);
}

/** The arrow's head sits at its first point, where the reader began to draw. */
function head(
  paper: CanvasRenderingContext2D,
  tip: readonly [number, number],
  tail: readonly [number, number],
): void {
  const angle = Math.atan2(tail[1] - tip[1], tail[0] - tip[0]);
  paper.beginPath();
  for (const side of [-0.45, 0.45]) {
    paper.moveTo(...tip);
    paper.lineTo(tip[0] + 8 * Math.cos(angle + side), tip[1] + 8 * Math.sin(angle + side));
  }
  paper.stroke();
}

function label(
  paper: CanvasRenderingContext2D,
  words: string,
  [x, y]: readonly [number, number],
): void {
  paper.font = "12px system-ui, sans-serif";
  const shown = words.length > 32 ? `${words.slice(0, 31)}…` : words;
  const width = paper.measureText(shown).width;
  const left = Math.max(2, Math.min(paper.canvas.width - width - 2, x + 4));
  const base = Math.max(13, Math.min(paper.canvas.height - 4, y + 14));
  paper.fillStyle = "rgb(0 0 0 / 75%)";
  paper.fillRect(left - 2, base - 11, width + 4, 15);
  paper.fillStyle = COLOUR;
  paper.fillText(shown, left, base);
}
