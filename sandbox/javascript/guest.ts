// JavaScript in an isolate of its own, entered in step: our thread waits, and another watches.
import type { Guest, Surroundings } from '../child/guest.ts';
import { GuestFailure } from '../child/guest.ts';
import type { Work } from '../child/watch.ts';
import type { Limits } from '../limits.ts';
import type { FailureCode, Program } from '../supervisor/protocol.ts';
import { failureOf } from './failure.ts';
import { type Opened, openIsolate, runProgram } from './isolate.ts';

export class JavaScriptGuest implements Guest {
  readonly #program: Program;
  readonly #opened: Opened;
  /** When a call last had a timer of the isolate's. */
  #timed = Number.NEGATIVE_INFINITY;
  /** The call that waits: how it goes on, and how it ends when something else than itself ends it. */
  #waiting: { readonly work: Work; take(): void; fail(error: unknown): void } | undefined;

  constructor(program: Program, limits: Limits, { print, ask }: Surroundings) {
    this.#program = program;
    this.#opened = openIsolate(limits, { print, ask, wake: () => this.#woken() });
  }

  load(work: Work): void {
    this.#within(work, (timeout) => {
      const value = runProgram(this.#opened, this.#program, timeout);
      this.#opened.inside.applySync(undefined, ['keep', value.derefInto({ release: true })], { timeout });
    });
  }

  call(work: Work, token: string, input: string | undefined): string | Promise<string> {
    return this.#taken(this.#enter(work, 'call', token, input) ?? this.#enter(work, 'take')) ?? this.#wait(work);
  }

  answer(request: number, value: string | undefined, error: string | undefined): void {
    const waiting = this.#waiting;
    if (!waiting || this.#opened.isolate.isDisposed) return;
    try {
      this.#enter(waiting.work, 'answer', request, value, error);
    } catch (failure) {
      // A promise that failed and that nobody looked at is no failure of the call; all else is.
      if (failure instanceof GuestFailure && failure.failure.code === 'threw') return;
      waiting.fail(failure);
    }
  }

  dispose(): void {
    if (!this.#opened.isolate.isDisposed) this.#opened.isolate.dispose();
  }

  /** A promise that nobody keeps is the wall clock's business. */
  async #wait(work: Work): Promise<string> {
    const end = Promise.withResolvers<string>();
    const take = () => {
      try {
        const text = this.#taken(this.#enter(work, 'take'));
        if (text !== undefined) end.resolve(text);
      } catch (error) {
        end.reject(error);
      }
    };
    this.#waiting = { work, take, fail: end.reject };
    try {
      return await end.promise;
    } finally {
      this.#waiting = undefined;
    }
  }

  /** Said by the isolate itself, which must be left before it can be entered again. */
  #woken(): void {
    if (this.#waiting) setImmediate(() => this.#waiting?.take());
  }

  #taken(said: unknown): string | undefined {
    if (said === undefined) return undefined;
    if (typeof said !== 'string') throw new GuestFailure('threw', 'It answered with something else than it said.');
    if (said === '') throw new GuestFailure('value');
    return said;
  }

  #enter(work: Work, ...words: (string | number | undefined)[]): unknown {
    const enter = (timeout?: number) =>
      this.#opened.inside.applySync(undefined, words, timeout === undefined ? undefined : { timeout });
    const now = performance.now();
    if (now - this.#timed < TIMED_EVERY_MS) return this.#explaining('cpu', enter);
    this.#timed = now;
    return this.#within(work, enter);
  }

  /** V8 stops it when its time is over, and knows where it was. */
  #within<T>(work: Work, run: (timeout: number) => T): T {
    const { ms, bound } = work.left();
    return this.#explaining(bound, () => run(ms));
  }

  #explaining<T>(bound: FailureCode, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw failureOf(error, this.#opened.isolate.isDisposed, bound);
    }
  }
}

/**
 * A timer of an isolate's wakes a thread when its time would have been over, long after what it was for: one for each of
 * many short calls would cost more than they do. Those between are stopped by our own watch, which cannot say where.
 */
const TIMED_EVERY_MS = 20;
