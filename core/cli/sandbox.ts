// `plinth sandbox eval`: runs one file of a stranger's behind the wall and says what came of it.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Outcome, openSandbox } from '@plinth/sandbox/supervisor/supervisor.ts';
import { errors } from './errors.ts';
import type { Result, Typed } from './verb.ts';

/** Whoever sits at the command line runs their own. */
const PARTY = { publisher: 'local', tenant: 'local' };

export async function sandbox({ options, words }: Typed, print: (result: Result) => void): Promise<void> {
  const [action, file, ...more] = words;
  if (action !== 'eval' || file === undefined || more.length > 0)
    throw errors.wrong_usage({ detail: 'Write "sandbox eval FILE".' });
  if (!existsSync(file)) throw errors.file_missing({ detail: `It is ${file}.` });
  const limits = {
    ...numberOption(options, 'memory', 'memoryMb'),
    ...numberOption(options, 'cpu', 'cpuMs'),
    ...numberOption(options, 'wall', 'wallMs'),
  };
  const printed: string[] = [];
  const onPrint = (text: string) => {
    printed.push(text);
    // The answer has standard output to itself when a program reads it.
    (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  await using box = openSandbox({ processes: 1, spares: 0 });
  const source = { file: basename(file), text: readFileSync(file, 'utf8') };
  const outcome = await box.run(PARTY, source, inputOf(options.input), { limits, onPrint });
  print({ ...outcome, printed, wall: box.wall.kind, text: textOf(outcome) });
  if (!outcome.ok) process.exitCode = LIMIT_CODES.includes(outcome.error.code) ? 3 : 1;
}

const LIMIT_CODES: readonly string[] = ['sandbox.time', 'sandbox.cpu', 'sandbox.memory', 'sandbox.value'];

function numberOption(options: Typed['options'], name: string, key: string): Record<string, number> {
  const given = options[name];
  if (given === undefined) return {};
  const value = Number(given);
  if (!Number.isFinite(value) || value <= 0) throw errors.wrong_usage({ detail: `--${name} takes a number above 0.` });
  return { [key]: value };
}

function inputOf(given: string | boolean | undefined): unknown {
  if (given === undefined) return undefined;
  try {
    return JSON.parse(String(given));
  } catch {
    throw errors.wrong_usage({ detail: '--input takes JSON, such as \'{ "name": "Ada" }\'.' });
  }
}

function textOf(outcome: Outcome): string {
  const figures = `${outcome.cpuMs.toFixed(0)} ms of computing, ${outcome.wallMs.toFixed(0)} ms in all`;
  if (outcome.ok) return `${JSON.stringify(outcome.value, undefined, 2)}\n(${figures})`;
  const { file, line, column, message } = outcome.error;
  const place = file === undefined ? '' : `${file}:${line}:${column}: `;
  return `${place}${message}\n(${figures})`;
}
