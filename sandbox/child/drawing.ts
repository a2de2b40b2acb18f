// Lays what effects draw over planes.
import { createFrames, type Frames } from '../colour/frames.ts';
import { around, type Box, surveyOf } from '../draw/bounds.ts';
import type { Size } from '../render/window.ts';
import { Layer } from './layer.ts';
import type { Drawn } from './lists.ts';
import { copyBox, pasteBox } from './plane-box.ts';

/** What a frame draws that looks at the picture is known only then: the canvas grows with it. */
export class Drawing {
  readonly #frames: Frames;
  readonly #size: Size;
  #box: Box | undefined;
  #layer: Layer | undefined;
  /** The box of the picture, for drawings that mix with it. */
  #part: Frames | undefined;

  constructor(frames: Frames, size: Size, expected: Box | undefined) {
    this.#frames = frames;
    this.#size = size;
    this.#box = expected;
  }

  draw(all: readonly Drawn[]): void {
    const { width, height } = this.#size;
    const surveys = all.map(({ list, strings }) => surveyOf(list, list.length, strings, width, height));
    const drawn = surveys.reduce<Box | undefined>((box, survey) => around(box, survey.box), undefined);
    if (!drawn) return;
    const layer = this.#layerFor(around(this.#box, drawn) ?? drawn);
    if (surveys.some(({ blends }) => blends)) return this.#mix(layer, all);
    this.#frames.layer.set(layer.draw(all));
    this.#frames.blend(layer.box);
  }

  #layerFor(box: Box): Layer {
    if (this.#layer && same(box, this.#layer.box)) return this.#layer;
    [this.#box, this.#part] = [box, undefined];
    this.#layer = new Layer(box);
    return this.#layer;
  }

  /** Colours that mix with the picture's are drawn on the picture itself. Outside of the box it keeps its bytes. */
  #mix(layer: Layer, all: readonly Drawn[]): void {
    const { box } = layer;
    this.#part ??= createFrames(box);
    copyBox(this.#frames.i420, this.#size, this.#part.i420, box);
    this.#part.toRgba();
    this.#part.rgba.set(layer.draw(all, this.#part.rgba));
    this.#part.fromRgba();
    pasteBox(this.#part.i420, box, this.#frames.i420, this.#size);
  }

  async breathe(): Promise<void> {
    await this.#layer?.breathe();
  }
}

const same = (one: Box, other: Box): boolean =>
  one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
