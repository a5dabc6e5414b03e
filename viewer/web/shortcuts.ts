/** Every tool with its name and key, and the list of keys for the help.  Needs nothing of the engine. */
import { t } from "../../client/ground/i18n";
import type { ListedKey } from "../../client/ground/keys";
import { CT_WINDOWS } from "./ctWindows";
import type { Mode } from "./toolset";

export type Action =
  | "invert"
  | "rotate"
  | "flipH"
  | "flipV"
  | "play"
  | "erase"
  | "reset"
  | "full"
  | "download"
  | "help";

export interface Tool<Name> {
  name: Name;
  label: string;
  /** As `KeyboardEvent.key` says it, letters small. */
  key: string;
  /** The key as people read it. */
  shown: string;
  /** What to do with it, where its name does not say so. */
  how?: string;
}

const tool = <Name>(name: Name, label: string, key: string, shown = key.toUpperCase()): Tool<Name> => ({
  name,
  label,
  key,
  shown,
});

const zooming = () => t("drag down to enlarge, up to shrink");

/** What the left button or one finger can do. */
export const modes = (): Tool<Mode>[] => [
  tool("scroll", t("Scroll"), "s"),
  tool("window", t("Brightness and contrast"), "w"),
  { ...tool<Mode>("zoom", t("Zoom"), "z"), how: zooming() },
  tool("pan", t("Move"), "p"),
  tool("length", t("Length"), "l"),
  tool("arrow", t("Arrow with text"), "a"),
];

/** `downloads`: the reader may take away what is shown. */
export const actions = (downloads: boolean): Tool<Action>[] => [
  tool("invert", t("Invert"), "i"),
  tool("rotate", t("Rotate by 90°"), "r"),
  tool("flipH", t("Mirror left and right"), "h"),
  tool("flipV", t("Mirror up and down"), "v"),
  tool("play", t("Play"), " ", t("Space")),
  tool("erase", t("Remove drawings"), "Delete", t("Delete")),
  tool("reset", t("Reset view"), "x"),
  tool("full", t("Whole window"), "f"),
  ...(downloads ? [tool<Action>("download", t("Download"), "d")] : []),
  tool("help", t("Keyboard shortcuts"), "?"),
];

/** A name with what to do, where it needs saying. */
export const explained = (name: string, how = ""): string => (how === "" ? name : `${name}: ${how}`);

/** The keys of the viewer, as the help lists them. */
export function viewerKeys(downloads = false): ListedKey[] {
  const names = CT_WINDOWS.map(([name]) => name()).join(", ");
  return [
    ...[...modes(), ...actions(downloads)].map(({ shown, label, how }) => ({ key: shown, words: explained(label, how) })),
    { key: "0", words: t("The image's own window") },
    { key: "1–8", words: t("Windows of a CT: {names}", { names }) },
    { key: "1–9", words: t("Windows of other images, as far as the file names some") },
    { key: "↑ ↓", words: t("Previous image, next image") },
    { key: t("PgUp PgDn"), words: t("Ten images back, ten images on") },
    { key: t("Home End"), words: t("First image, last image") },
    { key: "+ −", words: t("Larger, smaller") },
    { key: t("Esc"), words: t("Give up the drawing that was begun") },
    { key: "← →", words: t("From tool to tool, once one of them has the focus") },
  ];
}

/** What mouse and fingers do whichever tool is chosen. */
export const gestures = (): ListedKey[] => [
  { key: t("Wheel"), words: t("Scroll") },
  { key: t("Right button"), words: explained(t("Zoom"), zooming()) },
  { key: t("Middle button"), words: t("Move") },
  { key: t("Two fingers"), words: explained(t("Zoom and move"), t("apart to enlarge, together to shrink")) },
];
