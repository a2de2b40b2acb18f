// A canvas over a box of the picture, on which lists are drawn.
import './skia-settings.ts';
import { createCanvas, ImageData, type SKRSContext2D } from '@napi-rs/canvas';
import type { Box } from '../draw/bounds.ts';
import { type Context2D, rasterise } from '../draw/raster.ts';
import { registerFonts, registerFontsFor } from '../render/fonts.ts';
import type { Drawn } from './lists.ts';

/** Skia hands out a copy of its pixels each time, which is freed only when the event loop turns. */
const COPIES_HELD = 4;

export class Layer {
  readonly box: Box;
  readonly #context: SKRSContext2D;
  #under: ImageData | undefined;
  #copies = 0;

  constructor(box: Box) {
    registerFonts();
    this.box = box;
    this.#context = createCanvas(box.width, box.height).getContext('2d');
  }

  /** Premultiplied RGBA of the box: what is drawn, one over the other, over nothing or over an opaque picture of the box. */
  draw(all: readonly Drawn[], over?: Uint8ClampedArray): Uint8Array {
    const { width, height } = this.box;
    if (over) this.#putUnder(over);
    else this.#context.clearRect(0, 0, width, height);
    for (const { list, strings, images } of all) {
      registerFontsFor(strings);
      rasterise(list, list.length, strings, this.#context as unknown as Context2D, images, this.box);
    }
    this.#copies++;
    return this.#context.canvas.data();
  }

  #putUnder(picture: Uint8ClampedArray): void {
    // Skia takes no shared memory.
    this.#under ??= new ImageData(this.box.width, this.box.height);
    this.#under.data.set(picture);
    this.#context.putImageData(this.#under, 0, 0);
  }

  /** To be waited for between frames. */
  async breathe(): Promise<void> {
    if (this.#copies < COPIES_HELD) return;
    this.#copies = 0;
    await new Promise(setImmediate);
  }
}
