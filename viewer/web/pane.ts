/** One picture area: a series, the frame that is shown, how it is shown, and what is drawn on it. */
import { Enums, eventTarget, RenderingEngine, type Types } from "@cornerstonejs/core";
import { Enums as ToolEnums, utilities as toolUtilities } from "@cornerstonejs/tools";
import { fitCanvas, zoomInDevicePixels } from "./cpuCanvas";
import { draw, drawingsOn, erase } from "./drawings";
import { drawsOnCpu } from "./engine";
import type { SeriesFrames } from "./frames";
import { drawnWith, ownWindow, voiRange, windowOf, type GreyRange } from "./greyWindow";
import { isColour, metaOf } from "./metadata";
import { currentPresentation, present, type Presentation } from "./presentation";
import { Toolset, type AskText, type Mode } from "./toolset";
import type { Drawing, Place } from "./types";

export interface PaneEvents {
  /** Another frame, another window, another zoom, another drawing. */
  change(): void;
  /** Something was painted. */
  painted(): void;
}

const VIEWPORT = "picture";
const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = ToolEnums.Events;
const DRAWING_EVENTS = [ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED];

const FITTING: Presentation = { zoom: 1, pan: [0, 0], rotation: 0, flipH: false, flipV: false };

let made = 0;

export class Pane {
  readonly #engine: RenderingEngine;
  readonly #viewport: Types.IStackViewport;
  readonly #tools: Toolset;
  readonly #events: PaneEvents;
  readonly #element: HTMLDivElement;
  readonly #resizing: ResizeObserver;
  #frames: SeriesFrames | undefined;
  #window: GreyRange | null = null;
  #invert = false;
  #applying = false;
  #mode: Mode = "window";
  #closed = false;
  /** The view in an area of `#size`; zoom counts from what fits, so it cannot be asked later. */
  #kept: Presentation = FITTING;
  #size = "";

