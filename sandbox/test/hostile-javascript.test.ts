import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Outcome, openSandbox } from '../supervisor/supervisor.ts';
import { hostileJavaScript } from './hostile/javascript.ts';

const SECRET = `canary-${crypto.randomUUID()}`;
process.env.PLINTH_CANARY = SECRET;
const canary = join(tmpdir(), `plinth-${process.pid}-canary`);
writeFileSync(canary, SECRET);

const limits = { cpuMs: 300, wallMs: 1_500, memoryMb: 64 };
const sandbox = openSandbox({ processes: 3, spares: 1 });
afterAll(() => sandbox.close());

const stranger = { publisher: 'stranger', tenant: 'a' };
const friend = { publisher: 'friend', tenant: 'b' };
const innocent = sandbox.open(friend, { file: 'friend.js', text: 'export default (n) => n + 1' });

test.each(hostileJavaScript)('$name finds nothing and breaks nothing', async ({ code, value, fails, any }) => {
  const printed: string[] = [];
  const run = (text: string) =>
    sandbox.run(stranger, { file: 'stranger.js', text }, undefined, { limits, onPrint: (line) => printed.push(line) });
  const [outcome, beside] = await Promise.all([run(code), innocent.call(41)]);
  expect(beside).toMatchObject({ ok: true, value: 42 });
  if (any === undefined) expect(verdictOf(outcome)).toEqual(fails ?? value);
  expect(JSON.stringify([outcome, printed])).not.toContain(SECRET);
  expect(process.env.PLINTH_CANARY).toBe(SECRET);
  expect(await run('6 * 7')).toMatchObject({ ok: true, value: 42 });
});

const verdictOf = (outcome: Outcome) => (outcome.ok ? outcome.value : outcome.error.code);
