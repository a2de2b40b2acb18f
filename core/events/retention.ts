import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import type { Subscriptions } from './subscriptions.ts';

const BATCH = 5_000;
const HOUR_MS = 3_600_000;

export interface RetentionDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepDays: number;
  readonly subscriptions: Subscriptions;
}

/** To be called every second: once an hour it says which consumers are alive, and forgets what is old. */
export function retention({ database, clock, log, keepDays, subscriptions }: RetentionDeps): () => void {
  let last = 0;
  const forget = async (now: Date) => {
    await subscriptions.write(now);
    await subscriptions.forgetDropped(now);
    await forgetBefore(database, new Date(now.getTime() - keepDays * 24 * HOUR_MS), keepDays);
  };
  return () => {
    const now = clock.now();
    if (Math.abs(now.getTime() - last) < HOUR_MS) return;
    last = now.getTime();
    forget(now).catch((error: unknown) => log.warn('events-not-forgotten', { error: String(error) }));
  };
}

/**
 * Forgets what is older than the cutoff: handled events, what the inbox remembers of them, dead letters that nobody
 * replayed, and consumers that no node has known for as long, with what waits for them. An event that is still on its
 * way to somebody stays, and so does every mark in the inbox that could still keep its effect single.
 */
async function forgetBefore(database: Database, cutoff: Date, keepDays: number): Promise<void> {
  for (const sql of BY_OUR_CLOCK) await deleteAll(database, sql, cutoff);
  for (const sql of BY_ITS_CLOCK) await deleteAll(database, sql, keepDays);
}

async function deleteAll(database: Database, sql: string, before: unknown): Promise<void> {
  for (let batch = BATCH; batch === BATCH; ) {
    batch = await database.spanning(async (_tx, client) => (await client.query(sql, [before])).rowCount ?? 0);
  }
}

const KEPT_SINCE = 'now() - make_interval(days => $1)';
const pending = (tenant: string, event: string) =>
  `exists (select from kernel.delivery d where d.tenant_id = ${tenant} and d.event_id = ${event})`;
const some = (table: string, where: string) =>
  `delete from kernel.${table} where ctid = any (array(select ctid from kernel.${table} t where ${where} limit ${BATCH}))`;

const BY_OUR_CLOCK = [
  some('delivery', "t.state = 'dead' and t.due_at < $1"),
  some('delivery', 't.consumer in (select consumer from kernel.subscription where seen_at < $1)'),
  some('subscription', 't.seen_at < $1'),
];
/** The database dates these, so they age by its clock. */
const BY_ITS_CLOCK = [
  some(
    'outbox',
    `t.created_at < ${KEPT_SINCE} and (t.xid, t.seq) <= (select xid, seq from kernel.relay_cursor) and not ${pending('t.tenant_id', 't.id')}`,
  ),
  some('inbox', `t.handled_at < ${KEPT_SINCE} and not ${pending('t.tenant_id', 't.event_id')}`),
];
