/** The viewer's own page: the study named by the page, at the view named after "#view=". */
import { mountViewer, type PinView, type ViewerHandle } from "./mount";
import type { Renderer } from "./engine";

declare global {
  interface Window {
    /** The page's viewer, for whoever automates or tests it. */
    viewer?: ViewerHandle;
  }
}

function wantedView(): PinView | undefined {
  const found = /^#view=(.+)$/.exec(location.hash)?.[1];
  if (!found) return undefined;
  try {
    return JSON.parse(decodeURIComponent(found)) as PinView;
  } catch {
    return undefined;
  }
}

const element = document.querySelector<HTMLElement>("[data-study]");
if (element) {
  const { study, base, downloads, renderer } = element.dataset;
  const view = wantedView();
  const handle = mountViewer(element, {
    study: study!,
    base: base!,
    wholePage: true,
    renderer: renderer as Renderer | undefined,
    ...(downloads && { downloads }),
    ...(view && { view }),
  });
  window.viewer = handle;
  addEventListener("hashchange", () => {
    const next = wantedView();
    if (next) void handle.show(next);
  });
  addEventListener("pagehide", (event) => {
    if (!event.persisted) handle.destroy();
  });
  const back = document.querySelector<HTMLAnchorElement>("[data-back]");
  back?.addEventListener("click", (event) => {
    if (history.length < 2) return;
    event.preventDefault();
    history.back();
  });
}
