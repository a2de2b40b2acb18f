import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stepsOf } from './page.ts';
import { Reader } from './reader.ts';

const PAGE = join(import.meta.dirname, '../tutorials/first-effect.md');

test('whoever follows the tutorial of effects sees what it says', { timeout: 600_000 }, async () => {
  await using reader = await Reader.begin();
  const steps = stepsOf(readFileSync(PAGE, 'utf8'));
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(6);
  for (const step of steps) await reader.follow(step);
});
