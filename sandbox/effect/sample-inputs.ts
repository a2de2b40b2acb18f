// A clip and an audience that never were: what an effect is told where it is tried without any.
import type { DataOf, Input } from '@plinth/sdk/effect.ts';
import { SPECTRUM_BANDS } from './inputs.ts';

export interface SampleScene {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frames: number;
  readonly duration: number;
}

type Known = Exclude<Input, `dataset.${string}`>;

/** Seconds from beat to beat. */
const BEAT = 0.5;
const PEOPLE = ['Ada', 'Grace', 'Alan'];

/** For the inputs that are asked for. Nobody can guess a dataset: of these there are none. */
export function sampleInputs(asked: readonly string[], scene: SampleScene): Readonly<Record<string, unknown>> {
  const known = samplesOf(scene) as Readonly<Record<string, () => unknown>>;
  return Object.fromEntries(asked.flatMap((name) => (Object.hasOwn(known, name) ? [[name, known[name]?.()]] : [])));
}

function samplesOf({ fps, frames, duration, ...size }: SampleScene): { [I in Known]: () => DataOf<I>[I] } {
  const byFrame = <T>(of: (t: number) => T) => Array.from({ length: frames }, (_, frame) => of(frame / fps));
  const every = <T>(seconds: number, of: (t: number, at: number) => T) =>
    Array.from({ length: Math.ceil(duration / seconds) }, (_, at) => of(at * seconds, at));
  /** Loud on the beat, and then less and less. */
  const pulse = (t: number) => Math.exp((-4 * (t % BEAT)) / BEAT);
  const name = (at: number) => PEOPLE[at % PEOPLE.length] ?? '';
  return {
    'video.meta': () => ({ ...size, fps, frames, duration, rotation: 0, codec: 'h264', hasSound: true }),
    'audio.spectrum': () =>
      byFrame((t) =>
        Array.from({ length: SPECTRUM_BANDS }, (_, band) => pulse(t) * (0.9 - (0.7 * band) / SPECTRUM_BANDS)),
      ),
    'audio.beats': () => every(BEAT, (t) => t),
    'audio.loudness': () => byFrame((t) => 0.4 + 0.4 * pulse(t)),
    captions: () => every(2, (t, at) => ({ from: t, to: t + 1.8, text: `What is said, line ${at + 1}` })),
    palette: () => ['#1b1464', '#ff3b6b', '#ffd23b', '#3bd1ff', '#f4f4f4'],
    motion: () => byFrame((t) => 0.1 + 0.1 * Math.sin(t)),
    'live.likes': () => every(0.2, (t, at) => ({ t, count: 1, name: name(at), amount: 0 })),
    'live.gifts': () => every(0.5, (t, at) => ({ t, count: 1, name: name(at), amount: 10 * (at + 1) })),
    'live.viewers': () => every(0.5, (t, at) => ({ t, count: 100 + 5 * at })),
  };
}
