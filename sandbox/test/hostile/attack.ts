// Runs hostile programs where there is something to find and somebody to harm, and looks whether they did.
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Outcome, openSandbox } from '../../supervisor/supervisor.ts';

/** Each says what must come of it, besides that it finds nothing and breaks nothing. */
export interface Hostile {
  readonly name: string;
  readonly code: string;
  /** It is called so many times, with 0, 1 and so on: the last call counts. */
  readonly calls?: number;
  /** An answer that proves the way is closed. */
  readonly value?: unknown;
  /** An error of that code. */
  readonly fails?: string;
  /** Either is well: what matters is that nothing is found and nobody else suffers. */
  readonly any?: true;
}

const SECRET = `canary-${crypto.randomUUID()}`;
process.env.PLINTH_CANARY = SECRET;
const beside = join(import.meta.dirname, `canary-${process.pid}`);
const elsewhere = join(tmpdir(), `plinth-${process.pid}-canary`);
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

/** Those who are at work beside a stranger, in the same language. */
const INNOCENTS = {
  js: { file: 'friend.js', more: 'export default (n) => n + 1', times: 'export default (n) => n * 7' },
  py: { file: 'friend.py', more: 'lambda n: n + 1', times: 'lambda n: n * 7' },
} as const;

/** Answers what attacks in a language: it finds nothing, breaks nothing, and comes to what it must. */
export function attacksIn(language: keyof typeof INNOCENTS): (hostile: Hostile) => Promise<void> {
  const { file, more, times } = INNOCENTS[language];
  const innocent = sandbox.open(friend, { file, text: more });
  const next = sandbox.open(stranger, { file, text: times });
  beforeAll(() => innocent.call(1));
  return async (hostile) => {
    const printed: string[] = [];
    const attack = attacked({ file: `stranger.${language}`, text: hostile.code }, hostile, (line) =>
      printed.push(line),
    );
    const [outcome, meanwhile] = await Promise.all([attack, innocent.call(41)]);
    expect(meanwhile).toMatchObject({ ok: true, value: 42 });
    if (hostile.any === undefined) expect(verdictOf(outcome)).toEqual(hostile.fails ?? hostile.value);
    expect(JSON.stringify([outcome, printed])).not.toContain(SECRET);
    expect(process.env.PLINTH_CANARY).toBe(SECRET);
    if (!outcome.ok) expect(JSON.stringify(outcome).length).toBeLessThan(6_000);
    expect(await next.call(6)).toMatchObject({ ok: true, value: 42 });
  };
}

async function attacked(
  source: { file: string; text: string },
  { any, fails, calls = 1 }: Hostile,
  onPrint: (line: string) => void,
): Promise<Outcome> {
  const limits = any ? SOON : (LIMITS[fails ?? ''] ?? LATER);
  const program = sandbox.open(stranger, source, limits);
  try {
    for (let call = 0; call < calls - 1; call++) await program.call(call, { onPrint });
    return await program.call(calls === 1 ? undefined : calls - 1, { onPrint });
  } finally {
    program.forget();
  }
}

const verdictOf = (outcome: Outcome) => (outcome.ok ? outcome.value : outcome.error.code);
