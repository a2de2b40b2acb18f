// The compiler is one process for everybody, and a source can be nested so deeply that it ends. Whoever was compiled
// beside that one is compiled again, one after the other, so that only the one that it was is told.
import { stop } from 'esbuild';

/** A source that the compiler did not survive. */
export class CompilerEnded extends Error {}

let queued = 0;
let last: Promise<unknown> = Promise.resolve();

/** Runs something that asks the compiler. */
export async function compiling<T>(run: () => Promise<T>): Promise<T> {
  if (queued > 0) return alone(run);
  try {
    return await run();
  } catch (error) {
    if (!hasEnded(error)) throw error;
    return alone(run);
  }
}

async function alone<T>(run: () => Promise<T>): Promise<T> {
  queued++;
  const mine = last.then(() => inNewOne(run));
  last = mine.catch(() => {}).finally(() => queued--);
  return mine;
}

async function inNewOne<T>(run: () => Promise<T>): Promise<T> {
  await stop();
  try {
    return await run();
  } catch (error) {
    if (!hasEnded(error)) throw error;
    await stop();
    throw new CompilerEnded();
  }
}

/** Errors of a source come as a list; these are the compiler's own. */
const hasEnded = (error: unknown): boolean => !Array.isArray((error as { errors?: unknown }).errors);
