// Python in an isolate: Pyodide as its makers publish it, posing as V8's shell, started anew or from a memory snapshot.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ivm from 'isolated-vm';
import type { Surroundings } from '../child/guest.ts';
import { watchedInterrupt, whileStarting } from '../child/watch.ts';
import { type Limits, PYTHON_BASE_MB, WASM_PAGES } from '../limits.ts';
import { bytesOf } from './bytes.ts';
import { SHELL } from './shell.ts';

/** Of what is not memory of Python's own. */
const HEAP_MB = PYTHON_BASE_MB;
const RANDOM_BYTES = 65_536;

const GLUE = 'pyodide.asm.js';

/** What starting anew comes to. */
export interface Snapshot {
  /** Python's, with all that was imported. */
  readonly memory: ArrayBuffer;
  /** V8's own, of Pyodide's largest script: our own making, never a program's. */
  readonly code: ArrayBuffer;
}

/** What to do inside, and with what: strings and numbers only. */
export type Word = string | number | undefined;

export class Interpreter {
  readonly isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #inside: ivm.Reference;
  readonly #stop: Int32Array;
  #interrupt: number | undefined;
  #surroundings: Surroundings | undefined;

  /** Starts anew, in some seconds, and answers a snapshot with these modules imported. */
  static async snapshot(modules: readonly string[], texts: readonly (readonly [string, string])[]): Promise<Snapshot> {
    const fresh = await Interpreter.#open();
    const given = ['make', JSON.stringify(modules), JSON.stringify(texts)];
    const memory: unknown = await fresh.#inside.apply(undefined, given, { result: { promise: true, copy: true } });
    if (!(memory instanceof ArrayBuffer)) throw new Error('Python answered no snapshot.');
    const script = await fresh.isolate.compileScript(readFileSync(pathOf(GLUE), 'utf8'), { produceCachedData: true });
    const code = (script as ivm.CachedDataResult).cachedData?.copy() ?? new ArrayBuffer(0);
    return { memory, code };
  }

  /** Goes on from a snapshot, in a fifth of a second. It is a copy: what a program does to it is its own. */
  static restore(snapshot: Snapshot): Promise<Interpreter> {
    return whileStarting(async () => {
      const restored = await Interpreter.#open(snapshot);
      // In a thread of its own: meanwhile others are at work.
      await restored.#inside.apply(undefined, ['restore'], { result: { promise: true } });
      return restored;
    });
  }

