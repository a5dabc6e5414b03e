/** The viewer's requests: one study of one server, with the session cookie and nothing else. */
import { dashed } from "../../client/ground/ids";
import { lyingOpen, sessionOver } from "../../client/ground/lock";
import type { Manifest, Place } from "./types";
import { FRAME, MANIFEST, joined, records, unpacked, type ServerRecord } from "./records";

export class Unreachable extends Error {}

export interface Opening {
  manifest?: Manifest;
  /** The frame asked for, unless it has no picture. */
  first?: ServerRecord;
}

export class Source {
  readonly #base: string;

  /** `base` is the address of the study's viewer, such as "/v/3f2a…". */
  constructor(base: string) {
    this.#base = base.replace(/\/$/, "");
  }

  /** Where what a structured report says is shown. */
  reportOf(instance: string): string {
    return `${this.#base}/i/${dashed(instance)}/report`;
  }

  /** Where the document inside an instance is shown. */
  documentOf(instance: string): string {
    return `${this.#base}/i/${dashed(instance)}/document`;
  }

  /** The file of an instance as it was uploaded. */
  originalOf(instance: string): string {
    return `${this.#base}/i/${dashed(instance)}/original`;
  }

  /** Manifest and first frame in one answer; without a series, the study's own choice. */
  async open(options: {
    series?: number;
    at?: number;
    manifest: boolean;
    signal: AbortSignal;
  }): Promise<Opening> {
    const query = new URLSearchParams();
    if (options.series !== undefined) query.set("series", String(options.series));
    if (options.at !== undefined) query.set("at", String(options.at));
    if (!options.manifest) query.set("manifest", "0");
    const response = await this.#get(`/open?${query}`, { signal: options.signal });
    const opening: Opening = {};
    for await (const each of records(response.body!)) {
      if (each.kind === MANIFEST) opening.manifest = JSON.parse(await unpacked(each.payload));
      if (each.kind === FRAME) opening.first = each;
    }
    return opening;
  }

  /** The low resolution of every frame of a series, nearest to `at` first. */
  async *low(
    series: number,
    resolution: number,
    at: number,
    signal: AbortSignal,
  ): AsyncGenerator<ServerRecord> {
    const query = `series=${series}&res=${resolution}&at=${at}`;
    const response = await this.#get(`/low?${query}`, { signal });
    yield* records(response.body!);
  }

  /** A whole frame; only the bytes that `have` lacks travel. */
  async frame(
    place: Place,
    have: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const headers: HeadersInit = have?.length ? { Range: `bytes=${have.length}-` } : {};
    const address = `/i/${dashed(place.instance.id)}/frames/${place.frame}`;
    const response = await this.#get(address, { headers, signal });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return response.status === 206 && have ? joined(have, bytes) : bytes;
  }

  /** The address of an instance's JPEG preview, at most `size` pixels per side. */
  preview(instance: string, size: 128 | 512): string {
    return `${this.#base}/i/${dashed(instance)}/preview?w=${size}`;
  }

  async #get(path: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
    const begun = performance.now();
    const response = await fetch(this.#base + path, { credentials: "same-origin", ...init });
    if (response.status === 401 && document.querySelector("#lock") !== null) {
      // The page is covered; what was asked for is asked for again when it is unlocked.
      sessionOver(begun);
      await lyingOpen(init.signal);
      return this.#get(path, init);
    }
    if (!response.ok || !response.body) throw new Unreachable(String(response.status));
    return response;
  }
}
