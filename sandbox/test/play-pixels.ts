// Plays an effect over a picture in memory, frame by frame, as a render does it: in a process of its own, since isolates
// want a switch that tests do not run with. `node play-pixels.ts SNAPSHOTS`, and what to play on the standard input.
import { readFileSync } from 'node:fs';
import type { SceneFacts } from '../effect/player.ts';
import type { EffectSource } from '../javascript/frame-player.ts';
import { limitsOf } from '../limits.ts';

export interface Playing {
  readonly source: EffectSource;
  readonly facts: SceneFacts;
  /** Each frame begins with the same picture, as base64. */
  readonly picture: string;
}

export interface Played {
  /** The picture after the frame, as base64, or what went wrong. */
  readonly frames: readonly { readonly picture?: string; readonly error?: string; readonly stack?: string }[];
  readonly printed: readonly string[];
}

const { source, facts, picture } = JSON.parse(readFileSync(0, 'utf8')) as Playing;
const { openPlayer } = await import('../child/open-player.ts');
const shared = new SharedArrayBuffer(facts.width * facts.height * 4);
const bytes = new Uint8Array(shared);
const printed: string[] = [];
const player = await openPlayer({ ...source, picture: shared }, limitsOf({}), (text) => printed.push(text));
player.start(facts);
const frames = Array.from({ length: facts.frames }, (_, index) => {
  bytes.set(Buffer.from(picture, 'base64'));
  try {
    player.frame(index);
  } catch (error) {
    const { message, stack = '' } =
      (error as { failure?: { message: string; stack?: string } }).failure ?? (error as Error);
    return { error: message, stack };
  }
  return { picture: Buffer.from(bytes).toString('base64') };
});
process.stdout.write(JSON.stringify({ frames, printed } satisfies Played), () => process.kill(process.pid, 'SIGKILL'));
