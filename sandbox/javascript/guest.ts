// JavaScript in an isolate of its own.
import { type Guest, GuestFailure, type Surroundings } from '../child/guest.ts';
import { type Limits, MEMORY_SLACK_MB } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';
import { type Opened, openIsolate, runProgram } from './isolate.ts';

const LOOK_EVERY_MS = 5;

export class JavaScriptGuest implements Guest {
  readonly #program: Program;
  readonly #opened: Opened;
  #lastCpuMs = 0;
  #dead: (failure: GuestFailure) => void = () => {};

  constructor(program: Program, limits: Limits, surroundings: Surroundings) {
    this.#program = program;
    this.#opened = openIsolate(limits, surroundings);
  }

  get cpuMs(): number {
    return this.#opened.isolate.isDisposed ? this.#lastCpuMs : this.#readCpuMs();
  }

  #readCpuMs(): number {
    this.#lastCpuMs = Number(this.#opened.isolate.cpuTime) / 1e6;
    return this.#lastCpuMs;
  }

  load(limits: Limits): Promise<void> {
    return this.#within(limits, async () => {
      const value = await runProgram(this.#opened, this.#program);
      await this.#opened.inside.apply(undefined, ['keep', value.derefInto({ release: true })]);
    });
  }

  call(token: string, input: string | undefined, limits: Limits): Promise<string> {
    return this.#within(limits, async () => {
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
    if (!this.#opened.isolate.isDisposed) this.#opened.isolate.dispose();
  }

  /** Runs until it answers, or has computed for too long. A promise that nobody keeps is the wall clock's business. */
  async #within<T>(limits: Limits, run: () => Promise<T>): Promise<T> {
    const before = { cpu: this.#readCpuMs(), rss: process.memoryUsage.rss() };
    const most = (limits.memoryMb + MEMORY_SLACK_MB) * 1024 * 1024;
    const died = new Promise<never>((_, reject) => {
      this.#dead = reject;
    });
    died.catch(() => {});
    const began = performance.now();
    const look = setInterval(() => {
      if (performance.now() - began > limits.wallMs) return this.#end('time');
      if (process.memoryUsage.rss() - before.rss > most) return this.#end('memory');
      if (!this.#opened.isolate.isDisposed && this.#readCpuMs() - before.cpu > limits.cpuMs) this.#end('cpu');
    }, LOOK_EVERY_MS);
    try {
      return await Promise.race([run(), died]);
    } catch (error) {
      throw this.#failureOf(error);
    } finally {
      clearInterval(look);
    }
  }

  #end(code: 'cpu' | 'time' | 'memory'): void {
    this.#dead(new GuestFailure(code));
    this.dispose();
  }

  #failureOf(error: unknown): GuestFailure {
    if (error instanceof GuestFailure) return error;
    if (this.#opened.isolate.isDisposed) return new GuestFailure('memory');
    if (error instanceof Error) return new GuestFailure('threw', `${error.name}: ${error.message}`, error.stack);
    return new GuestFailure('threw', `It threw ${String(error)}`);
  }
}
