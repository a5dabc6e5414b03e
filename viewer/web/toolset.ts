/** Which finger or mouse button does what. */
import type { Types } from "@cornerstonejs/core";
import {
  annotation as annotations,
  type AnnotationTool,
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  utilities,
  WindowLevelTool,
  ZoomTool,
} from "@cornerstonejs/tools";
import { Arrow } from "./arrow";
import { measured } from "./drawings";

/** What the left button or one finger does. */
export type Mode = "scroll" | "window" | "zoom" | "pan" | "length" | "arrow";

const TOOL: Record<Mode, string> = {
  scroll: StackScrollTool.toolName,
  window: WindowLevelTool.toolName,
  zoom: ZoomTool.toolName,
  pan: PanTool.toolName,
  length: LengthTool.toolName,
  arrow: Arrow.toolName,
};

const { Primary, Auxiliary, Secondary, Wheel } = Enums.MouseBindings;

interface Binding {
  mouseButton?: number;
  numTouchPoints?: number;
}

/** Always there, whatever the mode: wheel scrolls, right zooms, middle pans, two fingers both. */
const FIXED: Record<string, Binding[]> = {
  [TOOL.scroll]: [{ mouseButton: Wheel }],
  [TOOL.zoom]: [{ mouseButton: Secondary }, { numTouchPoints: 2 }],
  [TOOL.pan]: [{ mouseButton: Auxiliary }],
};

/** Where something is in the window, in CSS pixels from its top. */
export interface Spot {
  head: number;
  tail: number;
}

/** Asks for the words of an arrow that is at `spot`; an empty answer removes the arrow. */
export type AskText = (present: string, spot: Spot | undefined, answer: (text: string) => void) => void;

interface Drawn {
  annotationUID?: string;
  data?: { label?: string; handles?: { points?: Types.Point3[] } };
}

/** What a tool keeps of the drawing under the pointer. */
interface Drawing {
  editData: { annotation: Drawn; newAnnotation?: boolean } | null;
}

/** What the library keeps of a length under what it was measured on. */
interface Measured {
  cachedStats: Readonly<Record<string, { length?: number | null; unit: string }>>;
}

function lengthWords({ cachedStats }: Measured, measuredOn: string): string[] | undefined {
  const { length, unit } = cachedStats[measuredOn]!;
  return length == null || Number.isNaN(length) ? undefined : [measured(length, unit)];
}

export class Toolset {
  readonly #id: string;
  readonly #viewport: Types.IStackViewport;

  constructor(id: string, viewport: Types.IStackViewport, askText: AskText) {
    this.#id = id;
    this.#viewport = viewport;
    const group = ToolGroupManager.createToolGroup(id)!;
    group.addTool(TOOL.scroll, { debounceIfNotLoaded: false, loop: false });
    group.addTool(TOOL.window);
    group.addTool(TOOL.zoom);
    group.addTool(TOOL.pan);
    group.addTool(TOOL.length, { getTextLines: lengthWords });
    group.addTool(TOOL.arrow, {
      getTextCallback: (done: (text: string) => void) => askText("", this.#spot(this.#wordless()), done),
      changeTextCallback: (arrow: Drawn, _event: unknown, done: (text: string) => void) =>
        askText(arrow.data?.label ?? "", this.#spot(arrow), done),
    });
    group.addViewport(viewport.id, viewport.renderingEngineId);
  }

  set(mode: Mode): void {
    const group = ToolGroupManager.getToolGroup(this.#id)!;
    const chosen = TOOL[mode];
    for (const name of Object.values(TOOL)) {
      const bindings = [...(FIXED[name] ?? [])];
      if (name === chosen) bindings.unshift({ mouseButton: Primary }, { numTouchPoints: 1 });
      // Passive drawings can still be taken by their handles.
      group.setToolPassive(name, { removeAllBindings: true });
      if (bindings.length) group.setToolActive(name, { bindings });
    }
  }

  /** Gives up a drawing that was begun and is not complete; false when there is none. */
  giveUp(): boolean {
    for (const name of [TOOL.length, TOOL.arrow]) {
      const tool = ToolGroupManager.getToolGroup(this.#id)?.getToolInstance(name) as AnnotationTool & Drawing;
      const { annotation, newAnnotation } = tool?.editData ?? {};
      if (!newAnnotation) continue;
      tool.cancel(this.#viewport.element);
      annotations.state.removeAnnotation(annotation!.annotationUID!);
      utilities.triggerAnnotationRenderForViewportIds([this.#viewport.id]);
      return true;
    }
    return false;
  }

  /** The arrow that has just been drawn and has no words yet. */
  #wordless(): Drawn | undefined {
    const all = annotations.state.getAnnotations(TOOL.arrow, this.#viewport.element) as Drawn[] | undefined;
    return all?.findLast(({ data }) => !data?.label);
  }

  #spot(arrow: Drawn | undefined): Spot | undefined {
    const [head, tail] = arrow?.data?.handles?.points ?? [];
    if (!head || !tail) return undefined;
    const { top } = this.#viewport.element.getBoundingClientRect();
    const height = (point: Types.Point3) => top + this.#viewport.worldToCanvas(point)[1];
    return { head: height(head), tail: height(tail) };
  }

  destroy(): void {
    ToolGroupManager.destroyToolGroup(this.#id);
  }
}
