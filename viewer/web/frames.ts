/**
 * The pictures of one series: what has arrived, what is fetched next, what memory allows.
 *
 * Order of delivery: the first frame comes with the manifest, then exact low resolutions of the
 * whole series, then the missing bytes of every frame, nearest to the reader first.
 */
import { cache, type Types } from "@cornerstonejs/core";
import { blank, decode, levels } from "./decode";
import { drawsOnCpu } from "./engine";
import { addHolder, removeHolder, type Holder } from "./imageLoader";
import { forget, remember } from "./metadata";
import { affordable, lowResolution, placesOf } from "./places";
import { PREFIX, type ServerRecord } from "./records";
import type { Source } from "./source";
import type { Place, Quality, Series } from "./types";

const PARALLEL = 4;
const ATTEMPTS = 3;

interface Slot {
  readonly place: Place;
  quality: Quality;
  prefix?: Uint8Array;
  resolution: number;
  /** The whole frame, until it is decoded. */
  whole?: Uint8Array;
  fetching: boolean;
  arrived: Promise<void>;
  arrive: () => void;
}

export interface FramesEvents {
  /** The quality of a frame changed. */
  quality(index: number): void;
  /** A better picture of a frame is ready to be drawn. */
  better(index: number, image: Types.IImage): void;
}

export class SeriesFrames implements Holder {
  readonly places: readonly Place[];
  readonly #name: string;
  readonly #slots: Slot[];
  readonly #bySlotId = new Map<string, Slot>();
  readonly #source: Source;
  readonly #events: FramesEvents;
  readonly #aborting = new AbortController();
  readonly #decoding = new Set<Promise<Types.IImage>>();
  readonly #atOnce: number;
  #focus = 0;
  #running = 0;
  #lowDone = false;

