// Plays an effect in Python: its interpreter's isolate holds the same runtime that plays those in JavaScript.
import { join } from 'node:path';
import { GuestFailure } from '../child/guest.ts';
import { failureOf } from '../javascript/failure.ts';
import { type EffectSource, type FramePlayer, listMemory, playThrough } from '../javascript/frame-player.ts';
import { playSoundThrough, type SoundPlayer, soundMemory } from '../javascript/sound-player.ts';
import { type Limits, STOP_WITHIN_MS } from '../limits.ts';
import type { FailureCode } from '../supervisor/protocol.ts';
import { unpacked } from './bytes.ts';
import { failureFrom } from './guest.ts';
import { Interpreter } from './interpreter.ts';

/** Where the snapshots are, as the child sees it: whoever started it said so. */
const [, , snapshots = '.'] = process.argv;

export async function openPythonPlayer(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<FramePlayer> {
  const interpreter = await loaded(source, limits, print);
  const memory = listMemory();
  const inside = await interpreter.play(source.runtime, memory, source.picture);
  const player = playThrough(interpreter.isolate, inside, memory, explained, STOP_WITHIN_MS);
  return { ...player, interrupt: interpreter.interrupt };
}

export async function openPythonSound(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<SoundPlayer> {
  const interpreter = await loaded(source, limits, print);
  const memory = soundMemory();
  const inside = await interpreter.playSound(source.runtime, memory);
  const player = playSoundThrough(interpreter.isolate, inside, memory, explained, STOP_WITHIN_MS);
  return { ...player, interrupt: interpreter.interrupt };
}

async function loaded({ program, snapshot = '' }: EffectSource, limits: Limits, print: (text: string) => void) {
  const interpreter = await Interpreter.restore(unpacked(join(snapshots, snapshot)));
  interpreter.adopt(limits, { print, ask: () => {} });
  interpreter.enter('no_clock');
  const said = String(interpreter.enter('load', program.file, program.code));
  if (said.startsWith('f')) throw failureFrom(said.slice(1));
  if (!said.startsWith('v')) throw new GuestFailure('threw', 'An effect may not wait: it is a function of its frame.');
  return interpreter;
}

/** What Python says of its own failures comes as the message of an error. */
function explained(error: unknown, disposed: boolean, bound: FailureCode): GuestFailure {
  const said = error instanceof Error ? error.message : '';
  return said.startsWith('f{') ? failureFrom(said.slice(1)) : failureOf(error, disposed, bound);
}
