// Watches an isolate at work from the thread beside it: over the time it computes, the time it takes and the memory of
// the whole process, which counts what an isolate's own limit does not.
import type ivm from 'isolated-vm';
import { type Limits, MEMORY_SLACK_MB, PYTHON_BASE_MB, STOP_WITHIN_MS } from '../limits.ts';
import { GuestFailure } from './guest.ts';

const LOOK_EVERY_MS = 5;
const MB = 1024 * 1024;

type Bound = 'cpu' | 'time' | 'memory';

/** Interpreters that start in this process: what they take is not the memory of whatever runs meanwhile. */
let starting = 0;

export async function whileStarting<T>(start: () => Promise<T>): Promise<T> {
  starting++;
  try {
    return await start();
  } finally {
    starting--;
  }
}

export class Watch {
  readonly #isolate: ivm.Isolate;
  readonly #interrupt: (() => void) | undefined;
  #lastCpuMs = 0;

  /** `interrupt` asks it to stop by itself, so that it can say where it was. */
  constructor(isolate: ivm.Isolate, interrupt?: () => void) {
    this.#isolate = isolate;
    this.#interrupt = interrupt;
  }

  get cpuMs(): number {
    if (!this.#isolate.isDisposed) this.#lastCpuMs = Number(this.#isolate.cpuTime) / 1e6;
    return this.#lastCpuMs;
  }

  /** Runs until it answers, or has used up what it may. Whatever goes wrong is a `GuestFailure`. */
  async within<T>(limits: Limits, run: () => Promise<T>): Promise<T> {
    const stop = Promise.withResolvers<never>();
    stop.promise.catch(() => {});
    let hit: Bound | undefined;
    let grace: NodeJS.Timeout | undefined;
    const kill = () => {
      stop.reject(new GuestFailure(hit ?? 'time'));
      this.dispose();
    };
    const exceeded = this.#meter(limits);
    const look = setInterval(() => {
      hit ??= exceeded();
      if (hit === undefined || grace !== undefined) return;
      if (hit === 'memory' || !this.#interrupt) return kill();
      this.#interrupt();
      grace = setTimeout(kill, STOP_WITHIN_MS);
    }, LOOK_EVERY_MS);
    try {
      const answer = await Promise.race([run(), stop.promise]);
      if (hit) throw new GuestFailure(hit);
      return answer;
    } catch (error) {
      const { failure } = this.#failureOf(error);
      // Where it was when it stopped by itself, if it did.
      throw hit
        ? new GuestFailure(hit, '', failure.stack)
        : new GuestFailure(failure.code, failure.message, failure.stack);
    } finally {
      clearInterval(look);
      clearTimeout(grace);
    }
  }

  dispose(): void {
    this.#lastCpuMs = this.cpuMs;
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }

  #meter({ wallMs, cpuMs, memoryMb }: Limits): () => Bound | undefined {
    const began = performance.now();
    const cpu = this.cpuMs;
    const rss = process.memoryUsage.rss();
    let most = (memoryMb + MEMORY_SLACK_MB) * MB;
    let allowed = 0;
    return () => {
      if (starting > allowed) {
        most += (starting - allowed) * PYTHON_BASE_MB * MB;
        allowed = starting;
      }
      if (performance.now() - began > wallMs) return 'time';
      if (process.memoryUsage.rss() - rss > most) return 'memory';
      return this.cpuMs - cpu > cpuMs ? 'cpu' : undefined;
    };
  }

  #failureOf(error: unknown): GuestFailure {
    if (error instanceof GuestFailure) return error;
    if (this.#isolate.isDisposed) return new GuestFailure('memory');
    if (error instanceof Error) return new GuestFailure('threw', `${error.name}: ${error.message}`, error.stack);
    return new GuestFailure('threw', `It threw ${String(error)}`);
  }
}
