// The command line: finds the verb, prints what it answers, and ends with 0 done, 1 the work failed, 2 wrong usage,
// 3 a limit was hit.
import { parseArgs } from 'node:util';
import { Problem } from '@plinth/sdk/problem.ts';
import { errors } from './errors.ts';
import type { Result } from './verb.ts';
import { verbs } from './verbs.ts';

/** Too large, too many, no room left. */
const LIMITS: readonly number[] = [413, 429, 507];

const [name = '', ...args] = process.argv.slice(2);
const json = args.includes('--json');

try {
  await runVerb();
} catch (error) {
  printError(error);
  // Not only the exit code: what failed half way may have left a connection open, which would keep us alive.
  process.exit(exitCodeOf(error));
}

async function runVerb(): Promise<void> {
  if (name === '--help' || name === 'help') return print({ text: help(Object.keys(verbs)), verbs: Object.keys(verbs) });
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!verb) throw errors.wrong_usage({ detail: name === '' ? 'Name a verb.' : `There is no "plinth ${name}".` });
  const options = { ...verb.options, help: { type: 'boolean' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (values.help) return print({ text: help([name]) });
  await verb.run({ options: values as Record<string, string | boolean | undefined>, words: positionals }, print);
}

function print({ text, ...fields }: Result): void {
  process.stdout.write(`${json ? JSON.stringify(fields) : text}\n`);
}

function help(names: string[]): string {
  const lines = names.flatMap((verb) => [
    `  plinth ${verb} ${verbs[verb]?.usage ?? ''}`,
    `      ${verbs[verb]?.summary ?? ''}`,
  ]);
  return ['Usage:', ...lines, 'Every verb takes --help and --json.'].join('\n');
}

function printError(error: unknown): void {
  const { message, fix } = describe(error);
  if (json)
    process.stdout.write(`${JSON.stringify({ error: error instanceof Problem ? error : { title: message, fix } })}\n`);
  else process.stderr.write(`${message}${fix ? `\n${fix}` : ''}\n`);
}

function describe(error: unknown): { message: string; fix: string | undefined } {
  if (error instanceof Problem) return { message: error.message, fix: error.fix };
  const message = error instanceof Error ? error.message : String(error);
  return { message, fix: isUsage(error) ? `See "plinth ${name} --help".` : undefined };
}

function exitCodeOf(error: unknown): 1 | 2 | 3 {
  if (isUsage(error)) return 2;
  return error instanceof Problem && LIMITS.includes(error.status) ? 3 : 1;
}

function isUsage(error: unknown): boolean {
  if (error instanceof Problem) return error.code === 'cli.wrong_usage';
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
