/** A few words for what every module does with the page. */

type Listener = (event: Event) => void;
type Attribute = string | number | boolean | null | undefined | Listener;
type Child = Node | string | null | undefined | false;

/** The element that must be there; a missing one is our fault and says which. */
export function one<E extends Element = HTMLElement>(selector: string, root: ParentNode = document): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`the page lacks ${selector}`);
  return found;
}

export function maybe<E extends Element = HTMLElement>(
  selector: string,
  root: ParentNode = document,
): E | null {
  return root.querySelector<E>(selector);
}

export function all<E extends Element = HTMLElement>(
  selector: string,
  root: ParentNode = document,
): E[] {
  return [...root.querySelectorAll<E>(selector)];
}

/** A new element. Attributes: true is bare, false and null are left out, functions are listeners. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, String(value));
    }
  }
  made.append(...children.filter((child): child is Node | string => Boolean(child)));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** The icon `name` of client/assets/icons.svg, as the template macro writes it. */
export function icon(name: string, more = ""): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  const sprite = document.querySelector<HTMLMetaElement>('meta[name="icons"]')?.content ?? "";
  drawing.setAttribute("class", `icon ${more}`.trim());
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  drawing.append(use);
  return drawing;
}

/** Listen on `root` for events inside elements that match, also those that come later. */
export function on<T extends keyof DocumentEventMap>(
  root: Document | HTMLElement,
  type: T,
  selector: string,
  handle: (event: DocumentEventMap[T], target: HTMLElement) => void,
): void {
  root.addEventListener(type, (event) => {
    const hit = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (hit !== null && root.contains(hit)) handle(event as DocumentEventMap[T], hit);
  });
}

/** Whether a key press belongs to a text that somebody is writing. */
export function isWriting(event: Event): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  const silent = ["checkbox", "radio", "button", "submit", "file", "range"];
  return target instanceof HTMLInputElement && !silent.includes(target.type);
}
