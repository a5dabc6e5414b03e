/** The viewer as a part of any page. */
import type { PinView } from "./types";
import { Viewer, type ViewerOptions } from "./viewer";

export type { Drawing, PinView } from "./types";
export type { ViewerOptions } from "./viewer";

export interface ViewerHandle {
  /** Settles when the first image is shown, or when words say why not. */
  readonly ready: Promise<void>;
  /** What is shown now, for a pin; throws before the first image. */
  currentView(): PinView;
  /** Whether the screen shows what `currentView` tells of: its picture, or words why there is none. */
  readonly seen: boolean;
  /** A JPEG of what is shown, at most 320 pixels wide, with the drawings drawn in; null for words. */
  thumbnail(): Promise<Blob | null>;
  /** Goes to exactly that view; false when its image is no longer there. */
  show(view: PinView): Promise<boolean>;
  /** Calls back after every change of the view; gives a function that ends it. */
  onChange(listener: (view: PinView) => void): () => void;
  /** Stops all requests and gives the memory back. */
  destroy(): void;
}

/**
 * Puts a viewer into `element`, which it fills.  An `<img data-preview>` inside is shown until the
 * first image is painted.  The page must load viewer.css and send the viewer's policy.
 */
export function mountViewer(element: HTMLElement, options: ViewerOptions): ViewerHandle {
  const viewer = new Viewer(element, options);
  const ready = viewer.start();
  return {
    ready,
    currentView: () => viewer.currentView(),
    get seen() {
      return viewer.seen;
    },
    thumbnail: () => viewer.thumbnail(),
    show: async (view) => {
      await ready;
      return viewer.show(view);
    },
    onChange: (listener) => viewer.onChange(listener),
    destroy: () => viewer.destroy(),
  };
}
