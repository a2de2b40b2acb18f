// What an effect's inputs are at the command line: given as JSON, where a text like "@said.vtt" stands for a file, and told
// in words.
import { extname } from 'node:path';
import type { Inspected } from '@plinth/sandbox/render/inspect.ts';
import { errors } from './errors.ts';
import { fileText, jsonOption } from './options.ts';
import type { Typed } from './verb.ts';

/** @example plinth effect render captions.ts --data '{ "captions": "@said.vtt", "live.likes": "@likes.json" }' … */
export function dataOption(options: Typed['options']): Record<string, unknown> {
  const given = jsonOption(options, 'data') ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw errors.wrong_usage({ detail: `--data takes a JSON object, such as '{ "captions": "@said.vtt" }'.` });
  return Object.fromEntries(Object.entries(given).map(([input, value]) => [input, meant(input, value)]));
}

function meant(input: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('@')) return value;
  const file = value.slice(1);
  const text = fileText(file);
  if (extname(file) !== '.json') return text;
  try {
    return JSON.parse(text);
  } catch {
    throw errors.wrong_usage({ detail: `What --data gives for "${input}" is in ${file}, which is no JSON.` });
  }
}

/** For people: what an effect asks for, and where it came from in a check. */
export function inputLines({ description, inputs }: Pick<Inspected, 'description' | 'inputs'>): readonly string[] {
  const lines = description.inputs.map((input) => {
    if (inputs.madeUp.includes(input)) return `  ${input}  made up here; a render takes the clip's own, or --data`;
    return `  ${input}  ${inputs.empty.includes(input) ? 'empty: give it with --data' : 'as given'}`;
  });
  return lines.length > 0 ? ['Inputs:', ...lines] : [];
}
