/** One tab stop for several controls; arrow keys, Home and End go among them (WAI-ARIA APG, toolbar). */

const CONTROLS = "button, select";

export class Roving {
  readonly #box: HTMLElement;
  readonly #ways: readonly [back: string, on: string];

  constructor(box: HTMLElement, orientation: "horizontal" | "vertical") {
    this.#box = box;
    this.#ways = orientation === "horizontal" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    box.setAttribute("role", "toolbar");
    box.setAttribute("aria-orientation", orientation);
    box.addEventListener("focusin", (event) => this.#stopAt(event.target as HTMLElement));
    box.addEventListener("keydown", (event) => this.#key(event));
    this.#stopAt(this.#all()[0]);
    new ResizeObserver(() => this.#resized()).observe(box);
  }

  /** Makes a control the tab stop. */
  prefer(control: HTMLElement | undefined): void {
    if (control) this.#stopAt(control);
  }

  /** Shows or hides a control; whoever is on one that goes away stays in the row. */
  toggle(control: HTMLElement, shown: boolean): void {
    if (control.hidden !== shown) return;
    const focused = control === document.activeElement;
    const at = this.#seen().indexOf(control);
    control.hidden = !shown;
    if (shown || control.tabIndex !== 0) return;
    const left = this.#seen();
    const next = left[Math.min(Math.max(at, 0), left.length - 1)];
    this.#stopAt(next);
    if (focused) next?.focus();
  }

  /** The box has another size, at which its style may hide what was the tab stop. */
  #resized(): void {
    const seen = this.#seen();
    if (!seen.some(({ tabIndex }) => tabIndex === 0)) this.#stopAt(seen[0]);
  }

  #all(): HTMLElement[] {
    return [...this.#box.querySelectorAll<HTMLElement>(CONTROLS)];
  }

  #seen(): HTMLElement[] {
    return this.#all().filter((each) => each.getClientRects().length > 0);
  }

  #stopAt(wanted: HTMLElement | undefined): void {
    if (!wanted) return;
    for (const each of this.#all()) each.tabIndex = each === wanted ? 0 : -1;
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const seen = this.#seen();
    const at = seen.indexOf(event.target as HTMLElement);
    const [back, on] = this.#ways;
    const to = { [back]: at - 1, [on]: at + 1, Home: 0, End: -1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // for what is around the row the arrows mean something else
    seen.at(to % seen.length)?.focus();
  }
}
