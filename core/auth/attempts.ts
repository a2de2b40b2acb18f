// Guessing gets slower: failures are counted by what is guessed at and by where the guesses come from.
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { errors } from './errors.ts';
import { sha256 } from './tokens.ts';

/** How many failures cost nothing; from then on each blocks twice as long as the one before. */
const FREE = { account: 5, address: 30, mail: 3 } as const;
const FIRST_BLOCK_S = 30;
const LONGEST_BLOCK_S = 900;
/** After so long without an attempt the count starts anew. */
const FORGOTTEN_AFTER_MS = 86_400_000;

export type AttemptKey = `${keyof typeof FREE}:${string}`;

/**
 * Counts an attempt as failed before it is made, so that a thousand guesses at once are a thousand failures. What
 * succeeds is given back with `forgiveAttempt`. Returns until when one of the keys is blocked, if one is.
 */
export async function countAttempt(
  database: Database,
  tenantId: string,
  keys: readonly AttemptKey[],
  now: Date,
): Promise<Date | undefined> {
  return database.tenant(tenantId, async (_tx, client) => {
    for (const key of keys) {
      const until = await countOne(client, tenantId, key, now);
      if (until) return until;
    }
    return undefined;
  });
}

/** The same, for an attempt that is refused while it is blocked. */
export async function demandAttempt(
  database: Database,
  tenantId: string,
  keys: readonly AttemptKey[],
  now: Date,
): Promise<void> {
  const until = await countAttempt(database, tenantId, keys, now);
  if (until) throw errors.too_many_attempts({ retryAfter: Math.ceil((until.getTime() - now.getTime()) / 1000) });
}

/** Returns until when the key is blocked, if it is. */
async function countOne(
  client: pg.ClientBase,
  tenantId: string,
  key: AttemptKey,
  now: Date,
): Promise<Date | undefined> {
  const { rows } = await client.query<{ failures: number; blocked_until: Date }>(
    `insert into kernel.attempt as a (tenant_id, key, failures, blocked_until, attempted_at) values ($1, $2, 1, $3, $3)
     on conflict (tenant_id, key) do update set
       failures = case when a.blocked_until > $3 then a.failures when a.attempted_at < $4 then 1 else a.failures + 1 end,
       attempted_at = $3
     returning failures, blocked_until`,
    [tenantId, key, now, new Date(now.getTime() - FORGOTTEN_AFTER_MS)],
  );
  const [row] = rows;
  if (row && row.blocked_until > now) return row.blocked_until;
  const over = (row?.failures ?? 0) - freeOf(key);
  if (over < 0) return undefined;
  const seconds = Math.min(LONGEST_BLOCK_S, FIRST_BLOCK_S * 2 ** over);
  await client.query('update kernel.attempt set blocked_until = $3 where tenant_id = $1 and key = $2', [
    tenantId,
    key,
    new Date(now.getTime() + seconds * 1000),
  ]);
  return undefined;
}

/** What was guessed at is forgiven everything; where it came from, only this one attempt. */
export async function forgiveAttempt(
  client: pg.ClientBase,
  tenantId: string,
  keys: readonly AttemptKey[],
  now: Date,
): Promise<void> {
  for (const key of keys) {
    if (!key.startsWith('address:')) {
      await client.query('delete from kernel.attempt where tenant_id = $1 and key = $2', [tenantId, key]);
      continue;
    }
    await client.query(
      `update kernel.attempt set failures = greatest(0, failures - 1),
         blocked_until = case when failures - 1 < $3 then $4 else blocked_until end
       where tenant_id = $1 and key = $2`,
      [tenantId, key, freeOf(key), now],
    );
  }
}

/** Of somebody who may not exist: what a stranger typed is not kept readable. */
export function attemptKey(kind: 'account' | 'mail', email: string): AttemptKey {
  return `${kind}:${sha256(email).toString('base64url')}`;
}

function freeOf(key: AttemptKey): number {
  return FREE[key.slice(0, key.indexOf(':')) as keyof typeof FREE];
}
