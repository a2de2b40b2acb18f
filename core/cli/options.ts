// What is typed after a verb is text: here it becomes what the verb means by it, or a sentence.
import { existsSync, readFileSync } from 'node:fs';
import { errors } from './errors.ts';
import type { Typed } from './verb.ts';

type Options = Typed['options'];

/** `--cpu 100` as `{ cpu: 100 }`; nothing where it was not typed. */
export function numberOption<N extends string>(options: Options, name: N): { [K in N]?: number } {
  const given = options[name];
  if (given === undefined) return {};
  if (!Number.isFinite(Number(given)) || String(given).trim() === '')
    throw errors.wrong_usage({ detail: `--${name} takes a number.` });
  return { [name]: Number(given) } as { [K in N]?: number };
}

/** JSON as it is typed, or in the file that `@` names. */
export function jsonOption(options: Options, name: string): unknown {
  const given = options[name];
  if (given === undefined) return undefined;
  const text = String(given);
  try {
    return JSON.parse(text.startsWith('@') ? fileText(text.slice(1)) : text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw errors.wrong_usage({ detail: `--${name} takes JSON, such as '{ "size": 40 }', or @FILE with some.` });
  }
}

export function fileText(file: string): string {
  if (!existsSync(file)) throw errors.file_missing({ detail: `It is ${file}.` });
  return readFileSync(file, 'utf8');
}
