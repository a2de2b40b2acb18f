// What the thread that watches and the one that is watched share, and what the watch says when it ends a process.
import type { FailureCode } from '../supervisor/protocol.ts';

/** Places in the shared memory, each a whole number. */
export const SLOTS = {
  /** How many times a stranger's code was entered and left: odd while we are inside. */
  turn: 0,
  /** When the time is over it is asked to stop; so long after that its process is ended. */
  wallMs: 1,
  graceMs: 2,
  /** 0 where it does not count. */
  cpuMs: 3,
  memoryMb: 4,
  /** How what stops it is known to the watch; 0 where nothing does. */
  interrupt: 5,
  /** The frame that is played, or `NO_FRAME`. */
  frame: 6,
  /** What was hit last and in which turn: see `hitIn`. */
  hit: 7,
  /** Interpreters that start beside it. */
  starting: 8,
  /** The process's peak in kilobytes when we went inside. */
  base: 9,
  /** The watch sleeps until it is woken. */
  asleep: 10,
  count: 11,
} as const;

export const NO_FRAME = -2;
export const BOUNDS_HIT = [undefined, 'time', 'cpu', 'memory'] as const satisfies readonly (FailureCode | undefined)[];
export type BoundHit = NonNullable<(typeof BOUNDS_HIT)[number]>;

/** Bound and turn in one number, so that what was hit in one turn is never taken for the next one's. */
export const hitIn = (turn: number, hit: BoundHit): number => (turn * BOUNDS_HIT.length + BOUNDS_HIT.indexOf(hit)) | 0;

/** What may stop a program from outside, for the watch to know it by its number. */
export interface Interrupt {
  readonly id: number;
  readonly word: Int32Array;
}

/** The last words of a process that was ended over a frame; its number follows, -1 before the first. */
export const LATE_WORDS = 'A frame took too long:';
/** Over a program: what came of it follows, as JSON. */
export const STOPPED_WORDS = 'A program was stopped:';