  static async #open(snapshot?: Snapshot): Promise<Interpreter> {
    const isolate = new ivm.Isolate({ memoryLimit: HEAP_MB, onCatastrophicError: () => process.abort() });
    const context = await isolate.createContext();
    // What it poses as comes before what looks at it.
    const interpreter = new Interpreter(isolate, context, await pythonModule(), snapshot?.memory);
    for (const name of [GLUE, 'pyodide.js']) {
      const cached = name === GLUE && snapshot ? { cachedData: new ivm.ExternalCopy(snapshot.code) } : {};
      const script = await isolate.compileScript(readFileSync(pathOf(name), 'utf8'), { filename: name, ...cached });
      await script.run(context, { release: true });
    }
    return interpreter;
  }

  private constructor(
    isolate: ivm.Isolate,
    context: ivm.Context,
    module: ivm.ExternalCopy<unknown>,
    snapshot: ArrayBuffer | undefined,
  ) {
    this.isolate = isolate;
    this.#context = context;
    const word = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#stop = new Int32Array(word);
    const { info } = JSON.parse(readFileSync(pathOf('pyodide-lock.json'), 'utf8'));
    const given = [
      module.copyInto(),
      moved(bytesOf(pathOf('python_stdlib.zip'))),
      JSON.stringify({ info, packages: {} }),
      snapshot && moved(snapshot),
      new ivm.Callback((count: unknown) => random(count)),
      new ivm.Callback((text: unknown) => this.#print(text)),
      new ivm.Callback((...said: unknown[]) => this.#ask(said)),
      new ivm.ExternalCopy(word).copyInto({ release: true }),
      WASM_PAGES,
    ];
    this.#inside = context.evalClosureSync(SHELL, given, { result: { reference: true }, filename: 'plinth:shell' });
  }

  /** From here on it is one program's, within its bounds. */
  adopt({ memoryMb, printBytes, valueBytes, callBytes }: Limits, surroundings: Surroundings): void {
    this.#surroundings = surroundings;
    this.#apply('adopt', memoryMb, printBytes, valueBytes, callBytes);
  }

  /** Calls a function of `plinth_guest`, and answers what it says. */
  enter(name: string, ...words: readonly Word[]): unknown {
    return this.#apply('enter', name, ...words);
  }

  /** Calls the program's value, in the name of a call that it will not learn. */
  call(token: string, input: string | undefined): unknown {
    return this.#apply('call', token, input);
  }

  /** The effect that was loaded, opened by the runtime's own code: what answers is as `effect/inside.ts` says. */
  async play(runtime: string, list: SharedArrayBuffer, picture?: SharedArrayBuffer): Promise<ivm.Reference> {
    const inside = await this.#context.eval(runtime, { reference: true, filename: 'plinth:effect' });
    const share = (buffer?: SharedArrayBuffer) => buffer && new ivm.ExternalCopy(buffer).copyInto();
    const given = ['play', inside.derefInto(), share(list), share(picture)];
    return this.#inside.apply(undefined, given, { result: { reference: true } });
  }

  /** The same for what it does to sound. */
  async playSound(runtime: string, samples: SharedArrayBuffer): Promise<ivm.Reference> {
    const inside = await this.#context.eval(runtime, { reference: true, filename: 'plinth:effect' });
    const given = ['playSound', inside.derefInto(), new ivm.ExternalCopy(samples).copyInto()];
    return this.#inside.apply(undefined, given, { result: { reference: true } });
  }

  /** How the watch has it raise a KeyboardInterrupt at its next step. */
  get interrupt(): number {
    this.#interrupt ??= watchedInterrupt(this.#stop);
    return this.#interrupt;
  }

  #apply(...words: Word[]): unknown {
    return this.#inside.applySync(undefined, words);
  }

  #print(text: unknown): void {
    if (typeof text === 'string') this.#surroundings?.print(text);
  }

  #ask([token, request, name, argument]: unknown[]): void {
    if (typeof token !== 'string' || typeof request !== 'number') return;
    if (typeof name === 'string' && typeof argument === 'string')
      this.#surroundings?.ask(token, request, name, argument);
  }
}

const pathOf = (name: string): string => fileURLToPath(import.meta.resolve(`pyodide/${name}`));

let compiled: Promise<ivm.ExternalCopy<unknown>> | undefined;

/** Pyodide's program, compiled once: as long as somebody holds it, so is what has been compiled of it since. */
function pythonModule(): Promise<ivm.ExternalCopy<unknown>> {
  compiled ??= compilePython();
  return compiled;
}

async function compilePython(): Promise<ivm.ExternalCopy<unknown>> {
  const isolate = new ivm.Isolate({ memoryLimit: HEAP_MB });
  const context = await isolate.createContext();
  const given = [moved(bytesOf(pathOf('pyodide.asm.wasm')))];
  const module = await context.evalClosure('return new WebAssembly.Module($0)', given, {
    result: { externalCopy: true },
  });
  isolate.dispose();
  return module as ivm.ExternalCopy<unknown>;
}

const moved = (bytes: ArrayBuffer) =>
  new ivm.ExternalCopy(bytes, { transferOut: true }).copyInto({ release: true, transferIn: true });

function random(count: unknown): string {
  if (typeof count !== 'number' || !(count >= 0)) return '';
  return randomBytes(Math.min(Math.floor(count), RANDOM_BYTES)).toString('base64');
}
