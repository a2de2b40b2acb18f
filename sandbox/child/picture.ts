// A frame on its way through effects: its planes, or RGBA while an effect looks at it. What is only drawn waits until
// somebody looks, so that drawings which follow each other are laid over the picture as one.
import type { Frames } from '../colour/frames.ts';
import type { Box } from '../draw/bounds.ts';
import type { Images } from '../draw/raster.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import type { Size } from '../render/window.ts';
import type { Drawing } from './drawing.ts';
import type { Drawn } from './lists.ts';

export class Picture {
  readonly #frames: Frames;
  readonly #size: Size;
  readonly #box: Box | undefined;
  #isRgba = false;
  #waiting: Drawn[] = [];
  #drawing: Drawing | undefined;

  /** `box`: around what is drawn, as far as that is known. */
  constructor(frames: Frames, size: Size, box: Box | undefined) {
    this.#frames = frames;
    this.#size = size;
    this.#box = box;
  }

  draw(drawn: Drawn): void {
    if (drawn.list.length > 0) this.#waiting.push(drawn);
  }

  /** Plays a frame that looks at the picture, and changes it. */
  async paint(painter: FramePlayer, index: number, images: Images): Promise<void> {
    if (this.#waiting.length > 0) await this.planes();
    if (!this.#isRgba) this.#frames.toRgba();
    this.#isRgba = true;
    const length = painter.frame(index);
    this.draw({ list: painter.list.subarray(0, length), strings: painter.strings(), images });
  }

  /** All that was made of it, as planes. */
  async planes(): Promise<Uint8Array> {
    if (this.#isRgba) this.#frames.fromRgba();
    this.#isRgba = false;
    if (this.#waiting.length > 0) {
      // Loaded only by who draws: Skia and its fonts take longer to start than the rest.
      this.#drawing ??= new (await import('./drawing.ts')).Drawing(this.#frames, this.#size, this.#box);
      this.#drawing.draw(this.#waiting);
      this.#waiting = [];
    }
    return this.#frames.i420;
  }

  /** To be waited for between frames. */
  async breathe(): Promise<void> {
    await this.#drawing?.breathe();
  }
}
