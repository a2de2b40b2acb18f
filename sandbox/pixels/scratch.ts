// Memory for what a frame needs beside its picture, used again by the next: a frame allocates nothing.
import { explain, SCRATCH_MB } from '../limits.ts';
import { type Area, copyInto, memoryOf, wholeOf } from './area.ts';

const LARGEST = SCRATCH_MB * 1024 ** 2;
/** Of memory, for a picture of no size. */
const OBJECT = 1024;

export class Scratch {
  readonly #kept: ArrayBuffer[] = [];
  #keptBytes = 0;
  /** How many of them this frame has taken, and for how many bytes. */
  #used = 0;
  #bytes = 0;
  /** Which frame it is: what was made in an earlier one has been written over. */
  frame = 0;

  newFrame(): void {
    this.#used = 0;
    this.#bytes = 0;
    this.frame += 1;
  }

  /** A picture as it is now, until the end of the frame. */
  copyOf(from: Area): Area {
    const copy = wholeOf(memoryOf(this.#take(from.width * from.height)), from.width, from.height);
    copyInto(copy, from);
    return copy;
  }

  /** What `work` takes is free again after it. */
  during<T>(work: () => T): T {
    const [used, bytes] = [this.#used, this.#bytes];
    try {
      return work();
    } finally {
      this.#used = used;
      this.#bytes = bytes;
    }
  }

  /** So many pixels; what stands in them is anything. */
  words(pixels: number): Int32Array {
    return memoryOf(this.#take(pixels)).words;
  }

  #take(pixels: number): Uint8ClampedArray {
    const length = pixels * 4;
    if (this.#bytes + length + OBJECT > LARGEST) throw new RangeError(explain.scratch());
    const kept = this.#kept[this.#used];
    const buffer = kept && kept.byteLength >= length ? kept : this.#grown(length);
    this.#used += 1;
    this.#bytes += length + OBJECT;
    return new Uint8ClampedArray(buffer, 0, length);
  }

  #grown(length: number): ArrayBuffer {
    // What only an earlier frame needed makes room.
    if (this.#keptBytes + length > LARGEST)
      for (const { byteLength } of this.#kept.splice(this.#used)) this.#keptBytes -= byteLength;
    const buffer = new ArrayBuffer(length);
    this.#keptBytes += length - (this.#kept[this.#used]?.byteLength ?? 0);
    this.#kept[this.#used] = buffer;
    return buffer;
  }
}
