/** The CPU renderer counts CSS pixels where it draws in device pixels; both are put right here. */
import type { Types } from "@cornerstonejs/core";

/** It would give its canvas CSS pixels. */
export function fitCanvas(canvas: HTMLCanvasElement): void {
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
}

/**
 * It turns a wanted height of the view into a scale in CSS pixels: on a phone every pinch would
 * shrink the picture to a third.
 */
export function zoomInDevicePixels(viewport: Types.IStackViewport): void {
  const inherited = viewport.setCamera.bind(viewport);
  viewport.setCamera = (camera, ...more) => {
    const { parallelScale } = camera;
    const corrected = parallelScale && parallelScale / devicePixelRatio;
    inherited(corrected ? { ...camera, parallelScale: corrected } : camera, ...more);
  };
}
