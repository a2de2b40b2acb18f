import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemPart } from '../../core/testing/system-part.ts';
import { missingIn, stepsOf } from './page.ts';
import { Reader } from './reader.ts';

const PAGE = join(import.meta.dirname, '../tutorials/first-plugin.md');

test.skipIf(!systemPart('curl'))(
  'whoever follows the tutorial to the letter sees what it says',
  { timeout: 600_000 },
  async () => {
    await using reader = await Reader.begin();
    const steps = stepsOf(readFileSync(PAGE, 'utf8'));
    expect(steps.filter(({ kind }) => kind === 'file').length).toBeGreaterThan(5);
    expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(8);
    for (const step of steps) await reader.follow(step);
  },
);

describe('a page', () => {
  test('asks for files with a path, and commands with what they print; all else is for reading', () => {
    const page = ['```ts a/b.ts', 'one', '```', '```ts', 'two', '```', '```console', '$ x', 'y', '$ z', '```'].join(
      '\n',
    );
    expect(stepsOf(page)).toEqual([
      { kind: 'file', path: 'a/b.ts', text: 'one\n' },
      { kind: 'command', line: 8, command: 'x', prints: ['y'] },
      { kind: 'command', line: 10, command: 'z', prints: [] },
    ]);
  });

  test('promises lines in their order, where an ellipsis is anything', () => {
    expect(missingIn('{"id":"5","at":1}\nlast', ['{"id":"…",…}', '…', 'last'])).toBeUndefined();
    expect(missingIn('last\nfirst', ['first', 'last'])).toBe('last');
    expect(missingIn('a.c', ['a*c'])).toBe('a*c');
  });
});
