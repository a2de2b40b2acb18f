import type { Log } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { Delivery } from './deliveries.ts';
import { Loop } from './loop.ts';

export interface RelayDeps {
  readonly database: Database;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  /** Takes over deliveries, in the relay's transaction: once that commits, the outbox will not offer them again. */
  readonly send: (client: pg.ClientBase, deliveries: readonly Delivery[]) => Promise<void>;
}

export interface Relayed {
  readonly sent: number;
  /** `held`: events are there that cannot be read in order yet, because an older transaction is still open. */
  readonly left: 'more' | 'held' | 'none';
}

/** An open transaction that holds events back is mostly over at once; one that is not is looked after twice a second. */
const HELD_MOST_MS = 500;
const BATCH = 500;
const ONE_AT_A_TIME = 7_146_503;

/** An event of the outbox, with those who consume it. */
interface Read extends Omit<Delivery, 'consumer' | 'attempt' | 'handled'> {
  readonly xid: string;
  readonly seq: string;
  readonly ready: boolean;
  readonly consumers: string[] | null;
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
    const { rows } = await client.query<Read>({ name: 'read-outbox', text: NEXT });
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

/** Relays in the background, as long as there is something to relay. */
export function relayLoop(deps: RelayDeps & { readonly log: Log; readonly onSent: () => void }): Loop {
  let held = 0;
  return new Loop(
    async () => {
      const { sent, left } = await relayOnce(deps);
      if (sent > 0) deps.onSent();
      held = left === 'held' ? held + 1 : 0;
      if (left === 'held') return Math.min(2 ** held, HELD_MOST_MS);
      return left === 'more' ? 0 : undefined;
    },
    (error) => deps.log.warn('relay-failed', { error: String(error) }),
  );
}

const NEXT = `select o.tenant_id as "tenantId", o.id as "eventId", o.event, o.payload, o.actor, o.request_id as "requestId",
    o.created_at as "emittedAt", o.xid::text, o.seq::text, o.xid < pg_snapshot_xmin(pg_current_snapshot()) as ready, s.consumers
  from kernel.relay_cursor c
  join lateral (select * from kernel.outbox where (xid, seq) > (c.xid, c.seq) order by xid, seq limit ${BATCH}) o on true
  left join (select event, array_agg(consumer) as consumers from kernel.subscription group by event) s on s.event = o.event
  order by o.xid, o.seq`;

async function fanOut(events: readonly Read[], enabled: RelayDeps['enabled']): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const { xid, seq, ready, consumers, ...event } of events) {
    for (const consumer of consumers ?? []) {
      if (!(await enabled(event.tenantId, pluginOf(consumer)))) continue;
      deliveries.push({ ...event, consumer, attempt: 1, handled: false });
    }
  }
  return deliveries;
}

/** SQL: something is in the outbox that has not been read. */
export const UNREAD = `exists (select from kernel.relay_cursor c
  join lateral (select from kernel.outbox where (xid, seq) > (c.xid, c.seq) limit 1) o on true)`;

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
