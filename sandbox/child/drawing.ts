import type { Frames } from '../colour/frames.ts';
import { around, type Box, boundsOf } from '../draw/bounds.ts';
import type { Size } from '../render/window.ts';
import { Layer } from './layer.ts';

/** Lays lists over planes. What a frame draws that looks at the picture is known only then: the canvas grows with it. */
export class Drawing {
  readonly #frames: Frames;
  readonly #size: Size;
  #box: Box | undefined;
  #layer: Layer | undefined;

  constructor(frames: Frames, size: Size, expected: Box | undefined) {
    this.#frames = frames;
    this.#size = size;
    this.#box = expected;
  }

  draw(list: Float64Array, strings: readonly string[]): void {
    const { width, height } = this.#size;
    const drawn = list.length === 0 ? undefined : boundsOf(list, list.length, strings, width, height);
    if (!drawn) return;
    const box = around(this.#box, drawn) ?? drawn;
    if (!this.#layer || !same(box, this.#box)) this.#layer = new Layer(box, new Map());
    this.#box = box;
    this.#frames.layer.set(this.#layer.draw(list, list.length, strings));
    this.#frames.blend(box);
  }

  async breathe(): Promise<void> {
    await this.#layer?.breathe();
  }
}

const same = (one: Box, other: Box | undefined): boolean =>
  one.x === other?.x && one.y === other.y && one.width === other.width && one.height === other.height;
