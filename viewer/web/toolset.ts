/** Which finger or mouse button does what. */
import {
  ArrowAnnotateTool,
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
} from "@cornerstonejs/tools";

/** What the left button or one finger does. */
export type Mode = "scroll" | "window" | "zoom" | "pan" | "length" | "arrow";

const TOOL: Record<Mode, string> = {
  scroll: StackScrollTool.toolName,
  window: WindowLevelTool.toolName,
  zoom: ZoomTool.toolName,
  pan: PanTool.toolName,
  length: LengthTool.toolName,
  arrow: ArrowAnnotateTool.toolName,
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

/** Asks for the words of an arrow; an empty answer removes the arrow. */
export type AskText = (present: string, answer: (text: string) => void) => void;

interface ChangeTextDetail {
  data?: { label?: string; data?: { label?: string } };
}

export class Toolset {
  readonly #id: string;

  constructor(id: string, engine: string, viewport: string, askText: AskText) {
    this.#id = id;
    const group = ToolGroupManager.createToolGroup(id)!;
    group.addTool(TOOL.scroll, { debounceIfNotLoaded: false, loop: false });
    group.addTool(TOOL.window);
    group.addTool(TOOL.zoom);
    group.addTool(TOOL.pan);
    group.addTool(TOOL.length);
    group.addTool(TOOL.arrow, {
      getTextCallback: (done: (text: string) => void) => askText("", done),
      changeTextCallback: (
        detail: ChangeTextDetail,
        _event: unknown,
        done: (text: string) => void,
      ) => askText(detail.data?.data?.label ?? detail.data?.label ?? "", done),
    });
    group.addViewport(viewport, engine);
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

  destroy(): void {
    ToolGroupManager.destroyToolGroup(this.#id);
  }
}
