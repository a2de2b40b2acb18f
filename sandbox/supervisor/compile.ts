// A creator's file, made ready to run, by its ending.
import { type Compiled, compileJavaScript } from '../javascript/compile.ts';
import { compilePython } from '../python/compile.ts';

/** @example await compile('effect.py', text) */
export function compile(file: string, text: string): Promise<Compiled> {
  return file.endsWith('.py') ? compilePython(file, text) : compileJavaScript(file, text);
}
