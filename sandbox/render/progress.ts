// How far a render is, from what FFmpeg says of the frames that it has encoded.
import type { Readable } from 'node:stream';

export interface Progress {
  readonly frame: number;
  readonly frames: number;
  /** Frames a second so far. */
  readonly fps: number;
  readonly secondsLeft: number;
}

/** Reads what `-progress` writes; answers how many frames were encoded in all. */
export async function followProgress(
  from: Readable,
  frames: number,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  const began = performance.now();
  let [rest, frame] = ['', 0];
  // Killed, its pipe may end with an error: how it ended is told by its exit.
  from.on('error', () => {});
  for await (const part of from.setEncoding('utf8')) {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    const before = frame;
    for (const line of lines) if (line.startsWith('frame=')) frame = Number(line.slice(6)) || 0;
    if (frame === before) continue;
    const fps = (1000 * frame) / (performance.now() - began);
    onProgress({ frame, frames, fps, secondsLeft: Math.max(0, frames - frame) / fps });
  }
  return frame;
}
