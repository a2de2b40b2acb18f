// JavaScript in an isolate of its own.
import { type Guest, GuestFailure, type Surroundings } from '../child/guest.ts';
import { Watch } from '../child/watch.ts';
import type { Limits } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';
import { type Opened, openIsolate, runProgram } from './isolate.ts';

export class JavaScriptGuest implements Guest {
  readonly #program: Program;
  readonly #opened: Opened;
  readonly #watch: Watch;

  constructor(program: Program, limits: Limits, surroundings: Surroundings) {
    this.#program = program;
    this.#opened = openIsolate(limits, surroundings);
    this.#watch = new Watch(this.#opened.isolate);
  }

  get cpuMs(): number {
    return this.#watch.cpuMs;
  }

  load(limits: Limits): Promise<void> {
    return this.#watch.within(limits, async () => {
      const value = await runProgram(this.#opened, this.#program);
      await this.#opened.inside.apply(undefined, ['keep', value.derefInto({ release: true })]);
    });
  }

  /** A promise that nobody keeps is the wall clock's business. */
  call(token: string, input: string | undefined, limits: Limits): Promise<string> {
    return this.#watch.within(limits, async () => {
      const answer: unknown = await this.#opened.inside.apply(undefined, ['call', token, input], {
        result: { promise: true, copy: true },
      });
      if (typeof answer !== 'string') throw new GuestFailure('threw', 'It answered with something else than it said.');
      if (answer === '') throw new GuestFailure('value');
      return answer;
    });
  }

  answer(request: number, value: string | undefined, error: string | undefined): void {
    if (!this.#opened.isolate.isDisposed)
      this.#opened.inside.applyIgnored(undefined, ['answer', request, value, error]);
  }

  dispose(): void {
    this.#watch.dispose();
  }
}
