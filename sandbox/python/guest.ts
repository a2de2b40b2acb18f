// A program of Python, in an interpreter of its own.
import { join } from 'node:path';
import { type Guest, GuestFailure, type Surroundings } from '../child/guest.ts';
import type { Work } from '../child/watch.ts';
import type { Limits } from '../limits.ts';
import type { FailureCode, Program } from '../supervisor/protocol.ts';
import { unpacked } from './bytes.ts';
import { Interpreter } from './interpreter.ts';

/** Where the snapshots are, as the child sees it: its supervisor says so when it starts it. */
const [, , snapshots = '.'] = process.argv;
let spare: Promise<Interpreter> | undefined;

/** Has an interpreter wait for the program that will come. */
export function warm(snapshot: string): void {
  spare ??= start(join(snapshots, snapshot));
  // Whoever takes it hears of it.
  spare.catch(() => {});
}

const start = async (path: string) => Interpreter.restore(unpacked(path));

export async function openPythonGuest(
  program: Program,
  limits: Limits,
  surroundings: Surroundings,
  snapshot = '',
): Promise<PythonGuest> {
  warm(snapshot);
  const taken = spare;
  spare = undefined;
  const interpreter = await taken;
  if (!interpreter) throw new Error('Python did not start.');
  // Where one program of Python was, there will be another.
  return new PythonGuest(program, interpreter, limits, surroundings, () => warm(snapshot));
}

type Answered = readonly [request: number, value: string | undefined, error: string | undefined];

export class PythonGuest implements Guest {
  readonly interrupt: number;
  readonly #program: Program;
  readonly #interpreter: Interpreter;
  readonly #valueBytes: number;
  readonly #onEnd: () => void;
  readonly #answers: Answered[] = [];
  #wake: () => void = () => {};

  constructor(
    program: Program,
    interpreter: Interpreter,
    limits: Limits,
    surroundings: Surroundings,
    onEnd: () => void = () => {},
  ) {
    this.#program = program;
    this.#valueBytes = limits.valueBytes;
    this.#onEnd = onEnd;
    this.#interpreter = interpreter;
    this.interrupt = interpreter.interrupt;
    interpreter.adopt(limits, surroundings);
  }

  async load(): Promise<void> {
    const { file, code } = this.#program;
    await this.#drive(this.#enter(() => this.#interpreter.enter('load', file, code)));
  }

  call(_: Work, token: string, input: string | undefined): string | Promise<string> {
    this.#answers.length = 0;
    return this.#drive(this.#enter(() => this.#interpreter.call(token, input)));
  }

  answer(...answer: Answered): void {
    this.#answers.push(answer);
    this.#wake();
  }

  dispose(): void {
    if (!this.#interpreter.isolate.isDisposed) this.#interpreter.isolate.dispose();
    this.#onEnd();
  }

  /** Python waits for nothing: it says that it would, and is entered again when there is reason to. */
  #drive(said: unknown): string | Promise<string> {
    const [kind, rest] = typeof said === 'string' ? [said[0], said.slice(1)] : ['', ''];
    if (kind === 'f') throw failureFrom(rest);
    if (kind === 'w') return this.#wait(rest === '' ? undefined : Number(rest));
    if (kind !== 'v') throw new GuestFailure('crashed', 'The interpreter answered with something else than it says.');
    if (rest.length > this.#valueBytes) throw new GuestFailure('value');
    return rest;
  }

  async #wait(ms: number | undefined): Promise<string> {
    await this.#reason(ms);
    for (const answer of this.#answers.splice(0)) this.#enter(() => this.#interpreter.enter('answer', ...answer));
    return this.#drive(this.#enter(() => this.#interpreter.enter('turn')));
  }

  /** The host's answer, or that the time is over. Those who want to go on at once let others be heard as well. */
  async #reason(ms: number | undefined): Promise<void> {
    if (this.#answers.length > 0 || ms === 0) return new Promise((resolve) => setImmediate(resolve));
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      // It is watched while it waits: longer than that makes no difference.
      if (ms !== undefined) timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    });
    clearTimeout(timer);
  }

  #enter(run: () => unknown): unknown {
    try {
      return run();
    } catch (error) {
      if (this.#interpreter.isolate.isDisposed) throw new GuestFailure('memory');
      throw new GuestFailure('crashed', `The interpreter ended: ${error instanceof Error ? error.message : error}`);
    }
  }
}

const CODES: readonly unknown[] = ['syntax', 'threw', 'memory', 'value'] satisfies FailureCode[];

/** What a program says of its own end. */
export function failureFrom(text: string): GuestFailure {
  const { code, message, stack } = JSON.parse(text) as Record<string, unknown>;
  const known = CODES.includes(code) ? (code as FailureCode) : 'threw';
  return new GuestFailure(known, String(message), String(stack));
}
