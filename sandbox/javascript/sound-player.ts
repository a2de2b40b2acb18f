// Plays what an effect does to sound in an isolate of its own, block by block and in step.
import type ivm from 'isolated-vm';
import type { Description } from '../effect/describe.ts';
import { BLOCK_LENGTH, type SoundFacts } from '../effect/sound-player.ts';
import type { Limits } from '../limits.ts';
import { failureOf } from './failure.ts';
import { type EffectSource, entryOf, openEffect, shared } from './frame-player.ts';
import { readDescription } from './read-description.ts';

/** Whatever language it is written in. Each of these throws a `GuestFailure`. */
export interface SoundPlayer {
  /** A block of each channel, one after the other, shared with the isolate. */
  readonly samples: Float32Array;
  describe(): Description;
  start(facts: SoundFacts): void;
  /** The next block: `samples` are changed. */
  block(index: number): void;
  /** How the watch asks it to stop, where it can. */
  readonly interrupt?: number;
}

const MOST_CHANNELS = 2;
export const soundMemory = () => new SharedArrayBuffer(MOST_CHANNELS * BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT);

export async function openSoundPlayer(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<SoundPlayer> {
  const { isolate, context, inside, found } = await openEffect(source, limits, print);
  const memory = soundMemory();
  const enter = context.evalClosureSync(
    'return $0.openSound($1, new Float32Array($2))',
    [inside.derefInto(), found.derefInto(), shared(memory)],
    { result: { reference: true } },
  );
  return playSoundThrough(isolate, enter, memory);
}

/** Plays through what `effect/inside.ts` answered, whichever language it was opened for. */
export function playSoundThrough(
  isolate: ivm.Isolate,
  inside: ivm.Reference,
  memory: SharedArrayBuffer,
  explain: typeof failureOf = failureOf,
  graceMs = 0,
): SoundPlayer {
  const go = entryOf(isolate, inside, explain, graceMs);
  return {
    samples: new Float32Array(memory),
    describe: () => readDescription(String(go('describe'))),
    start: (facts) => void go('start', JSON.stringify(facts)),
    block: (index) => void go('block', index, 'block'),
  };
}
