import type { Database } from '../database/database.ts';

/** For metrics. A rising `oldestMs` means that no node relays, or that a transaction is left open somewhere. */
export interface EventFigures {
  /** Deliveries on their way. */
  readonly waiting: number;
  readonly dead: number;
  /** Events that have not been fanned out. */
  readonly unread: number;
  /** How long the oldest of these has been waiting. */
  readonly oldestMs: number;
}

export function eventFigures(database: Database): Promise<EventFigures> {
  return database.spanning(async (_tx, client) => {
    const { rows } = await client.query<EventFigures>(
      `select (select count(*)::int from kernel.delivery where state = 'waiting') as waiting,
         (select count(*)::int from kernel.delivery where state = 'dead') as dead, count(o.id)::int as unread,
         coalesce(extract(epoch from now() - min(o.created_at)) * 1000, 0)::float8 as "oldestMs"
       from kernel.relay_cursor c left join kernel.outbox o on (o.xid, o.seq) > (c.xid, c.seq)`,
    );
    return rows[0] ?? { waiting: 0, dead: 0, unread: 0, oldestMs: 0 };
  }, 'read');
}