  constructor(element: HTMLDivElement, askText: AskText, events: PaneEvents) {
    const name = `hds-viewer-${++made}`;
    this.#element = element;
    this.#events = events;
    this.#engine = new RenderingEngine(name);
    this.#engine.enableElement({
      viewportId: VIEWPORT,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.#viewport = this.#engine.getViewport(VIEWPORT) as Types.IStackViewport;
    if (drawsOnCpu()) zoomInDevicePixels(this.#viewport);
    this.#tools = new Toolset(name, this.#viewport, askText);
    this.#listen();
    this.#resizing = new ResizeObserver(() => this.#resize());
    this.#resizing.observe(element);
  }

  get mode(): Mode {
    return this.#mode;
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    this.#tools.set(mode);
  }

  get index(): number {
    return this.#viewport.getCurrentImageIdIndex();
  }

  get place(): Place | undefined {
    return this.places[this.index];
  }

  /** All frames of the series that is shown. */
  get places(): readonly Place[] {
    return this.#frames?.places ?? [];
  }

  get invert(): boolean {
    return this.#invert;
  }

  set invert(invert: boolean) {
    this.#invert = invert;
    this.#redraw();
  }

  /** Whether the picture on the screen is that of the frame asked for. */
  get upToDate(): boolean {
    return this.#viewport.getCornerstoneImage()?.imageId === this.place?.imageId;
  }

  /** The grey window in use; null stands for "as in the file", frame by frame. */
  get window(): GreyRange | null {
    return this.#window;
  }

  set window(window: GreyRange | null) {
    this.#window = window;
    this.#redraw();
  }

  /** The grey window that is on the screen now. */
  get shownWindow(): GreyRange | null {
    const { place } = this;
    return place && !isColour(place) ? (this.#window ?? ownWindow(this.#viewport, place)) : null;
  }

  get presentation(): Presentation {
    if (!this.#viewport.getImageData()) return FITTING;
    return this.#measured ? currentPresentation(this.#viewport) : this.#kept;
  }

  set presentation(wanted: Presentation) {
    if (!this.#viewport.getImageData()) return;
    this.#present(wanted);
    this.#viewport.render();
    this.#events.change();
  }

  get drawings(): Drawing[] {
    const { place } = this;
    return place && this.#viewport.getImageData() ? drawingsOn(this.#viewport, place.imageId) : [];
  }

  get canvas(): HTMLCanvasElement {
    return this.#viewport.getCanvas();
  }

  get viewport(): Types.IStackViewport {
    return this.#viewport;
  }

  /** Shows a series from one of its frames on, in the file's window, fitting the area. */
  async show(frames: SeriesFrames, index: number): Promise<void> {
    this.#frames = frames;
    this.#window = null;
    this.#invert = false;
    await this.#viewport.setStack(frames.imageIds, index);
    if (this.#closed || this.#frames !== frames) return;
    this.#present(FITTING);
    this.#redraw();
  }

  /** Goes to a frame, or to the nearest one there is; settles when its picture is shown. */
  async goTo(index: number): Promise<void> {
    const last = (this.#frames?.places.length ?? 1) - 1;
    const wanted = Math.max(0, Math.min(last, Math.round(index)));
    if (wanted === this.index || !this.#frames) return;
    const shown = this.#viewport.setImageIdIndex(wanted);
    this.#events.change();
    // A frame that cannot be loaded is told about by its quality; there is nothing else to do.
    await shown.catch(() => undefined);
  }

  /** Replaces the picture of the shown frame by a better one, keeping everything else. */
  improve(index: number, image: Types.IImage): void {
    if (index !== this.index || this.#closed || !this.#frames) return;
    if (!this.#viewport.getCornerstoneImage()) {
      void this.show(this.#frames, index);
      return;
    }
    const view = this.presentation;
    this.#viewport.renderImageObject(image);
    this.#present(view);
    this.#redraw();
    this.#refreshDrawings();
  }

  reset(): void {
    this.#window = null;
    this.#invert = false;
    this.presentation = FITTING;
    this.#redraw();
  }

  addDrawings(drawings: Drawing[]): void {
    if (!this.place) return;
    draw(this.#viewport, this.place.imageId, drawings);
    this.#refreshDrawings();
  }

  eraseDrawings(places: readonly Place[]): void {
    erase(new Set(places.map((place) => place.imageId)));
    this.#refreshDrawings();
  }

  /** Gives up a drawing that was begun and is not complete; false when there is none. */
  giveUp(): boolean {
    return this.#tools.giveUp();
  }

  destroy(): void {
    this.#closed = true;
    this.#resizing.disconnect();
    for (const name of DRAWING_EVENTS) eventTarget.removeEventListener(name, this.#changed);
    this.#tools.destroy();
    this.#engine.destroy();
  }

  #listen(): void {
    const { VOI_MODIFIED, CAMERA_MODIFIED, STACK_NEW_IMAGE, IMAGE_RENDERED } = Enums.Events;
    const on = (type: string, listener: (event: Event) => void) =>
      this.#element.addEventListener(type, listener);
    on(VOI_MODIFIED, this.#windowed);
    on(CAMERA_MODIFIED, this.#changed);
    on(STACK_NEW_IMAGE, this.#newImage);
    on(IMAGE_RENDERED, () => {
      if (this.#viewport.getCornerstoneImage()) this.#events.painted();
    });
    for (const name of DRAWING_EVENTS) eventTarget.addEventListener(name, this.#changed);
  }

  readonly #changed = (): void => {
    if (this.#closed || !this.#frames) return;
    if (this.#measured) this.#kept = this.presentation;
    this.#events.change();
  };

  /** Whether the canvas has been fitted to the area as it is now. */
  get #measured(): boolean {
    return this.#measure() === this.#size;
  }

  /** Behind a tab that was never shown the area has no size yet: `#resize` makes up for it. */
  #present(wanted: Presentation): void {
    this.#kept = wanted;
    if (this.#measured) present(this.#viewport, wanted);
  }

  #measure(): string {
    return `${this.#element.clientWidth}x${this.#element.clientHeight}`;
  }

  readonly #windowed = (event: Event): void => {
    if (this.#applying || !this.#frames) return;
    const set = windowOf(event);
    if (!set || !this.place || isColour(this.place)) return;
    this.#window = set;
    this.#events.change();
  };

  readonly #newImage = (): void => {
    this.giveUp();
    // The renderer takes the file's window right after this event; ours comes after that.
    queueMicrotask(() => {
      if (this.#closed) return;
      this.#frames?.focus(this.index);
      this.#redraw();
    });
  };

  #redraw(): void {
    const { place } = this;
    if (!place || !this.#viewport.getCornerstoneImage()) return;
    const range = drawnWith(place, this.shownWindow);
    const inherent = metaOf(place).photometric === "MONOCHROME1";
    this.#applying = true;
    try {
      this.#viewport.setProperties({
        invert: this.#invert !== inherent,
        ...(range && { voiRange: voiRange(range) }),
      });
    } finally {
      this.#applying = false;
    }
    this.#viewport.render();
    this.#events.change();
  }

  #refreshDrawings(): void {
    toolUtilities.triggerAnnotationRenderForViewportIds([VIEWPORT]);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#element;
    if (this.#closed || !clientWidth || !clientHeight) return;
    if (drawsOnCpu()) fitCanvas(this.canvas);
    else this.#engine.resize(true, false);
    this.#size = this.#measure();
    this.presentation = this.#kept;
    // The engine ignores a new size while a painting is under way.
    const painted = Math.round(clientWidth * devicePixelRatio);
    if (Math.abs(this.canvas.width - painted) > 1) requestAnimationFrame(() => this.#resize());
  }
}
