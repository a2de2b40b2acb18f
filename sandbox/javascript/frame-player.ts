// Plays an effect in an isolate, frame by frame and in step: the caller's thread waits for each frame.
import ivm from 'isolated-vm';
import { StringTable } from '../draw/check.ts';
import { LIST_LENGTH } from '../draw/ops.ts';
import type { Description } from '../effect/describe.ts';
import type { SceneFacts } from '../effect/player.ts';
import { BLOCK_MS, FRAME_MS, type Limits, SETUP_MS } from '../limits.ts';
import type { Busy, Program } from '../supervisor/protocol.ts';
import { failureOf } from './failure.ts';
import { openIsolate, runProgram } from './isolate.ts';
import { busiest } from './profile.ts';
import { readDescription } from './read-description.ts';

/** An effect that is played, whatever language it is written in. Each of these throws a `GuestFailure`. */
export interface FramePlayer {
  /** The display list of the frame that was played last, shared with the isolate. */
  readonly list: Float64Array;
  /** What the list of the frame that was played last names by number. */
  strings(): readonly string[];
  describe(): Description;
  /** What the effect asks of FFmpeg, unchecked. */
  filters(facts: SceneFacts): unknown;
  start(facts: SceneFacts): void;
  /** The length of the list, or `NEEDS_PIXELS` from an effect that looked at a picture it was not given. */
  frame(index: number): number;
  /** Plays a frame once more, to see in which function it spends its time. `bounded` runs what must be watched. */
  readonly findBusy?: (index: number, bounded: (run: () => void) => void) => Promise<Busy | undefined>;
  /** How the watch asks it to stop, where it can. */
  readonly interrupt?: number;
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

/** An isolate with our own part in it, and what the effect exports. */
export async function openEffect({ program, runtime }: EffectSource, limits: Limits, print: (text: string) => void) {
  const opened = openIsolate(limits, { print, ask: () => {}, wake: () => {} });
  const { isolate, context } = opened;
  const inside = await context.eval(runtime, { reference: true, filename: 'plinth:effect' });
  await context.eval(NO_CLOCK, { filename: 'plinth:no-clock' });
  try {
    return { isolate, context, inside, found: runProgram(opened, program, limits.cpuMs) };
  } catch (error) {
    throw failureOf(error, isolate.isDisposed, 'cpu');
  }
}

export const shared = (buffer: SharedArrayBuffer | undefined) => buffer && new ivm.ExternalCopy(buffer).copyInto();

/** @example const player = await openFramePlayer(source, limits, print); player.start(facts); player.frame(0); */
export async function openFramePlayer(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<FramePlayer> {
  const { player } = await opened(source, limits, print);
  let scene: SceneFacts | undefined;
  return {
    ...player,
    start(facts) {
      scene = facts;
      player.start(facts);
    },
    // In an isolate that has played nothing: of code that V8 has made already its samples know less.
    async findBusy(index, bounded) {
      const again = await opened(source, limits, () => {});
      if (scene) again.player.start(scene);
      return busiest(again.isolate, source.program.file, () => bounded(() => again.player.frame(index)));
    },
  };
}

async function opened(source: EffectSource, limits: Limits, print: (text: string) => void) {
  const { isolate, context, inside, found } = await openEffect(source, limits, print);
  const memory = listMemory();
  const enter = context.evalClosureSync(
    'return $0.open($1, new Float64Array($2), $3 && new Uint8ClampedArray($3))',
    [inside.derefInto(), found.derefInto(), shared(memory), shared(source.picture)],
    { result: { reference: true } },
  );
  return { isolate, player: playThrough(isolate, enter, memory) };
}

export const listMemory = () => new SharedArrayBuffer(LIST_LENGTH * Float64Array.BYTES_PER_ELEMENT);

/** For how long an isolate is entered at most. */
const MOST_MS = { setup: SETUP_MS, frame: FRAME_MS, block: BLOCK_MS } as const;

/**
 * The one way into an isolate: a word, what it is about, and how its time is bounded. `graceMs`: it is asked to stop by
 * other means first.
 */
export function entryOf(isolate: ivm.Isolate, inside: ivm.Reference, explain: typeof failureOf, graceMs: number) {
  const enter = inside as ivm.Reference<(what: string, argument: string | number | undefined) => unknown>;
  return (what: string, argument?: string | number, bound: keyof typeof MOST_MS = 'setup'): unknown => {
    try {
      return enter.applySync(undefined, [what, argument], { timeout: MOST_MS[bound] + graceMs });
    } catch (error) {
      throw explain(error, isolate.isDisposed, bound);
    }
  };
}

/** Plays through what `effect/inside.ts` answered, whichever language it was opened for. */
export function playThrough(
  isolate: ivm.Isolate,
  inside: ivm.Reference,
  memory: SharedArrayBuffer,
  explain: typeof failureOf = failureOf,
  graceMs = 0,
): FramePlayer {
  const table = new StringTable();
  const go = entryOf(isolate, inside, explain, graceMs);
  return {
    list: new Float64Array(memory),
    strings: () => table.strings,
    describe: () => readDescription(String(go('describe'))),
    filters: (facts) => JSON.parse(String(go('filters', JSON.stringify(facts)))),
    start: (facts) => void go('start', JSON.stringify(facts)),
    frame(index) {
      const length = Number(go('frame', index, 'frame'));
      table.add(JSON.parse(String(go('strings', undefined, 'frame'))));
      return length;
    },
    dispose: () => {
      if (!isolate.isDisposed) isolate.dispose();
    },
  };
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
  // Asked to write no time in particular, it writes the present one.
  const { DateTimeFormat } = Intl;
  const { get: formatOf } = Object.getOwnPropertyDescriptor(DateTimeFormat.prototype, 'format');
  const { formatToParts } = DateTimeFormat.prototype;
  Object.defineProperty(DateTimeFormat.prototype, 'format', {
    configurable: true,
    get() { const format = formatOf.call(this); return (date) => date === undefined ? noClock() : format(date); },
  });
  DateTimeFormat.prototype.formatToParts = function (date) {
    return date === undefined ? noClock() : formatToParts.call(this, date);
  };
  delete globalThis.WeakRef;
  delete globalThis.FinalizationRegistry;
}`;
