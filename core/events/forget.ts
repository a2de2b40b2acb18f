import type { Database } from '../database/database.ts';
import { pluginOf } from './relay.ts';
import { forgetConsumers } from './subscriptions.ts';

const BATCH = 5_000;
const DAY_MS = 86_400_000;

/** Deletes rows of a kernel table, a few at a time: nobody is kept waiting. In `where` the table is `t`. */
export async function forgetRows(database: Database, table: string, where: string, values: unknown[]): Promise<void> {
  const sql = `delete from kernel.${table} where ctid = any (array(
    select ctid from kernel.${table} t where ${where} limit ${BATCH}))`;
  for (let batch: number | null = BATCH; batch === BATCH; ) {
    batch = await database.spanning(async (_tx, client) => (await client.query(sql, values)).rowCount);
  }
}

const KEEP_DAYS = 30;

/**
 * Forgets what is old: handled events, what the inbox remembers of them, dead letters that nobody
 * replayed, and consumers that no node has known for as long. An event that is still on its way to somebody stays, and
 * so does every mark in the inbox that could still keep its effect single.
 */
export async function forgetOld(database: Database, now: Date, here: readonly string[]) {
  const ago = (days: number) => new Date(now.getTime() - days * DAY_MS);
  // What a plugin here has no more goes after a day: enough for its last node to be upgraded, or the upgrade undone.
  await forgetConsumers(
    database,
    `seen_at < $1 or seen_at < $2 and split_part(consumer, '/', 1) = any ($3) and consumer <> all ($4)`,
    [ago(KEEP_DAYS), ago(1), here.map(pluginOf), here],
  );
  await forgetRows(database, 'delivery', "state = 'dead' and due_at < $1", [ago(KEEP_DAYS)]);
  // The database dates these, so they age by its clock.
  const old = (column: string) => `${column} < now() - make_interval(days => $1)`;
  const onItsWay = (id: string) =>
    `exists (select from kernel.delivery d where d.tenant_id = t.tenant_id and d.event_id = t.${id})`;
  const relayed = '(xid, seq) <= (select xid, seq from kernel.relay_cursor)';
  await forgetRows(database, 'outbox', `${old('created_at')} and ${relayed} and not ${onItsWay('id')}`, [KEEP_DAYS]);
  await forgetRows(database, 'inbox', `${old('handled_at')} and not ${onItsWay('event_id')}`, [KEEP_DAYS]);
}
