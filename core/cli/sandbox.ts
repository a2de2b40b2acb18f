// `plinth sandbox eval`: runs one file of a stranger's behind the wall and says what came of it.
import { basename } from 'node:path';
import type { Limits } from '@plinth/sandbox/limits.ts';
import { type Outcome, openSandbox } from '@plinth/sandbox/supervisor/supervisor.ts';
import { errors } from './errors.ts';
import { fileText, jsonOption, numberOption } from './options.ts';
import type { Result, Typed } from './verb.ts';

/** Whoever sits at the command line runs their own. */
const PARTY = { publisher: 'local', tenant: 'local' };

export async function sandbox({ options, words }: Typed, print: (result: Result) => void): Promise<void> {
  const [action, file, ...more] = words;
  if (action !== 'eval' || file === undefined || more.length > 0)
    throw errors.wrong_usage({ detail: 'Write "sandbox eval FILE".' });
  const limits = {
    ...limit(options, 'memory', 'memoryMb'),
    ...limit(options, 'cpu', 'cpuMs'),
    ...limit(options, 'wall', 'wallMs'),
  };
  const printed: string[] = [];
  const onPrint = (text: string) => {
    printed.push(text);
    // The answer has standard output to itself when a program reads it.
    (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  await using box = openSandbox({ processes: 1, spares: 0 });
  const source = { file: basename(file), text: fileText(file) };
  const outcome = await box.run(PARTY, source, jsonOption(options, 'input'), { limits, onPrint });
  print({ ...outcome, printed, wall: box.wall.kind, text: textOf(outcome) });
  if (!outcome.ok) process.exitCode = LIMIT_CODES.includes(outcome.error.code) ? 3 : 1;
}

function limit<K extends keyof Limits>(options: Typed['options'], name: string, key: K): { [key in K]?: number } {
  const { [name]: value } = numberOption(options, name);
  if (value === undefined) return {};
  if (value <= 0) throw errors.wrong_usage({ detail: `--${name} takes a number above 0.` });
  return { [key]: value } as { [key in K]?: number };
}

const LIMIT_CODES: readonly string[] = ['sandbox.time', 'sandbox.cpu', 'sandbox.memory', 'sandbox.value'];

function textOf(outcome: Outcome): string {
  const figures = `${outcome.cpuMs.toFixed(0)} ms of computing, ${outcome.wallMs.toFixed(0)} ms in all`;
  if (outcome.ok) return `${JSON.stringify(outcome.value, undefined, 2)}\n(${figures})`;
  const { file, line, column, message } = outcome.error;
  const place = file === undefined ? '' : `${file}:${line}:${column}: `;
  return `${place}${message}\n(${figures})`;
}
