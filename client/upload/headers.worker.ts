/** Reads headers beside the page, so that it stays usable while thousands of files are looked at. */
import { readHeader } from "./headers";

self.onmessage = async (message: MessageEvent<{ id: number; bytes: Uint8Array<ArrayBuffer>; total: number }>) => {
  const { id, bytes, total } = message.data;
  self.postMessage({ id, header: await readHeader(bytes, total) });
};
