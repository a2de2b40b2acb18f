// A program of Python, in an interpreter of its own.
import { join } from 'node:path';
import { type Guest, GuestFailure, type Surroundings } from '../child/guest.ts';
import { Watch } from '../child/watch.ts';
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

export class PythonGuest implements Guest {
  readonly #program: Program;
  readonly #interpreter: Interpreter;
  readonly #watch: Watch;
  readonly #adopted: Promise<void>;
  readonly #onEnd: () => void;
  readonly #answers: (readonly [request: number, value: string | undefined, error: string | undefined])[] = [];
  #wake: () => void = () => {};

  constructor(
    program: Program,
    interpreter: Interpreter,
    limits: Limits,
    surroundings: Surroundings,
    onEnd: () => void = () => {},
  ) {
    this.#program = program;
    this.#onEnd = onEnd;
    this.#interpreter = interpreter;
    this.#watch = new Watch(interpreter.isolate, () => interpreter.interrupt());
    this.#adopted = interpreter.adopt(limits, surroundings);
    this.#adopted.catch(() => {});
  }

  get cpuMs(): number {
    return this.#watch.cpuMs - this.#interpreter.startedWithCpuMs;
  }

  async load(limits: Limits): Promise<void> {
    const { file, code } = this.#program;
    await this.#watch.within(limits, async () => {
      await this.#adopted;
      await this.#drive(await this.#enter('load', file, code));
    });
  }

  call(token: string, input: string | undefined, limits: Limits): Promise<string> {
    return this.#watch.within(limits, async () => {
      this.#answers.length = 0;
      const answer = await this.#drive(await this.#enter('call', token, input));
      if (answer.length > limits.valueBytes) throw new GuestFailure('value');
      return answer;
    });
  }

  answer(request: number, value: string | undefined, error: string | undefined): void {
    this.#answers.push([request, value, error]);
    this.#wake();
  }

  dispose(): void {
    this.#watch.dispose();
    this.#onEnd();
  }

  /** Python waits for nothing: it says that it would, and is entered again when there is reason to. */
  async #drive(first: unknown): Promise<string> {
    for (let said = first; ; said = await this.#enter('turn')) {
      const [kind, rest] = typeof said === 'string' ? [said[0], said.slice(1)] : ['', ''];
      if (kind === 'v') return rest;
      if (kind === 'f') throw failureFrom(rest);
      if (kind !== 'w') throw new GuestFailure('crashed', 'The interpreter answered with something else than it says.');
      await this.#reason(rest === '' ? undefined : Number(rest));
      for (const answer of this.#answers.splice(0)) await this.#enter('answer', ...answer);
    }
  }

  /** The host's answer, or that the time is over. */
  async #reason(ms: number | undefined): Promise<void> {
    if (this.#answers.length > 0 || ms === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      // It is watched while it waits: longer than that makes no difference.
      if (ms !== undefined) timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    });
    clearTimeout(timer);
  }

  async #enter(...[name, ...words]: Parameters<Interpreter['enter']>): Promise<unknown> {
    try {
      return await this.#interpreter.enter(name, ...words);
    } catch (error) {
      if (this.#interpreter.isolate.isDisposed) throw error;
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
