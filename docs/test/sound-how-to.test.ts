import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { stepsOf } from './page.ts';
import { Reader } from './reader.ts';

const PAGE = join(import.meta.dirname, '../how-to/follow-the-sound.md');

test('the effects of the how-to hear what it says, and sound as it says', { timeout: 600_000 }, async () => {
  await using reader = await Reader.begin();
  for (const step of stepsOf(readFileSync(PAGE, 'utf8'))) await reader.follow(step);
});
