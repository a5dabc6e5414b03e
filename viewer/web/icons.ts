/** The signs of the viewer's buttons. */

const SVG = "http://www.w3.org/2000/svg";

/** Lines on a 24 by 24 grid. */
const ICONS = {
  scroll: "M8 4h8M6 8h12M4 12h16v8H4z",
  window: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  zoom: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.200 15.200 20 20M10.500 8v5M8 10.500h5",
  pan: "M12 3v18M3 12h18M12 3 9.500 5.500M12 3l2.500 2.500M12 21l-2.500-2.500M12 21l2.500-2.500M3 12l2.500-2.500M3 12l2.500 2.500M21 12l-2.500-2.500M21 12l-2.500 2.500",
  length: "M4 20 20 4M4 20l.5-5M4 20l5-.5M20 4l-.5 5M20 4l-5 .5M10 11l3 3",
  arrow: "M5 19 18 6M18 6h-8M18 6v8",
  invert: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8h6.500M12 12h8M12 16h6.500",
  rotate: "M19 12a7 7 0 1 1-2.300-5.200M19 3.500v4.500h-4.500",
  flipH: "M12 3v18M9 7 4 17h5zM15 7l5 10h-5z",
  flipV: "M3 12h18M7 9 17 4v5zM7 15l10 5v-5z",
  reset: "M4 12a8 8 0 1 0 2.600-5.900M4 4v4.500h4.500",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  series: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  download: "M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14",
  back: "M15 5l-7 7 7 7",
  on: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M17 10h.01M7 14h10",
  more: "M6 12h.01M12 12h.01M18 12h.01",
} as const;

export type IconName = keyof typeof ICONS;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "hv-icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
