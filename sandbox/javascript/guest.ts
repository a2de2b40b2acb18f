// JavaScript in an isolate of its own.
import ivm from 'isolated-vm';
import { type Guest, GuestFailure, type Surroundings } from '../child/guest.ts';
import { type Limits, MEMORY_SLACK_MB } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';
import { BOOTSTRAP } from './bootstrap.ts';

const LOOK_EVERY_MS = 5;

export class JavaScriptGuest implements Guest {
  readonly #program: Program;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #surroundings: Surroundings;
  /** The bootstrap's own function; nothing of the program's is ever called by us. */
  readonly #inside: ivm.Reference;
  #dead: (failure: GuestFailure) => void = () => {};

  constructor(program: Program, { memoryMb, printBytes, callBytes, valueBytes }: Limits, surroundings: Surroundings) {
    this.#program = program;
    this.#surroundings = surroundings;
    // A fatal error leaves threads that spin for ever: the process goes, and its supervisor says why.
    this.#isolate = new ivm.Isolate({ memoryLimit: Math.max(8, memoryMb), onCatastrophicError: () => process.abort() });
    this.#context = this.#isolate.createContextSync();
    const print = new ivm.Callback((text: unknown) => this.#print(text), { ignored: true });
    const ask = new ivm.Callback(
      (token: unknown, request: unknown, name: unknown, argument: unknown) => this.#ask(token, request, name, argument),
      { ignored: true },
    );
    this.#inside = this.#context.evalClosureSync(BOOTSTRAP, [print, ask, printBytes, callBytes, valueBytes], {
      result: { reference: true },
      filename: 'plinth:bootstrap',
    });
  }

  get cpuMs(): number {
    return this.#isolate.isDisposed ? this.#lastCpuMs : this.#readCpuMs();
  }

  #lastCpuMs = 0;
  #readCpuMs(): number {
    this.#lastCpuMs = Number(this.#isolate.cpuTime) / 1e6;
    return this.#lastCpuMs;
  }

  load(limits: Limits): Promise<void> {
    return this.#within(limits, async () => {
      const value = await (this.#program.kind === 'module' ? this.#runModule() : this.#runScript());
      await this.#inside.apply(undefined, ['keep', value.derefInto({ release: true })]);
    });
  }

  async #runScript(): Promise<ivm.Reference> {
    const { code, file } = this.#program;
    const script = await this.#compiled(() => this.#isolate.compileScript(code, { filename: file }));
    return script.run(this.#context, { reference: true, release: true });
  }

  async #runModule(): Promise<ivm.Reference> {
    const { code, file } = this.#program;
    const module = await this.#compiled(() => this.#isolate.compileModule(code, { filename: file }));
    await module.instantiate(this.#context, (specifier) => {
      throw new GuestFailure('syntax', `It imports "${specifier}", which is not there.`);
    });
    await module.evaluate({ promise: true });
    return module.namespace.get('default', { reference: true });
  }

  async #compiled<T>(compile: () => Promise<T>): Promise<T> {
    try {
      return await compile();
    } catch (error) {
      if (error instanceof SyntaxError) throw new GuestFailure('syntax', error.message, error.stack);
      throw error;
    }
  }

  call(token: string, input: string | undefined, limits: Limits): Promise<string> {
    return this.#within(limits, async () => {
      const answer: unknown = await this.#inside.apply(undefined, ['call', token, input], {
        result: { promise: true, copy: true },
      });
      if (typeof answer !== 'string') throw new GuestFailure('threw', 'It answered with something else than it said.');
      if (answer === '') throw new GuestFailure('value');
      return answer;
    });
  }

  answer(request: number, value: string | undefined, error: string | undefined): void {
    if (!this.#isolate.isDisposed) this.#inside.applyIgnored(undefined, ['answer', request, value, error]);
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
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
      if (!this.#isolate.isDisposed && this.#readCpuMs() - before.cpu > limits.cpuMs) this.#end('cpu');
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
    if (this.#isolate.isDisposed) return new GuestFailure('memory');
    if (error instanceof Error) return new GuestFailure('threw', `${error.name}: ${error.message}`, error.stack);
    return new GuestFailure('threw', `It threw ${String(error)}`);
  }

  #print(text: unknown): void {
    if (typeof text === 'string') this.#surroundings.print(text);
  }

  #ask(token: unknown, request: unknown, name: unknown, argument: unknown): void {
    if (typeof token !== 'string' || typeof request !== 'number') return;
    if (typeof name === 'string' && typeof argument === 'string')
      this.#surroundings.ask(token, request, name, argument);
  }
}
