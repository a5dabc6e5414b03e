/** Hands Cornerstone's requests for "hds:" pictures to the series that holds them. */
import { imageLoader, type Types } from "@cornerstonejs/core";

export interface Holder {
  load(imageId: string, options: object): Promise<Types.IImage>;
}

const holders = new Map<string, Holder>();

/** The name of a frame's picture; `holder` tells apart two viewers of one study in a page. */
export const imageIdFor = (holder: string, instance: string, frame: number): string =>
  `hds:${holder}/${instance}/${frame}`;

const holderOf = (imageId: string): string => imageId.slice(4, imageId.indexOf("/"));

export function addHolder(name: string, holder: Holder): void {
  holders.set(name, holder);
}

export function removeHolder(name: string): void {
  holders.delete(name);
}

export function registerImageLoader(): void {
  imageLoader.registerImageLoader("hds", (imageId: string, options: object = {}) => {
    const holder = holders.get(holderOf(imageId));
    const promise = holder
      ? holder.load(imageId, options)
      : Promise.reject(new Error("the viewer was closed"));
    return { promise: promise as Promise<Types.IImage> };
  });
}
