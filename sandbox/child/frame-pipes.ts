import { readSync, writeSync } from 'node:fs';

/** Fills the buffer. `false` at the end of the stream; a stream that ends inside a frame is an error. */
export function readFrame(from: number, frame: Uint8Array): boolean {
  let at = 0;
  while (at < frame.length) {
    const got = readSync(from, frame, at, frame.length - at, null);
    if (got === 0 && at === 0) return false;
    if (got === 0) throw new Error(`The stream of frames ended inside a frame, after ${at} of ${frame.length} bytes.`);
    at += got;
  }
  return true;
}

/** `false` when nobody reads any more. */
export function writeFrame(to: number, frame: Uint8Array): boolean {
  try {
    for (let at = 0; at < frame.length; ) at += writeSync(to, frame, at, frame.length - at);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false;
    throw error;
  }
}
