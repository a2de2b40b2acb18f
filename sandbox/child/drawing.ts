import { around, type Box, boundsOf } from '../draw/bounds.ts';
import type { Size } from '../render/window.ts';
import { blend } from './kernels.ts';
import { Layer } from './layer.ts';

/** Lays lists over planes. What a frame draws that looks at the picture is known only then: the canvas grows with it. */
export class Drawing {
  #box: Box | undefined;
  #layer: Layer | undefined;

  constructor(expected: Box | undefined) {
    this.#box = expected;
  }

  over(planes: Uint8Array, { width, height }: Size, list: Float64Array, strings: readonly string[]): void {
    const drawn = list.length === 0 ? undefined : boundsOf(list, list.length, strings, width, height);
    if (!drawn) return;
    const box = around(this.#box, drawn) ?? drawn;
    if (!this.#layer || !same(box, this.#box)) this.#layer = new Layer(box, new Map());
    this.#box = box;
    blend(this.#layer.draw(list, list.length, strings), box, planes, width, height);
  }

  async breathe(): Promise<void> {
    await this.#layer?.breathe();
  }
}

const same = (one: Box, other: Box | undefined): boolean =>
  one.x === other?.x && one.y === other.y && one.width === other.width && one.height === other.height;
