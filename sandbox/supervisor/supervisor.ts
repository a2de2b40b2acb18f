// Runs strangers' programs in children behind the wall, and answers what came of each: its value, or what to do about it.
import { randomUUID } from 'node:crypto';
import { type Compiled, CompileError } from '../javascript/compile.ts';
import { explain, KILL_AFTER_MS, type Limits, limitsOf, PYTHON_START_MS } from '../limits.ts';
import type { Listener } from './child.ts';
import { compile } from './compile.ts';
import { explained, type ProgramError } from './explained.ts';
import type { Answer } from './heard.ts';
import { Pool, type PoolOptions } from './pool.ts';
import { CALL_IS_OVER, type Failure } from './protocol.ts';
import { findWall, type Wall } from './wall.ts';

/** Whose program, and for whom it runs: two of these never share a process. */
export interface Party {
  readonly publisher: string;
  readonly tenant: string;
}

export interface Source {
  readonly file: string;
  readonly text: string;
}

/** What a program may ask of its host, by name. It gets what JSON can say, and must check it. */
export type Grants = Readonly<Record<string, (argument: unknown) => Promise<unknown>>>;

export interface CallOptions {
  readonly grants?: Grants;
  readonly onPrint?: (text: string) => void;
}

export type Outcome =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly cpuMs: number;
      readonly wallMs: number;
      readonly peakMemory: number;
    }
  | {
      readonly ok: false;
      readonly error: ProgramError;
      readonly cpuMs: number;
      readonly wallMs: number;
      readonly peakMemory: number;
    };

export interface Loaded {
  /** Calls the program's default export, or answers its value. */
  call(input?: unknown, options?: CallOptions): Promise<Outcome>;
  forget(): void;
}

export interface Sandbox extends AsyncDisposable {
  readonly wall: Wall;
  /** Keeps a program ready to be called. Loading happens with the first call, and again after a crash. */
  open(party: Party, source: Source, limits?: Partial<Limits>): Loaded;
  /** Runs a program once. */
  run(
    party: Party,
    source: Source,
    input?: unknown,
    options?: CallOptions & { limits?: Partial<Limits> },
  ): Promise<Outcome>;
  close(): Promise<void>;
}

/** @example const { ok } = await openSandbox().run(party, { file: 'hello.js', text: '1 + 1' }); */
export function openSandbox(options: Partial<PoolOptions> = {}): Sandbox {
  const wall = findWall();
  const pool = new Pool({ wall, ...options });
  const open = (party: Party, source: Source, asked?: Partial<Limits>) =>
    new LoadedProgram(pool, party, source, limitsOf(asked));
  return {
    wall,
    open,
    async run(party, source, input, { limits, ...rest } = {}) {
      const program = open(party, source, limits);
      try {
        return await program.call(input, rest);
      } finally {
        program.forget();
      }
    },
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

let guests = 0;

class LoadedProgram implements Loaded {
  readonly #pool: Pool;
  readonly #party: string;
  readonly #source: Source;
  readonly #limits: Limits;
  #compiled: Promise<Compiled> | undefined;
  readonly #guest = ++guests;

  constructor(pool: Pool, { publisher, tenant }: Party, source: Source, limits: Limits) {
    this.#pool = pool;
    this.#party = JSON.stringify([publisher, tenant]);
    this.#source = source;
    this.#limits = limits;
  }

  async call(input?: unknown, options: CallOptions = {}): Promise<Outcome> {
    const began = performance.now();
    this.#compiled ??= this.#compile();
    try {
      const compiled = await this.#compiled;
      const answer = await this.#answer(compiled, input, options);
      return this.#outcome(answer, performance.now() - began, compiled);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      const failed = { code: 'sandbox.syntax', message: error.message, ...error.place } as const;
      return { ok: false, error: failed, cpuMs: 0, wallMs: performance.now() - began, peakMemory: 0 };
    }
  }

  #compile(): Promise<Compiled> {
    const { file, text } = this.#source;
    return compile(file, text);
  }

  forget(): void {
    this.#pool.forget(this.#guest);
  }

  async #answer({ program }: Compiled, input: unknown, options: CallOptions): Promise<Answer> {
    const limits = this.#limits;
    const isPython = program.language === 'python';
    const snapshot = isPython ? await this.#pool.python() : undefined;
    return this.#pool.use({ party: this.#party, guest: this.#guest }, async (child, isLoaded) => {
      const token = randomUUID();
      const listener = listen(token, limits, options);
      const wallMs = limits.wallMs + KILL_AFTER_MS;
      const guest = this.#guest;
      // An interpreter starts before the program's time does.
      const loadMs = wallMs + (isPython ? PYTHON_START_MS : 0);
      const load = { do: 'load', guest, program, limits, snapshot } as const;
      const loaded = isLoaded ? NOTHING : await child.tell(load, loadMs, listener);
      if (loaded.failure) {
        // What has not run to its end has no value to be called.
        this.forget();
        return loaded;
      }
      const text = input === undefined ? undefined : JSON.stringify(input);
      const answer = await child.tell({ do: 'call', guest, call: token, text, limits }, wallMs, listener);
      return {
        ...answer,
        cpuMs: answer.cpuMs + loaded.cpuMs,
        peakMemory: Math.max(answer.peakMemory, loaded.peakMemory),
      };
    });
  }

  #outcome({ text, failure, cpuMs, peakMemory }: Answer, wallMs: number, compiled: Compiled): Outcome {
    const figures = { cpuMs, wallMs, peakMemory };
    if (!failure) {
      const found = parsed(text ?? 'null');
      if (found) return { ok: true, value: found.value, ...figures };
    }
    const error = explained(failure ?? NO_JSON, this.#limits, compiled);
    return { ok: false, error, ...figures };
  }
}

const NO_JSON: Failure = { code: 'threw', message: 'It answered with something else than JSON.' };

/** What a program says is its own, as long as it has its hands on what says it. */
function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Room for the note that there was more. */
const PRINT_NOTE = 200;
const NOTHING: Answer = { cpuMs: 0, peakMemory: 0 };

/** Answers a call's requests: only this call's, only what it was granted, and only so much. */
function listen(token: string, limits: Limits, { grants = {}, onPrint }: CallOptions): Listener {
  let calls = 0;
  let printed = 0;
  return {
    printed(text) {
      // As much as it may while it loads, and again in the call; the isolate itself says when it was too much.
      if (printed <= 2 * limits.printBytes) onPrint?.(text.slice(0, limits.printBytes + PRINT_NOTE));
      printed += text.length;
    },
    async asks(call, name, argument) {
      if (call !== token) return { error: CALL_IS_OVER };
      if (++calls > limits.calls) return { error: explain.calls(limits) };
      if (argument.length > limits.callBytes) return { error: explain.callBytes(limits) };
      const grant = Object.hasOwn(grants, name) ? grants[name] : undefined;
      if (!grant) return { error: `"${name}" was not granted.` };
      try {
        const text = JSON.stringify((await grant(JSON.parse(argument))) ?? null);
        return text.length > limits.callBytes ? { error: explain.callBytes(limits) } : { text };
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
