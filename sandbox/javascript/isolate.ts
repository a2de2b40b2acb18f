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
}

export function openIsolate({ memoryMb, printBytes, callBytes, valueBytes }: Limits, outside: Outside): Opened {
  // A fatal error leaves threads that spin for ever: the process goes, and its supervisor says why.
  const isolate = new ivm.Isolate({ memoryLimit: Math.max(8, memoryMb), onCatastrophicError: () => process.abort() });
  const context = isolate.createContextSync();
  const print = new ivm.Callback((text: unknown) => typeof text === 'string' && outside.print(text), { ignored: true });
  const ask = new ivm.Callback(
    (token: unknown, request: unknown, name: unknown, argument: unknown) => {
      if (typeof token !== 'string' || typeof request !== 'number') return;
      if (typeof name === 'string' && typeof argument === 'string') outside.ask(token, request, name, argument);
    },
    { ignored: true },
  );
  const inside = context.evalClosureSync(BOOTSTRAP, [print, ask, printBytes, callBytes, valueBytes], {
    result: { reference: true },
    filename: 'plinth:bootstrap',
  });
  return { isolate, context, inside };
}

/** Runs a program and answers its value: its default export or its last expression. */
export async function runProgram({ isolate, context }: Opened, { kind, code, file }: Program): Promise<ivm.Reference> {
  if (kind === 'script') {
    const script = await compiled(() => isolate.compileScript(code, { filename: file }));
    return script.run(context, { reference: true, release: true });
  }
  const module = await compiled(() => isolate.compileModule(code, { filename: file }));
  await module.instantiate(context, (specifier) => {
    throw new GuestFailure('syntax', `It imports "${specifier}", which is not there.`);
  });
  await module.evaluate({ promise: true });
  return module.namespace.get('default', { reference: true });
}

async function compiled<T>(compile: () => Promise<T>): Promise<T> {
  try {
    return await compile();
  } catch (error) {
    if (error instanceof SyntaxError) throw new GuestFailure('syntax', error.message, error.stack);
    throw error;
  }
}
