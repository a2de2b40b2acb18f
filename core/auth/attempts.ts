// Guessing gets slower: failures are counted by what is guessed at and by where the guesses come from.
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';
import { sha256 } from './tokens.ts';

/** How many failures cost nothing; from then on each blocks twice as long as the one before. */
const FREE = { account: 5, address: 30, mail: 3 } as const;
const FIRST_BLOCK_S = 30;
const LONGEST_BLOCK_S = 900;
/** After so long without an attempt the count starts anew. */
const FORGOTTEN_AFTER_MS = 86_400_000;

export interface AttemptKey {
  readonly kind: keyof typeof FREE;
  readonly key: string;
}

/** By e-mail the key is a hash: of somebody who may not exist, what a stranger typed is not kept readable. */
export function attemptKey(kind: AttemptKey['kind'], value: string): AttemptKey {
  return { kind, key: `${kind}:${kind === 'address' ? value : sha256(value).toString('base64url')}` };
}

/**
 * Counts an attempt as failed before it is made, so that a thousand guesses at once are a thousand failures. What
 * succeeds is given back with `forgiveAttempt`. Returns until when it is blocked, if it is.
 */
export async function countAttempt(desk: Desk, { kind, key }: AttemptKey): Promise<string | undefined> {
  const row = await desk.one<{ failures: number; blockedUntil: string }>(
    `insert into kernel.attempt as a (tenant_id, key, failures, blocked_until, attempted_at) values ($1, $2, 1, $3, $3)
     on conflict (tenant_id, key) do update set attempted_at = $3,
       failures = case when a.blocked_until > $3 then a.failures when a.attempted_at < $4 then 1 else a.failures + 1 end
     returning failures, blocked_until`,
    ...[key, desk.now, desk.in(-FORGOTTEN_AFTER_MS)],
  );
  if (row && row.blockedUntil > desk.now.toISOString()) return row.blockedUntil;
  const over = (row?.failures ?? 0) - FREE[kind];
  if (over < 0) return undefined;
  const until = desk.in(Math.min(LONGEST_BLOCK_S, FIRST_BLOCK_S * 2 ** over) * 1000);
  await desk.run('update kernel.attempt set blocked_until = $3 where tenant_id = $1 and key = $2', key, until);
  return undefined;
}

/** The same in a transaction of its own, for an attempt that is refused while one of its keys is blocked. */
export async function demandAttempt(parts: Parts, asker: Asker, keys: readonly AttemptKey[]): Promise<void> {
  const wait = await atDesk(parts, asker, async (desk) => {
    for (const key of keys) {
      const until = await countAttempt(desk, key);
      if (until !== undefined) return Math.ceil((Date.parse(until) - desk.now.getTime()) / 1000);
    }
    return 0;
  });
  if (wait > 0) throw errors.too_many_attempts({ retryAfter: wait });
}

/** What was guessed at is forgiven everything; where it came from, only this one attempt. */
export async function forgiveAttempt(desk: Desk, keys: readonly AttemptKey[]): Promise<void> {
  for (const { kind, key } of keys) {
    if (kind !== 'address') await desk.run('delete from kernel.attempt where tenant_id = $1 and key = $2', key);
    else {
      await desk.run(
        `update kernel.attempt set failures = greatest(0, failures - 1),
           blocked_until = case when failures - 1 < $3 then $4 else blocked_until end where tenant_id = $1 and key = $2`,
        ...[key, FREE.address, desk.now],
      );
    }
  }
}
