import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { stepsOf } from './page.ts';
import { Reader } from './reader.ts';

const PAGE = join(import.meta.dirname, '../how-to/transcode-and-analyse.md');

test('the plugin that transcodes compiles, and does what its page says', { timeout: 600_000 }, async () => {
  await using reader = await Reader.begin();
  for (const step of stepsOf(readFileSync(PAGE, 'utf8'))) await reader.follow(step);
  await reader.follow({ kind: 'command', line: 0, command: '! npx tsc --noEmit | grep ^plugins/', prints: [] });
});
