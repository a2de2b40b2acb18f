// What comes through a pipe in pieces of any length, as pieces of the right one.
import type { Readable } from 'node:stream';
import type { Sound } from './analyser.ts';

/** Calls back with so many bytes at a time, if anybody is called. What is handed over is used again. */
export async function pieces(
  from: Readable | undefined,
  length: number,
  take: ((piece: Uint8Array) => void) | undefined,
): Promise<void> {
  if (!take) return void from?.resume();
  const piece = new Uint8Array(length);
  let filled = 0;
  for await (const bytes of (from ?? []) as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + length - filled);
      piece.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < length) continue;
      take(piece);
      filled = 0;
    }
  }
}

/** One or two channels that come interleaved, as 32-bit floats. */
export class SoundPieces {
  readonly #channels: number;
  #rest = new Uint8Array(0);

  constructor(channels: number) {
    this.#channels = channels;
  }

  of(bytes: Uint8Array): Sound {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const bytesEach = this.#channels * Float32Array.BYTES_PER_ELEMENT;
    const length = Math.floor(all.length / bytesEach);
    this.#rest = all.slice(length * bytesEach);
    const both = new Float32Array(all.buffer, 0, length * this.#channels);
    const sound = { left: new Float32Array(length), right: new Float32Array(length), mono: new Float32Array(length) };
    for (let at = 0; at < length; at++) {
      const left = audible(both[this.#channels * at]);
      const right = this.#channels === 1 ? 0 : audible(both[this.#channels * at + 1]);
      sound.left[at] = left;
      sound.right[at] = right;
      sound.mono[at] = this.#channels === 1 ? left : (left + right) / 2;
    }
    return sound;
  }
}

/** A damaged stream decodes to anything: what is no number is silent, and nothing is louder than loud. */
function audible(sample: number | undefined): number {
  return sample === undefined || Number.isNaN(sample) ? 0 : Math.max(-LOUDEST, Math.min(LOUDEST, sample));
}

const LOUDEST = 8;
