// Plays an effect in an isolate, frame by frame and in step: the caller's thread waits for each frame.
import ivm from 'isolated-vm';
import { GuestFailure } from '../child/guest.ts';
import { LIST_LENGTH } from '../draw/ops.ts';
import type { Description } from '../effect/describe.ts';
import type { SceneFacts } from '../effect/player.ts';
import { FRAME_MS, type Limits, SETUP_MS } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';
import { openIsolate, runProgram } from './isolate.ts';

/** An effect that is played, whatever language it is written in. Each of these throws a `GuestFailure`. */
export interface FramePlayer {
  /** The display list of the frame that was played last, shared with the isolate. */
  readonly list: Float64Array;
  /** What the list names by number. */
  readonly strings: readonly string[];
  describe(): Description;
  /** What the effect asks of FFmpeg, unchecked. */
  filters(facts: SceneFacts): unknown;
  start(facts: SceneFacts): void;
  /** The length of the list, or `NEEDS_PIXELS` from an effect that looked at a picture it was not given. */
  frame(index: number): number;
  dispose(): void;
}

export interface EffectSource {
  readonly program: Program;
  /** Our own part of the isolate: `effectBundle()`. */
  readonly runtime: string;
  /** RGBA, shared with the isolate: the effect's `pixels`. */
  readonly picture?: SharedArrayBuffer;
  /** The name of the memory that Python starts from. */
  readonly snapshot?: string;
}

export type OpenedEffect = Awaited<ReturnType<typeof openEffect>>;

/** An isolate with our own part in it, and what the effect exports. */
export async function openEffect({ program, runtime }: EffectSource, limits: Limits, print: (text: string) => void) {
  const opened = openIsolate(limits, { print, ask: () => {} });
  const { isolate, context } = opened;
  const inside = await context.eval(runtime, { reference: true, filename: 'plinth:effect' });
  await context.eval(NO_CLOCK, { filename: 'plinth:no-clock' });
  const found = await runProgram(opened, program).catch((error: unknown) => {
    throw failureOf(error, isolate.isDisposed);
  });
  return { isolate, context, inside, found };
}

export const shared = (buffer: SharedArrayBuffer | undefined) => buffer && new ivm.ExternalCopy(buffer).copyInto();

/** @example const player = await openFramePlayer(source, limits, print); player.start(facts); player.frame(0); */
export async function openFramePlayer(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<FramePlayer> {
  const { isolate, context, inside, found } = await openEffect(source, limits, print);
  const memory = listMemory();
  const enter = context.evalClosureSync(
    'return $0.open($1, new Float64Array($2), $3 && new Uint8ClampedArray($3))',
    [inside.derefInto(), found.derefInto(), shared(memory), shared(source.picture)],
    { result: { reference: true } },
  );
  return playThrough(isolate, enter, memory);
}

export const listMemory = () => new SharedArrayBuffer(LIST_LENGTH * Float64Array.BYTES_PER_ELEMENT);

/** The one way into an isolate: a word, what it is about, and for how long at most. */
export function entryOf(
  isolate: ivm.Isolate,
  inside: ivm.Reference,
  explain: (error: unknown, disposed: boolean) => GuestFailure,
) {
  const enter = inside as ivm.Reference<(what: string, argument: string | number | undefined) => unknown>;
  return (what: string, argument: string | number | undefined, timeout: number): unknown => {
    try {
      return enter.applySync(undefined, [what, argument], { timeout });
    } catch (error) {
      throw explain(error, isolate.isDisposed);
    }
  };
}

/** Plays through what `effect/inside.ts` answered, whichever language it was opened for. */
export function playThrough(
  isolate: ivm.Isolate,
  inside: ivm.Reference,
  memory: SharedArrayBuffer,
  explain: (error: unknown, disposed: boolean) => GuestFailure = failureOf,
): FramePlayer {
  const strings: string[] = [];
  const go = entryOf(isolate, inside, explain);
  return {
    list: new Float64Array(memory),
    strings,
    describe: () => JSON.parse(String(go('describe', undefined, SETUP_MS))),
    filters: (facts) => JSON.parse(String(go('filters', JSON.stringify(facts), SETUP_MS))),
    start: (facts) => void go('start', JSON.stringify(facts), SETUP_MS),
    frame(index) {
      const length = Number(go('frame', index, FRAME_MS));
      const fresh: unknown = JSON.parse(String(go('strings', undefined, FRAME_MS)));
      if (Array.isArray(fresh)) strings.push(...fresh.map(String));
      return length;
    },
    dispose: () => {
      if (!isolate.isDisposed) isolate.dispose();
    },
  };
}

export function failureOf(error: unknown, disposed: boolean): GuestFailure {
  if (error instanceof GuestFailure) return error;
  if (disposed) return new GuestFailure('memory');
  if (!(error instanceof Error)) return new GuestFailure('threw', `It threw ${String(error)}`);
  if (error.message === 'Script execution timed out.') return new GuestFailure('frame');
  return new GuestFailure('threw', `${error.name}: ${error.message}`, error.stack);
}

/** A picture follows from its frame's number: what would make it differ from one render to the next is refused by name. */
const NO_CLOCK = `{
  const refuse = (what, instead) => () => { throw new Error('An effect has no ' + what + ': ' + instead + '.'); };
  Math.random = refuse('chance of its own', 'use the random() that each frame is given');
  const DateNow = Date;
  const noClock = refuse('clock', 'use t, the seconds since the first frame');
  globalThis.Date = function (...parts) { return parts.length === 0 ? noClock() : new DateNow(...parts); };
  Date.prototype = DateNow.prototype;
  DateNow.prototype.constructor = Date;
  Object.assign(Date, { now: noClock, UTC: DateNow.UTC, parse: DateNow.parse });
  delete globalThis.WeakRef;
  delete globalThis.FinalizationRegistry;
}`;
