/** Reads headers beside the page, so that it stays usable while thousands of files are looked at. */
import { readHeader } from "./headers";

self.onmessage = (message: MessageEvent<{ id: number; bytes: Uint8Array }>) => {
  const { id, bytes } = message.data;
  self.postMessage({ id, header: readHeader(bytes) });
};
