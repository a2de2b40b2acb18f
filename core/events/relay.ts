import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { Handled } from './inbox.ts';

export interface RelayDeps {
  readonly database: Database;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  /** Takes over deliveries, in the relay's transaction: once that commits, the outbox will not offer them again. */
  readonly send: (client: pg.ClientBase, deliveries: readonly Handled[]) => Promise<void>;
}

export interface Relayed {
  readonly sent: number;
  /** `held`: events are there that cannot be read in order yet, because an older transaction is still open. */
  readonly left: 'more' | 'held' | 'none';
}

const BATCH = 500;
const ONE_AT_A_TIME = 7_146_503;

interface Row {
  tenant_id: string;
  id: string;
  event: string;
  xid: string;
  seq: string;
  ready: boolean;
}

/**
 * Reads the next events of the outbox in commit order and sends each to every consumer whose plugin is switched on in
 * its tenant. Reading by (xid, seq) up to the oldest open transaction is what makes it lossless: by seq alone, an event
 * that commits after its successors would be stepped over. One node does this at a time.
 */
export function relayOnce({ database, enabled, send }: RelayDeps): Promise<Relayed> {
  return database.spanning(async (_tx, client) => {
    // Losing this commit in a crash loses the cursor with it: it is done again, so nothing waits for the disk. Not a row
    // lock: that would give us a transaction number, and hold back every event with a higher one.
    await client.query(`set local synchronous_commit = off; select pg_advisory_xact_lock(${ONE_AT_A_TIME})`);
    const cursor = await client.query<{ xid: string; seq: string }>(
      'select xid::text, seq::text from kernel.relay_cursor',
    );
    const { rows } = await client.query<Row>(
      `select tenant_id, id, event, xid::text, seq::text, xid < pg_snapshot_xmin(pg_current_snapshot()) as ready
       from kernel.outbox where (xid, seq) > ($1::text::xid8, $2::bigint) order by xid, seq limit ${BATCH}`,
      [cursor.rows[0]?.xid, cursor.rows[0]?.seq],
    );
    const ready = rows.filter((row) => row.ready);
    const last = ready.at(-1);
    if (!last) return { sent: 0, left: rows.length > 0 ? 'held' : 'none' };
    const deliveries = await fanOut(client, ready, enabled);
    if (deliveries.length > 0) await send(client, deliveries);
    await client.query('update kernel.relay_cursor set xid = $1::text::xid8, seq = $2', [last.xid, last.seq]);
    return {
      sent: deliveries.length,
      left: ready.length === BATCH ? 'more' : ready.length < rows.length ? 'held' : 'none',
    };
  });
}

async function fanOut(
  client: pg.ClientBase,
  events: readonly Row[],
  enabled: RelayDeps['enabled'],
): Promise<Handled[]> {
  const consumers = new Map<string, string[]>();
  const { rows } = await client.query<{ event: string; consumers: string[] }>(
    'select event, array_agg(consumer order by consumer) as consumers from kernel.subscription group by event',
  );
  for (const row of rows) consumers.set(row.event, row.consumers);
  const deliveries: Handled[] = [];
  for (const { tenant_id: tenantId, id: eventId, event } of events) {
    for (const consumer of consumers.get(event) ?? []) {
      if (await enabled(tenantId, pluginOf(consumer))) deliveries.push({ tenantId, eventId, consumer });
    }
  }
  return deliveries;
}

export const pluginOf = (consumer: string): string => consumer.slice(0, consumer.indexOf('/'));

/**
 * After rows came into another cluster (restore, logical copy), transaction numbers mean nothing any more: old events
 * could lie in its future. Puts what was relayed at the very beginning and the rest right behind it. Nothing else may
 * be connected meanwhile.
 */
export async function renumberOutbox(client: pg.ClientBase): Promise<void> {
  await client.query(`update kernel.outbox o set xid = case when (o.xid, o.seq) <= (c.xid, c.seq) then '1'::xid8 else '2'::xid8 end
    from kernel.relay_cursor c; update kernel.relay_cursor set xid = '2', seq = 0`);
}
