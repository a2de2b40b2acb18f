// Boxes of one drawing as one picture, one below the other, in the colours of video: what FFmpeg lays over a clip.
import { createFrames, type Frames } from '../colour/frames.ts';
import { around, type Box } from '../draw/bounds.ts';
import { Layer } from './layer.ts';
import type { Drawn } from './lists.ts';

const BYTES_PER_PIXEL = 4;

export class Stack {
  readonly #boxes: readonly Box[];
  readonly #layer: Layer;
  readonly #frames: Frames;

  constructor(boxes: readonly Box[]) {
    const whole = boxes.reduce<Box | undefined>(around, undefined) ?? { x: 0, y: 0, width: 0, height: 0 };
    this.#boxes = boxes;
    this.#layer = new Layer(whole);
    const height = boxes.reduce((sum, box) => sum + box.height, 0);
    this.#frames = createFrames({ width: whole.width, height });
  }

  get empty(): Uint8Array {
    return this.#frames.yuva;
  }

  draw(all: readonly Drawn[]): Uint8Array {
    const drawn = this.#layer.draw(all);
    const { y: top, width } = this.#layer.box;
    let to = 0;
    for (const { y, height } of this.#boxes) {
      const from = (y - top) * width * BYTES_PER_PIXEL;
      const part = drawn.subarray(from, from + height * width * BYTES_PER_PIXEL);
      this.#frames.layer.set(part, to);
      to += part.length;
    }
    return this.#frames.toYuva();
  }

  breathe(): Promise<void> {
    return this.#layer.breathe();
  }
}
