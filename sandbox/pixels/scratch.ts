// Memory for what a frame needs beside its picture, used again by the next: a frame allocates nothing.
import { type Area, copyInto, memoryOf, wholeOf } from './area.ts';

export class Scratch {
  readonly #kept: ArrayBuffer[] = [];
  #used = 0;
  /** Which frame it is: what was made in an earlier one has been written over. */
  frame = 0;

  newFrame(): void {
    this.#used = 0;
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
    const before = this.#used;
    try {
      return work();
    } finally {
      this.#used = before;
    }
  }

  /** So many pixels; what stands in them is anything. */
  words(pixels: number): Int32Array {
    return memoryOf(this.#take(pixels)).words;
  }

  #take(pixels: number): Uint8ClampedArray {
    const at = this.#used++;
    const kept = this.#kept[at];
    const buffer = kept && kept.byteLength >= pixels * 4 ? kept : new ArrayBuffer(pixels * 4);
    this.#kept[at] = buffer;
    return new Uint8ClampedArray(buffer, 0, pixels * 4);
  }
}
