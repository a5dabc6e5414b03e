/** Plays the frames of a series; when a picture is late, frames are left out, never slowed down. */

const USUAL_FRAME_MS = 1000 / 15;

export class Cine {
  #running = 0;

  get playing(): boolean {
    return this.#running !== 0;
  }

  /** `show` is called with the frame that is due; `frameMs` is the file's frame time if known. */
  start(from: number, count: number, frameMs: number | undefined, show: (at: number) => void): void {
    this.stop();
    const each = frameMs && frameMs >= 4 ? frameMs : USUAL_FRAME_MS;
    const begun = performance.now();
    let shown = from;
    const step = (now: number) => {
      const due = (from + Math.max(0, Math.floor((now - begun) / each))) % count;
      if (due !== shown) show((shown = due));
      this.#running = requestAnimationFrame(step);
    };
    this.#running = requestAnimationFrame(step);
  }

  stop(): void {
    cancelAnimationFrame(this.#running);
    this.#running = 0;
  }
}
