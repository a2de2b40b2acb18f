// Plays an effect: the same code in the browser's preview and in the isolate of a render.
import type { Canvas, Effect, Filter, Frame, Params, Scene } from '@plinth/sdk/effect.ts';
import type { ImageSizes } from '../draw/shapes.ts';
import type { OpenedPixels } from '../pixels/picture.ts';
import { deepFrozen } from './frozen.ts';
import { Inputs } from './inputs.ts';
import { randomOf } from './random.ts';

/** What a render is told of its scene, as JSON. Params are settled. */
export interface SceneFacts {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly duration: number;
  readonly frames: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Natural sizes of the pictures that params name. */
  readonly images?: ImageSizes;
}

/** Where an effect's drawing goes, and the picture it may touch. */
export interface Surfaces {
  readonly canvas: Canvas;
  readonly picture?: OpenedPixels;
}

export class Player {
  /** Whether the frame that was played last looked at the picture itself. */
  touchedPixels = false;
  readonly #effect: Effect;
  readonly #facts: Omit<SceneFacts, 'data'>;
  readonly #inputs: Inputs;
  readonly #surfaces: Surfaces;
  readonly #state: unknown;

  constructor(effect: Effect, facts: SceneFacts, surfaces: Surfaces) {
    this.#effect = effect;
    const { data: _, ...rest } = facts;
    this.#facts = deepFrozen(rest);
    this.#inputs = new Inputs(effect.inputs ?? [], facts);
    this.#surfaces = surfaces;
    this.#state = deepFrozen(effect.setup?.(this.#scene(-1)));
  }

  /** Plays one frame, in any order: it depends on its number alone. */
  frame(index: number): void {
    this.touchedPixels = false;
    this.#surfaces.picture?.newFrame();
    this.#effect.frame?.(this.#frame(index));
  }

  #scene(index: number): Scene {
    const { seed, images: _, ...facts } = this.#facts;
    const [params, data] = [facts.params as Scene['params'], this.#inputs.data as Scene['data']];
    return { ...facts, params, data, random: randomOf(seed, index) };
  }

  #frame(index: number): Frame<Params, unknown> {
    const player = this;
    return {
      ...this.#scene(index),
      index,
      t: index / this.#facts.fps,
      canvas: this.#surfaces.canvas,
      state: this.#state,
      get audio() {
        return player.#inputs.audio(index);
      },
      get live() {
        return player.#inputs.live(index);
      },
      get pixels() {
        player.touchedPixels = true;
        const { picture } = player.#surfaces;
        if (!picture) throw new PixelsNeeded();
        return picture.pixels;
      },
    };
  }
}

/** What an effect asks of FFmpeg, once for all frames. */
export function filtersOf(effect: Effect, facts: SceneFacts): readonly Filter[] {
  const { seed: _, ...scene } = facts;
  const data = new Inputs(effect.inputs ?? [], facts).data as Scene['data'];
  return effect.filters?.({ ...scene, params: scene.params as Scene['params'], data, random: () => 0 }) ?? [];
}

/** Thrown through an effect that asks for pixels where it was played for its drawing only. */
class PixelsNeeded extends Error {
  constructor() {
    super('This effect touches pixels.');
  }
}
