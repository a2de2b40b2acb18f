import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';

const BATCH = 5_000;
const HOUR_MS = 3_600_000;

export interface RetentionDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepDays: number;
}

/** To be called every second: forgets what is old, once an hour. Answers whether it is that time. */
export function retention({ database, clock, log, keepDays }: RetentionDeps): () => boolean {
  let last = 0;
  return () => {
    const now = clock.now().getTime();
    if (Math.abs(now - last) < HOUR_MS) return false;
    last = now;
    forgetBefore(database, new Date(now - keepDays * 24 * HOUR_MS)).catch((error: unknown) =>
      log.warn('events-not-forgotten', { error: String(error) }),
    );
    return true;
  };
}

/**
 * Forgets what is older than the cutoff: handled events, what the inbox remembers of them, dead letters that nobody
 * replayed, and consumers that no node has known for as long, with what waits for them. An event that is still on its
 * way to somebody stays, and so does every mark in the inbox that could still keep its effect single.
 */
async function forgetBefore(database: Database, cutoff: Date): Promise<number> {
  let forgotten = 0;
  for (const sql of STATEMENTS) {
    for (let batch = BATCH; batch === BATCH; forgotten += batch) {
      batch = await database.spanning(async (_tx, client) => (await client.query(sql, [cutoff])).rowCount ?? 0);
    }
  }
  return forgotten;
}

const pending = (tenant: string, event: string) =>
  `exists (select from kernel.delivery d where d.tenant_id = ${tenant} and d.event_id = ${event})`;
const some = (table: string, where: string) =>
  `delete from kernel.${table} where ctid = any (array(select ctid from kernel.${table} t where ${where} limit ${BATCH}))`;

const STATEMENTS = [
  some('delivery', "t.state = 'dead' and t.due_at < $1"),
  some('delivery', 't.consumer in (select consumer from kernel.subscription where seen_at < $1)'),
  some('subscription', 't.seen_at < $1'),
  some(
    'outbox',
    `t.created_at < $1 and (t.xid, t.seq) <= (select xid, seq from kernel.relay_cursor) and not ${pending('t.tenant_id', 't.id')}`,
  ),
  some('inbox', `t.handled_at < $1 and not ${pending('t.tenant_id', 't.event_id')}`),
];