  /** `name` tells this series apart from those of other viewers in the page. */
  constructor(
    source: Source,
    readonly series: Series,
    name: string,
    events: FramesEvents,
  ) {
    this.#source = source;
    this.#name = name;
    this.#events = events;
    this.places = placesOf(series, name);
    this.#slots = this.places.map(emptySlot);
    for (const slot of this.#slots) {
      this.#bySlotId.set(slot.place.imageId, slot);
      remember(slot.place);
    }
    this.#atOnce = affordable(this.places);
    addHolder(this.#name, this);
  }

  get imageIds(): string[] {
    return this.places.map((place) => place.imageId);
  }

  quality(index: number): Quality {
    return this.#slots[index]?.quality ?? "none";
  }

  /** How many frames are here in full; frames without a picture count as here. */
  get complete(): number {
    return this.#slots.filter((slot) => ["full", "nopicture"].includes(slot.quality)).length;
  }

  /** Begins to fetch everything, nearest to `at` first. `first` is the frame that came along. */
  start(at: number, first?: ServerRecord): void {
    this.#focus = at;
    const slot = first && this.#slots[first.index];
    if (slot) void this.#receive(slot, () => Promise.resolve(first.payload));
    void this.#fetchLow().finally(() => {
      this.#lowDone = true;
      this.#pump();
    });
  }

  /** The reader moved: what is near comes first now. */
  focus(index: number): void {
    this.#focus = index;
    this.#pump();
  }

  /** Tries again to fetch a frame that could not be fetched. */
  retry(index: number): void {
    const slot = this.#slots[index];
    if (slot?.quality !== "failed") return;
    this.#set(slot, slot.prefix ? "low" : "none");
    void this.#fetch(slot);
  }

  /** What Cornerstone asks for when it wants to draw a frame. */
  async load(imageId: string): Promise<Types.IImage> {
    const slot = this.#bySlotId.get(imageId);
    if (!slot) throw new Error("not a frame of this series");
    if (slot.quality === "nopicture") return blank(slot.place, decodeOptions());
    // The picture was here before and had to leave the memory.
    if (slot.quality === "full" && !slot.whole) this.#set(slot, slot.prefix ? "low" : "none");
    if (!slot.whole && !slot.prefix) {
      void this.#fetch(slot);
      await slot.arrived;
    }
    const { whole, prefix, resolution, place } = slot;
    if (whole) return this.#decodeWhole(slot, whole);
    if (!this.#running || this.#lowDone) void this.#fetch(slot);
    return this.#decode(place, prefix!, resolution);
  }

  /** A decoder that is at work still asks about its image: it is waited for before leaving. */
  #decode(place: Place, bytes: Uint8Array, resolution: number): Promise<Types.IImage> {
    const work = decode(place, bytes, resolution, decodeOptions());
    const done = () => this.#decoding.delete(work);
    this.#decoding.add(work);
    work.then(done, done);
    // What is ready only after leaving is for nobody: no closed viewport is asked to draw it.
    return work.then((image) => (this.#aborting.signal.aborted ? new Promise(() => undefined) : image));
  }

  /** Stops everything and gives the memory back, as soon as nothing is being decoded any more. */
  async destroy(): Promise<void> {
    this.#aborting.abort();
    removeHolder(this.#name);
    while (this.#decoding.size) await Promise.allSettled(this.#decoding);
    // Whoever asked for the last of them puts it into the cache within this turn of the event loop.
    await new Promise((later) => setTimeout(later));
    for (const { place } of this.#slots) {
      drop(place.imageId);
      forget(place);
    }
  }

  async #fetchLow(): Promise<void> {
    const resolution = lowResolution(this.places);
    if (resolution === undefined) return;
    const { signal } = this.#aborting;
    try {
      for await (const each of this.#source.low(this.series.id, resolution, this.#focus, signal)) {
        const slot = this.#slots[each.index];
        if (each.kind !== PREFIX || !slot || slot.quality !== "none" || slot.whole) continue;
        slot.prefix = each.payload;
        slot.resolution = resolution;
        this.#set(slot, "low");
        slot.arrive();
      }
    } catch (error) {
      // Every frame still comes by itself; a lost connection shows there.
      if (signal.aborted) return;
      console.info("low resolutions did not arrive", error);
    }
  }

  /** Keeps four requests under way, nearest frames first, within what memory allows. */
  #pump(): void {
    if (!this.#lowDone || this.#aborting.signal.aborted) return;
    while (this.#running < PARALLEL) {
      const next = this.#wanted().find(
        ({ quality, fetching }) => !fetching && (quality === "none" || quality === "low"),
      );
      if (!next) return;
      void this.#fetch(next);
    }
  }

  #wanted(): Slot[] {
    const far = (slot: Slot) => Math.abs(slot.place.index - this.#focus);
    return [...this.#slots].sort((a, b) => far(a) - far(b)).slice(0, this.#atOnce);
  }

  #fetch(slot: Slot): Promise<void> {
    return this.#receive(slot, () => this.#insist(slot));
  }

  /** Takes a whole frame from wherever `getting` brings it; never twice at the same time. */
  async #receive(slot: Slot, getting: () => Promise<Uint8Array>): Promise<void> {
    if (slot.fetching || slot.quality === "full" || this.#aborting.signal.aborted) return;
    slot.fetching = true;
    this.#running++;
    try {
      await this.#complete(slot, await getting());
    } catch {
      slot.whole = slot.prefix = undefined;
      if (!this.#aborting.signal.aborted) this.#set(slot, "failed");
    } finally {
      slot.fetching = false;
      this.#running--;
      this.#pump();
    }
  }

  async #insist(slot: Slot): Promise<Uint8Array> {
    const { signal } = this.#aborting;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#source.frame(slot.place, slot.prefix, signal);
      } catch (error) {
        if (signal.aborted || attempt === ATTEMPTS) throw error;
        await new Promise((later) => setTimeout(later, 400 * attempt));
      }
    }
  }

  /** A whole frame is here: decode it, put it in the place of the low one, tell. */
  async #complete(slot: Slot, bytes: Uint8Array): Promise<void> {
    slot.whole = bytes;
    slot.arrive();
    const image = await this.#decodeWhole(slot, bytes);
    if (this.#aborting.signal.aborted) return;
    this.#makeRoom();
    drop(slot.place.imageId);
    await cache.putImageLoadObject(slot.place.imageId, { promise: Promise.resolve(image) });
    slot.whole = undefined;
    this.#events.better(slot.place.index, image);
  }

  async #decodeWhole(slot: Slot, bytes: Uint8Array): Promise<Types.IImage> {
    const image = await this.#decode(slot.place, bytes, levels(slot.place));
    this.#set(slot, "full");
    return image;
  }

  /** Cornerstone would drop what it drew longest ago; the reader needs what is near. */
  #makeRoom(): void {
    const held = this.#slots.filter(({ quality }) => quality === "full");
    if (held.length <= this.#atOnce) return;
    const near = new Set(this.#wanted());
    for (const slot of held) {
      if (near.has(slot)) continue;
      drop(slot.place.imageId);
      this.#set(slot, slot.prefix ? "low" : "none");
    }
  }

  #set(slot: Slot, quality: Quality): void {
    if (slot.quality === quality) return;
    slot.quality = quality;
    this.#events.quality(slot.place.index);
  }
}

const decodeOptions = (): object => ({ useRGBA: drawsOnCpu() });

function emptySlot(place: Place): Slot {
  const { promise: arrived, resolve: arrive } = withResolvers();
  const quality = place.instance.codec === "none" ? "nopicture" : "none";
  return { place, quality, resolution: 0, fetching: false, arrived, arrive };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function drop(imageId: string): void {
  if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId, { force: true });
}
