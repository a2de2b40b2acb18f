// An isolate with our bootstrap in it: what every program of JavaScript starts from.
import ivm from 'isolated-vm';
import { GuestFailure } from '../child/guest.ts';
import type { Limits } from '../limits.ts';
import type { Program } from '../supervisor/protocol.ts';
import { BOOTSTRAP } from './bootstrap.ts';

export interface Opened {
  readonly isolate: ivm.Isolate;
  readonly context: ivm.Context;
  /** The bootstrap's own function; nothing of the program's is ever called by us. */
  readonly inside: ivm.Reference;
}

export interface Outside {
  print(text: string): void;
  ask(token: string, request: number, name: string, argument: string): void;
  /** A call that had to be waited for has come to its end. */
  wake(): void;
}

interface Prepared extends Opened {
  readonly memoryMb: number;
  /** Whose it is from now on. */
  belongTo(outside: Outside): void;
}

let prepared: Prepared | undefined;

/** Makes an isolate for the program that will come, and which nobody has used. */
export function prepareIsolate(memoryMb: number): void {
  prepared ??= prepare(memoryMb);
}

export const isPrepared = (): boolean => prepared !== undefined;

export function openIsolate({ memoryMb, printBytes, callBytes, valueBytes }: Limits, outside: Outside): Opened {
  const found = prepared?.memoryMb === memoryMb ? prepared : prepare(memoryMb);
  if (found !== prepared) prepared?.isolate.dispose();
  prepared = undefined;
  found.belongTo(outside);
  found.inside.applySync(undefined, ['bound', printBytes, callBytes, valueBytes]);
  return found;
}

function prepare(memoryMb: number): Prepared {
  let outside: Outside | undefined;
  // A fatal error leaves threads that spin for ever: the process goes, and its supervisor says why.
  const isolate = new ivm.Isolate({ memoryLimit: Math.max(8, memoryMb), onCatastrophicError: () => process.abort() });
  const context = isolate.createContextSync();
  // They answer nothing, and nothing that goes wrong in them goes in. In step, so that what was printed is out first.
  const print = new ivm.Callback((text: unknown) => {
    if (typeof text === 'string') outside?.print(text);
  });
  const ask = new ivm.Callback((token: unknown, request: unknown, name: unknown, argument: unknown) => {
    if (typeof token !== 'string' || typeof request !== 'number') return;
    if (typeof name === 'string' && typeof argument === 'string') outside?.ask(token, request, name, argument);
  });
  const wake = new ivm.Callback(() => void outside?.wake());
  const inside = context.evalClosureSync(BOOTSTRAP, [print, ask, wake], {
    result: { reference: true },
    filename: 'plinth:bootstrap',
  });
  const belongTo = (one: Outside) => {
    outside = one;
  };
  return { isolate, context, inside, memoryMb, belongTo };
}

/** Runs a program and answers its value: its default export or its last expression. It is stopped after `timeout` ms. */
export function runProgram(
  { isolate, context }: Opened,
  { kind, code, file }: Program,
  timeout: number,
): ivm.Reference {
  if (kind === 'script') {
    const script = compiled(() => isolate.compileScriptSync(code, { filename: file }));
    return script.runSync(context, { reference: true, release: true, timeout });
  }
  const module = compiled(() => isolate.compileModuleSync(code, { filename: file }));
  module.instantiateSync(context, (specifier) => {
    throw new GuestFailure('syntax', `It imports "${specifier}", which is not there.`);
  });
  module.evaluateSync({ timeout });
  return module.namespace.getSync('default', { reference: true });
}

function compiled<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof SyntaxError) throw new GuestFailure('syntax', error.message, error.stack);
    throw error;
  }
}
