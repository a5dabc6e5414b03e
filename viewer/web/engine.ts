/** Starts Cornerstone once per page: renderer, decode workers, memory limit, tools. */
import {
  cache,
  getConfiguration,
  getRenderingCapabilities,
  getWebWorkerManager,
  init as initCore,
} from "@cornerstonejs/core";
import { internal } from "@cornerstonejs/dicom-image-loader";
import * as tools from "@cornerstonejs/tools";
import { Arrow } from "./arrow";
import { provideMetadata } from "./metadata";
import { registerImageLoader } from "./imageLoader";

export type Renderer = "auto" | "cpu" | "gpu";

const MiB = 1024 * 1024;

let started = false;
let cpu = false;

export const isPhone = (): boolean => matchMedia("(pointer: coarse)").matches;

/** Decoded pictures the page may keep, in bytes. */
export const memoryLimit = (): number => (isPhone() ? 200 : 1024) * MiB;

/** Whether pictures are drawn on the processor, which is exact and needs no WebGL. */
export const drawsOnCpu = (): boolean => cpu;

/** The first caller decides the renderer; later calls change nothing. */
export function startEngine(renderer: Renderer = "auto"): void {
  if (started) return;
  started = true;
  cpu = renderer === "auto" ? !hasFastWebGl() : renderer === "cpu";
  const standard = getConfiguration();
  const rendering = { ...standard.rendering, useCPURendering: cpu };
  initCore({ ...standard, isMobile: isPhone(), rendering });
  cache.setMaxCacheSize(memoryLimit());
  startWorkers();
  provideMetadata();
  registerImageLoader();
  tools.init();
  styleDrawings();
  for (const tool of [
    tools.StackScrollTool,
    tools.WindowLevelTool,
    tools.ZoomTool,
    tools.PanTool,
    tools.LengthTool,
    Arrow,
  ]) {
    tools.addTool(tool);
  }
}

/** Warm yellow stands out on grey; the dark text box keeps words readable on bone. */
function styleDrawings(): void {
  const { style } = tools.annotation.config;
  const standard = style.getDefaultToolStyles();
  style.setDefaultToolStyles({
    ...standard,
    global: {
      ...standard.global,
      color: "rgb(255, 226, 122)",
      colorHighlighted: "rgb(255, 255, 255)",
      colorSelected: "rgb(255, 226, 122)",
      lineWidth: "1.75",
      textBoxFontFamily: "system-ui, sans-serif",
      textBoxFontSize: "14px",
      textBoxColor: "rgb(255, 226, 122)",
      textBoxColorHighlighted: "rgb(255, 255, 255)",
      textBoxColorSelected: "rgb(255, 226, 122)",
      textBoxBackground: "rgb(0 0 0 / 75%)",
    },
  });
}

function hasFastWebGl(): boolean {
  const able = getRenderingCapabilities();
  return able.webgl2 && !able.softwareRasterizer;
}

function startWorkers(): void {
  const here = new URL("./", import.meta.url);
  internal.setOptions({ wasmBasePath: new URL("wasm/", here).href, strict: false });
  const address = trusted(new URL("decodeImageFrameWorker.js", here).href);
  const spare = (navigator.hardwareConcurrency || 2) - 1;
  // Every codec reserves 50 MB per worker, so a phone gets two at most.
  const count = Math.max(1, Math.min(isPhone() ? 2 : 4, spare));
  getWebWorkerManager().registerWorker(
    "dicomImageLoader",
    () => new Worker(address as string, { type: "module" }),
    { maxWorkerInstances: count },
  );
}

interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL: (url: string) => unknown };
}

/** Passes the worker's own address, and no other, through Trusted Types where they exist. */
function trusted(address: string): unknown {
  const factory = (window as unknown as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!factory) return address;
  const createScriptURL = (url: string) => {
    if (url !== address) throw new TypeError("not the viewer's worker");
    return url;
  };
  return factory.createPolicy("hds-viewer", { createScriptURL }).createScriptURL(address);
}
