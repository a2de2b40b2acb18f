import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stepsOf } from './page.ts';
import { Reader } from './reader.ts';

const PAGE = join(import.meta.dirname, '../how-to/draw-charts-and-pictures.md');

test('the effects of the how-to on drawing draw as it says', { timeout: 600_000 }, async () => {
  await using reader = await Reader.begin();
  const steps = stepsOf(readFileSync(PAGE, 'utf8'));
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(7);
  for (const step of steps) await reader.follow(step);
});
