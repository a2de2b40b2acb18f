// What effects asked for, of the part of a clip that is rendered: what was given for them, and what can be found out.

import { readInputs } from '../effect/inputs.ts';
import { renderErrors } from '../render/errors.ts';
import type { FFmpeg } from '../render/ffmpeg.ts';
import { rateOf } from '../render/fraction.ts';
import type { ClipFacts } from '../render/probe.ts';
import type { Window } from '../render/window.ts';
import { analyse } from './analyse.ts';
import { type AnalyserName, type Findings, isAnalyser } from './analysers.ts';
import { subtitlesOf } from './subtitles.ts';

export interface ClipInputs {
  readonly data: Readonly<Record<string, unknown>>;
  /** What was found out and how long that took, and what is empty: sentences for people. */
  readonly told: readonly string[];
}

export interface Asked {
  readonly input: string;
  readonly clip: ClipFacts;
  readonly window: Window;
  readonly ffmpeg: FFmpeg;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (part: number) => void;
}

/** @example (await clipInputs(['audio.beats'], {}, { input, clip, window, ffmpeg, threads, signal })).data['audio.beats'] */
export async function clipInputs(
  declared: readonly string[],
  given: Readonly<Record<string, unknown>>,
  asked: Asked,
): Promise<ClipInputs> {
  const { first, frames } = asked.window;
  const read = readInputs(declared, given, { first, frames, from: first / rateOf(asked.clip.fps) });
  const wrong = read.problems.find(({ input }) => Object.hasOwn(given, input));
  if (wrong) throw renderErrors.bad_input({ detail: `The input "${wrong.input}" cannot be that. ${wrong.message}` });
  const analysed = read.missing.filter(isAnalyser);
  const began = performance.now();
  const [found, captions] = await Promise.all([findings(analysed, asked), captionsOf(read.missing, asked)]);
  const seconds = (performance.now() - began) / 1000;
  const data: Record<string, unknown> = { ...read.data, ...found, ...captions };
  const empty = read.missing.filter((input) => isEmpty(data[input]));
  const sought = [...analysed, ...Object.keys(captions)];
  return {
    data,
    told: [
      ...(sought.length > 0 ? [`Found out in ${seconds.toFixed(1)} s: ${sought.join(', ')}.`] : []),
      ...(empty.length > 0 ? [`Empty: ${empty.join(', ')}; what a clip does not hold is given with --data.`] : []),
    ],
  };
}

const isEmpty = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);

async function findings(names: readonly AnalyserName[], asked: Asked): Promise<Readonly<Record<string, unknown>>> {
  if (names.length === 0) return {};
  const { clip, ...rest } = asked;
  const found = await analyse({ ...rest, analysers: names, media: { kind: 'video', facts: clip } });
  return Object.fromEntries(names.map((name) => [name, name in AS_INPUT ? AS_INPUT[name]?.(found) : found[name]]));
}

/** As an effect is given it, where that is less than what was found. */
const AS_INPUT: { readonly [N in AnalyserName]?: (found: Pick<Findings, AnalyserName>) => unknown } = {
  'audio.beats': (found) => found['audio.beats'].times,
  'audio.loudness': (found) => found['audio.loudness'].frames,
};

/** Times count from the beginning of the file: what is rendered may begin later. */
async function captionsOf(missing: readonly string[], { input, clip, window, ffmpeg, signal }: Asked) {
  if (!missing.includes('captions')) return {};
  const from = window.first / rateOf(clip.fps);
  const said = await subtitlesOf(input, { ffmpeg, signal });
  return { captions: said.map((one) => ({ ...one, from: one.from - from, to: one.to - from })) };
}
