// What an effect is told of its clip and its audience: data that was given or found out, and what it says at each frame.
import type { AudioNow, InputData, LiveNow } from '@plinth/sdk/effect.ts';
import { deepFrozen } from './frozen.ts';
import { INPUT_NAMES, kindOf, NO_CLIP, type Part } from './input-kinds.ts';
import { countUntil, Timeline, Viewers } from './live.ts';

export interface InputProblem {
  readonly input: string;
  readonly message: string;
}

export interface ReadInputs {
  readonly data: Readonly<Record<string, unknown>>;
  /** Inputs that nobody gave. */
  readonly missing: readonly string[];
  /** Given, and not what they should be; or asked for, and not offered. */
  readonly problems: readonly InputProblem[];
}

/**
 * What was given for the inputs that an effect declares. It is given for the whole clip; what counts is a part of it.
 *
 * @example readInputs(['audio.beats'], { 'audio.beats': [0.5, 2.5] }, { first: 60, frames: 30, from: 2 }).data // [-1.5, 0.5]
 */
export function readInputs(
  declared: readonly string[],
  given: Readonly<Record<string, unknown>>,
  part?: Part,
): ReadInputs {
  const [data, missing, problems]: [Record<string, unknown>, string[], InputProblem[]] = [{}, [], []];
  for (const input of new Set(declared)) {
    const kind = kindOf(input);
    if (!kind) {
      problems.push({ input, message: `There is no such input. There are: ${INPUT_NAMES.join(', ')}.` });
      continue;
    }
    const value = Object.hasOwn(given, input) ? given[input] : undefined;
    if (value === undefined || value === null) {
      missing.push(input);
      continue;
    }
    const read = kind.read(value);
    if (read === undefined) problems.push({ input, message: `It is ${kind.says}.` });
    else data[input] = part ? kind.within(read, part) : read;
  }
  return { data, missing, problems };
}

/** From the lowest to the highest pitch. */
export const SPECTRUM_BANDS = 32;
/** Where there is no spectrum. */
const NO_PITCH: readonly number[] = new Array(SPECTRUM_BANDS).fill(0);

interface InputScene {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frames: number;
  readonly duration: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Answers for each frame. What was not given is empty, never absent. */
export class Inputs {
  readonly data: Readonly<Record<string, unknown>>;
  readonly #fps: number;
  readonly #spectrum: InputData['audio.spectrum'];
  readonly #beats: InputData['audio.beats'];
  readonly #loudness: InputData['audio.loudness'];
  readonly #likes: Timeline;
  readonly #gifts: Timeline;
  readonly #viewers: Viewers;

  constructor(declared: readonly string[], { data, ...scene }: InputScene) {
    const { width, height, fps, frames, duration } = scene;
    const empty = declared.map((input) => [input, kindOf(input)?.empty ?? []] as const);
    const filled = { ...Object.fromEntries(empty), ...readInputs(declared, data).data };
    // Without a clip it is what the scene is.
    if (declared.includes('video.meta') && !data['video.meta'])
      Object.assign(filled, { 'video.meta': { ...NO_CLIP, width, height, fps, frames, duration } });
    this.data = deepFrozen(filled);
    this.#fps = fps;
    this.#spectrum = this.#of('audio.spectrum');
    this.#beats = this.#of('audio.beats');
    this.#loudness = this.#of('audio.loudness');
    this.#likes = new Timeline(this.#of('live.likes'));
    this.#gifts = new Timeline(this.#of('live.gifts'));
    this.#viewers = new Viewers(this.#of('live.viewers'));
  }

  #of<I extends 'audio.spectrum' | 'audio.beats' | 'audio.loudness' | 'live.likes' | 'live.gifts' | 'live.viewers'>(
    input: I,
  ): InputData[I] {
    return (this.data[input] ?? []) as InputData[I];
  }

  audio(index: number): AudioNow {
    // Rounding must not put a beat that is on a frame after it.
    const t = index / this.#fps + 1e-9;
    const last = this.#beats[countUntil(this.#beats, t, (beat) => beat) - 1];
    const sinceBeat = last === undefined ? Number.POSITIVE_INFINITY : Math.max(0, t - last);
    const [spectrum, loudness] = [this.#spectrum[index] ?? NO_PITCH, this.#loudness[index] ?? 0];
    return { spectrum, loudness, sinceBeat, beat: sinceBeat < 1 / this.#fps };
  }

  live(index: number): LiveNow {
    const t = index / this.#fps;
    return { likes: this.#likes.at(t), gifts: this.#gifts.at(t), viewers: this.#viewers.at(t) };
  }
}
