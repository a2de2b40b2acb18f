// Plays an effect: the same code in the browser's preview and in the isolate of a render.
import type { AudioNow, Canvas, Effect, Frame, Params, Scene } from '@plinth/sdk/effect.ts';
import type { ImageSizes } from '../draw/shapes.ts';
import type { OpenedPixels } from '../pixels/picture.ts';
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

const SILENCE: AudioNow = { spectrum: [], beat: false, sinceBeat: Number.POSITIVE_INFINITY, loudness: 0 };

export class Player {
  /** Whether the frame that was played last looked at the picture itself. */
  touchedPixels = false;
  readonly #effect: Effect;
  readonly #facts: SceneFacts;
  readonly #surfaces: Surfaces;
  readonly #state: unknown;

  constructor(effect: Effect, facts: SceneFacts, surfaces: Surfaces) {
    this.#effect = effect;
    this.#facts = deepFrozen(facts);
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
    return { ...facts, params: facts.params as Scene['params'], random: randomOf(seed, index) };
  }

  #frame(index: number): Frame<Params, unknown> {
    const player = this;
    return {
      ...this.#scene(index),
      index,
      t: index / this.#facts.fps,
      canvas: this.#surfaces.canvas,
      audio: audioAt(this.#facts, index),
      state: this.#state,
      get pixels() {
        player.touchedPixels = true;
        const { picture } = player.#surfaces;
        if (!picture) throw new PixelsNeeded();
        return picture.pixels;
      },
    };
  }
}

/** Thrown through an effect that asks for pixels where it was played for its drawing only. */
class PixelsNeeded extends Error {
  constructor() {
    super('This effect touches pixels.');
  }
}

function audioAt({ data, fps }: SceneFacts, index: number): AudioNow {
  const spectrum = data['audio.spectrum'] as number[][] | undefined;
  const loudness = data['audio.loudness'] as number[] | undefined;
  const beats = data['audio.beats'] as number[] | undefined;
  if (!spectrum && !loudness && !beats) return SILENCE;
  const t = index / fps;
  const last = beats?.findLast((beat) => beat <= t + 1e-9);
  const sinceBeat = last === undefined ? Number.POSITIVE_INFINITY : Math.max(0, t - last);
  return { spectrum: spectrum?.[index] ?? [], loudness: loudness?.[index] ?? 0, sinceBeat, beat: sinceBeat < 1 / fps };
}

/** A frame that changed what another frame reads would make the picture depend on what was rendered before. */
function deepFrozen<T>(value: T): T {
  const isPlain = Array.isArray(value) || (typeof value === 'object' && value !== null && isPlainObject(value));
  if (!isPlain || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value as object)) deepFrozen(part);
  return value;
}

function isPlainObject(value: object): boolean {
  const parent = Object.getPrototypeOf(value);
  return parent === Object.prototype || parent === null;
}
