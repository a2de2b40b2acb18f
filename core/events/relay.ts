import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { InHand } from './deliveries.ts';

export interface RelayDeps {
  readonly database: Database;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  /** Takes over deliveries, in the relay's transaction: once that commits, the outbox will not offer them again. */
  readonly send: (client: pg.ClientBase, deliveries: readonly InHand[]) => Promise<void>;
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
  payload: unknown;
  actor: InHand['actor'];
  request_id: string;
  created_at: Date;
  xid: string;
  seq: string;
  ready: boolean;
  consumers: string[] | null;
}

/**
 * Reads the next events of the outbox in commit order and sends each to every consumer whose plugin is switched on in
 * its tenant. Reading by (xid, seq) up to the oldest open transaction is what makes it lossless: by seq alone, an event
 * that commits after its successors would be stepped over. One node does this at a time. Losing this commit in a crash
 * loses the cursor with it, and it is done again.
 */
export function relayOnce({ database, enabled, send }: RelayDeps): Promise<Relayed> {
  return database.spanning(async (_tx, client) => {
    // Not a row lock: that would give us a transaction number, and hold back every event with a higher one.
    await client.query(`select pg_advisory_xact_lock(${ONE_AT_A_TIME})`);
    const { rows } = await client.query<Row>({ name: 'read-outbox', text: NEXT });
    const ready = rows.filter((row) => row.ready);
    const last = ready.at(-1);
    if (!last) return { sent: 0, left: rows.length > 0 ? 'held' : 'none' };
    const deliveries = await fanOut(ready, enabled);
    if (deliveries.length > 0) await send(client, deliveries);
    await client.query('update kernel.relay_cursor set xid = $1::text::xid8, seq = $2', [last.xid, last.seq]);
    return {
      sent: deliveries.length,
      left: ready.length === BATCH ? 'more' : ready.length < rows.length ? 'held' : 'none',
    };
  }, 'quick');
}

const NEXT = `select o.tenant_id, o.id, o.event, o.payload, o.actor, o.request_id, o.created_at, o.xid::text, o.seq::text,
    o.xid < pg_snapshot_xmin(pg_current_snapshot()) as ready, s.consumers
  from kernel.relay_cursor c
  join lateral (select * from kernel.outbox where (xid, seq) > (c.xid, c.seq) order by xid, seq limit ${BATCH}) o on true
  left join (select event, array_agg(consumer) as consumers from kernel.subscription group by event) s on s.event = o.event
  order by o.xid, o.seq`;

async function fanOut(events: readonly Row[], enabled: RelayDeps['enabled']): Promise<InHand[]> {
  const deliveries: InHand[] = [];
  for (const { tenant_id: tenantId, id: eventId, event, payload, actor, request_id: requestId, ...row } of events) {
    const fact = { tenantId, eventId, event, payload, actor, requestId, emittedAt: row.created_at };
    for (const consumer of row.consumers ?? []) {
      if (!(await enabled(tenantId, pluginOf(consumer)))) continue;
      deliveries.push({ ...fact, consumer, attempt: 1, handled: false });
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
