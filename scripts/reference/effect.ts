// docs/reference/effects.md: what effects are written with, from the types; and what bounds them, from where it is said.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meaning, OFFERED } from '../../sandbox/render/filters.ts';
import { type Declaration, declarationsOf } from './declarations.ts';

/** File by file, as somebody would want to read it. */
const PARTS: Readonly<Record<string, string>> = {
  effect: 'The effect and its params',
  'effect/canvas': 'Drawing',
  'effect/charts': 'Charts',
  'effect/pixels': 'Pixels',
  'effect/inputs': 'Inputs',
  'effect/sound': 'Sound',
};

export function effectReference(root: string): string {
  const all = declarationsOf(root, 'sdk', ['effect.ts', 'effect/*.ts']);
  const missing = [...all.keys()].filter((file) => file.startsWith('effect') && !(file in PARTS));
  if (missing.length > 0) throw new Error(`scripts/reference/effect.ts does not say where ${missing} belongs.`);
  const parts = Object.entries(PARTS).map(
    ([file, heading]) => `## ${heading}\n\n${(all.get(file) ?? []).map(declared).join('\n\n')}`,
  );
  return `${[INTRODUCTION, ...parts, python(root), filters(), limits(root)].join('\n\n')}\n`;
}

const INTRODUCTION = `# Effects

What \`@plinth/sdk/effect\` offers to those who write effects. This page is made from the sources by
\`node scripts/reference.ts --write\`. [Write your first effect](../tutorials/first-effect.md) begins at the beginning.

In Python everything is called the same, with \`snake_case\` names: \`line_width\` for \`lineWidth\`. Styles are named
arguments; \`from plinth import effect\`.`;

function declared({ name, comment, text }: Declaration): string {
  const [words = '', ...examples] = comment.split(/^@example/m).map((each) => each.trim());
  const fence = (code: string) => `\`\`\`ts\n${code}\n\`\`\``;
  const said = [words, ...examples.map((example) => `Example:\n\n${fence(example)}`)];
  return [`### \`${name}\``, ...said, fence(text.replace(/^export (declare )?/, ''))].filter(Boolean).join('\n\n');
}

/** What a program in Python may import, with the first line that each says of itself. */
function python(root: string): string {
  const lib = join(root, 'sandbox/python/lib');
  const offered = readFileSync(join(lib, 'plinth.py'), 'utf8');
  const names = [...offered.matchAll(/^ {4}(\w+),$/gm)].map(([, name = '']) => name);
  const sources = globSync('*.py', { cwd: lib }).map((file) => readFileSync(join(lib, file), 'utf8'));
  const lines = ['main', ...names].map((name) => {
    const found = [offered, ...sources].map((source) => definition(source, name)).find(Boolean);
    return found ?? `- \`${name}\``;
  });
  return `## Python\n\n\`from plinth import …\`:\n\n${[...new Set(lines)].join('\n')}`;
}

function definition(source: string, name: string): string | undefined {
  const [, args, words] = new RegExp(`^def ${name}\\((.*)\\):\\n(?: +"""([^\\n"]*))?`, 'm').exec(source) ?? [];
  if (args === undefined) return undefined;
  return `- \`${name}(${args})\`${words ? `: ${words.trim()}` : ''}`;
}

const NOTHING = { kind: 'word', words: [] } as const;

function filters(): string {
  const rows = Object.entries(OFFERED).map(([name, { options }]) => {
    const alike = Map.groupBy(Object.keys(options), (option) => meaning(options[option] ?? NOTHING));
    const said = [...alike].map(([what, names]) => `${names.map((each) => `\`${each}\``).join(', ')}: ${what}`);
    return `| \`${name}\` | ${said.join('<br>').replaceAll('|', '\\|')} |`;
  });
  return `## Filters\n\nWhat \`filters()\` may answer: FFmpeg's filters of these names, with these options.\n\n| filter | options |\n| --- | --- |\n${rows.join('\n')}`;
}

/** Each number with the words that stand above it. */
function limits(root: string): string {
  const file = join(root, 'sandbox/limits.ts');
  const source = readFileSync(file, 'utf8');
  const defaults = /const DEFAULT_LIMITS: Limits = \{([\s\S]*?)\}/.exec(source)?.[1] ?? '';
  const about = /export interface Limits \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '';
  const perCall = [...about.matchAll(/\/\*\* (.*?) \*\/\n {2}readonly (\w+)/g)].map(([, words = '', name = '']) => {
    const value = new RegExp(`${name}: ([^,]+),`).exec(defaults)?.[1] ?? '';
    return `| \`${name}\` | ${value} | ${words} |`;
  });
  const others = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+) = ([\d_.* ]+);/g)].map(
    ([, words = '', name = '', value = '']) =>
      `| \`${name}\` | ${value.trim()} | ${words.replace(/\s*\*\s/g, ' ').trim()} |`,
  );
  return `## Limits\n\nAll of them stand in \`sandbox/limits.ts\`. What hits one is stopped, and told which.\n\n| limit | value | what it bounds |\n| --- | --- | --- |\n${[...perCall, ...others].join('\n')}`;
}
