// Runs hostile Python where there is something to find and somebody to harm, and looks whether it did.
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Outcome, openSandbox } from '../../supervisor/supervisor.ts';
import type { Hostile } from './javascript.ts';

const SECRET = `canary-${crypto.randomUUID()}`;
process.env.PLINTH_CANARY = SECRET;
const beside = join(import.meta.dirname, `canary-${process.pid}`);
const elsewhere = join(tmpdir(), `plinth-${process.pid}-python-canary`);
for (const canary of [beside, elsewhere]) writeFileSync(canary, SECRET);

/** What must be stopped is stopped soon; what must come to an end of its own is given the time, however busy it is here. */
const SOON = { cpuMs: 300, wallMs: 1_200, memoryMb: 64 };
const LATER = { ...SOON, cpuMs: 5_000, wallMs: 10_000 };
/** It computes until it has used up its time, of which a busy machine gives it little at once. */
const BUSY = { ...SOON, wallMs: 8_000 };
const LIMITS: Record<string, typeof SOON> = { 'sandbox.cpu': BUSY, 'sandbox.time': SOON };
const sandbox = openSandbox({ processes: 3, spares: 1 });
afterAll(async () => {
  await sandbox.close();
  for (const canary of [beside, elsewhere]) rmSync(canary);
});

const stranger = { publisher: 'stranger', tenant: 'a' };
const friend = { publisher: 'friend', tenant: 'b' };
const innocent = sandbox.open(friend, { file: 'friend.py', text: 'lambda n: n + 1' });
const next = sandbox.open(stranger, { file: 'next.py', text: 'lambda n: n * 7' });
beforeAll(() => innocent.call(1));

/** It finds nothing, breaks nothing, and comes to what it must. */
export async function attack({ code, value, fails, any }: Hostile): Promise<void> {
  const printed: string[] = [];
  const limits = any ? SOON : (LIMITS[fails ?? ''] ?? LATER);
  const options = { limits, onPrint: (line: string) => printed.push(line) };
  const run = sandbox.run(stranger, { file: 'stranger.py', text: code }, undefined, options);
  const [outcome, meanwhile] = await Promise.all([run, innocent.call(41)]);
  expect(meanwhile).toMatchObject({ ok: true, value: 42 });
  if (any === undefined) expect(verdictOf(outcome)).toEqual(fails ?? value);
  expect(JSON.stringify([outcome, printed])).not.toContain(SECRET);
  expect(JSON.stringify(outcome).length).toBeLessThan(6_000);
  expect(await next.call(6)).toMatchObject({ ok: true, value: 42 });
}

const verdictOf = (outcome: Outcome) => (outcome.ok ? outcome.value : outcome.error.code);
