// Watches strangers' code from a thread beside ours, as ours waits for it in step: over the time it takes, the time it
// computes, and the memory of the whole process, which counts what an isolate's own limit does not.
import { openSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { KILL_AFTER_MS, type Limits, STOP_WITHIN_MS } from '../limits.ts';
import type { FailureCode, Figures } from '../supervisor/protocol.ts';
import { GuestFailure } from './guest.ts';
import { BOUNDS_HIT, type BoundHit, hitIn, type Interrupt, NO_FRAME, SLOTS } from './watch-slots.ts';

const shared = new Int32Array(new SharedArrayBuffer(SLOTS.count * Int32Array.BYTES_PER_ELEMENT));
let thread: Worker | undefined;

/** From here on somebody looks. */
export function startWatch(): void {
  if (thread) return;
  thread = new Worker(new URL('./watch-thread.ts', import.meta.url), { workerData: shared });
  thread.unref();
}

interface Bounds {
  readonly wallMs: number;
  readonly graceMs: number;
  readonly cpuMs?: number;
  readonly memoryMb?: number;
  readonly frame?: number;
}

function enter({ wallMs, graceMs, cpuMs = 0, memoryMb = 0, frame = NO_FRAME }: Bounds, interrupt = 0): void {
  shared[SLOTS.wallMs] = wallMs;
  shared[SLOTS.graceMs] = graceMs;
  shared[SLOTS.cpuMs] = cpuMs;
  shared[SLOTS.memoryMb] = memoryMb;
  shared[SLOTS.interrupt] = interrupt;
  shared[SLOTS.frame] = frame;
  Atomics.add(shared, SLOTS.turn, 1);
  // Waking it costs more than a short call does: while there is work it looks by itself.
  if (Atomics.load(shared, SLOTS.asleep) === 1) Atomics.notify(shared, SLOTS.turn);
}

/** Answers which bound was hit meanwhile. */
function leave(): BoundHit | undefined {
  const turn = Atomics.add(shared, SLOTS.turn, 1);
  const found = Atomics.load(shared, SLOTS.hit);
  return BOUNDS_HIT.find((bound) => bound !== undefined && found === hitIn(turn, bound));
}

export interface FrameBounds {
  /** -1 before the first. */
  readonly frame: number;
  readonly ms: number;
  /** What it means that the time is over. */
  readonly code: FailureCode;
}

/** Runs something that waits in step, for one frame: answers, or throws, as that does. */
export function watchFrame<T>({ frame, ms, code }: FrameBounds, interrupt: number | undefined, run: () => T): T {
  // Its strings come across in a call of their own.
  enter({ wallMs: ms, graceMs: ms + KILL_AFTER_MS, frame }, interrupt);
  try {
    const answer = run();
    leave();
    return answer;
  } catch (error) {
    const hit = leave();
    throw hit && error instanceof GuestFailure && error.failure.code === 'threw'
      ? new GuestFailure(code, '', error.failure.stack)
      : error;
  }
}

/** A program at work within its limits: how it stands, and at the end what it took. */
export class Work {
  readonly #limits: Limits;
  readonly #began = performance.now();
  readonly #cpu = ourCpuMs();
  readonly #base = forgetPeak();

  constructor(limits: Limits, interrupt?: number) {
    this.#limits = limits;
    shared[SLOTS.base] = this.#base;
    enter({ ...limits, graceMs: STOP_WITHIN_MS }, interrupt);
  }

  /** What it may still take at once, and which bound that is. */
  left(): { readonly ms: number; readonly bound: BoundHit } {
    const wall = this.#limits.wallMs - (performance.now() - this.#began);
    const cpu = this.#limits.cpuMs - (ourCpuMs() - this.#cpu);
    return wall < cpu ? { ms: atLeastOne(wall), bound: 'time' } : { ms: atLeastOne(cpu), bound: 'cpu' };
  }

  end(): { readonly hit: BoundHit | undefined } & Figures {
    const hit = leave();
    const peakMemory = Math.max(0, highWater() - this.#base) * 1024;
    return { hit, cpuMs: ourCpuMs() - this.#cpu, peakMemory };
  }
}

const atLeastOne = (ms: number) => Math.max(1, Math.ceil(ms));

/** Makes it known to the watch. */
export function watchedInterrupt(word: Int32Array): number {
  startWatch();
  interrupts += 1;
  thread?.postMessage({ id: interrupts, word } satisfies Interrupt);
  return interrupts;
}

let interrupts = 0;

/** What an interpreter takes that starts is not the memory of whatever runs meanwhile. */
export async function whileStarting<T>(start: () => Promise<T>): Promise<T> {
  Atomics.add(shared, SLOTS.starting, 1);
  try {
    return await start();
  } finally {
    Atomics.sub(shared, SLOTS.starting, 1);
  }
}

/** Of our thread, in which strangers' code runs while we wait. */
function ourCpuMs(): number {
  // Asked for the whole process first, the system brings our own count up to date.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const FORGET = Buffer.from('5');
let peaks: number | undefined;

/** From here on the peak counts anew, where the system lets us; answers where it is. */
function forgetPeak(): number {
  try {
    peaks ??= openSync('/proc/self/clear_refs', 'w');
    if (peaks >= 0) writeSync(peaks, FORGET);
  } catch {
    // Then the peak is that of the process so far.
    peaks = -1;
  }
  return highWater();
}

/** In kilobytes. */
const highWater = () => process.resourceUsage().maxRSS;
