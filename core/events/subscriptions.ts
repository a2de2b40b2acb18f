import type { Database } from '../database/database.ts';

/**
 * Says who consumes what. The relay goes by this and not by what nodes know for the moment, so that a consumer whose
 * node is away (an upgrade) misses nothing.
 */
export async function writeSubscriptions(
  database: Database,
  handlers: ReadonlyMap<string, { readonly event: string }>,
  now: Date,
): Promise<void> {
  await database.spanning((_tx, client) =>
    client.query(
      `insert into kernel.subscription (consumer, event, seen_at)
       select c, e, $3 from unnest($1::text[], $2::text[]) as s (c, e) order by c
       on conflict (consumer) do update set event = excluded.event, seen_at = excluded.seen_at`,
      [[...handlers.keys()], [...handlers.values()].map(({ event }) => event), now],
    ),
  );
}

/** Forgets consumers, with what waits for them. */
export async function forgetConsumers(database: Database, which: string, values: unknown[]): Promise<void> {
  await database.spanning((_tx, client) =>
    client.query(
      `with gone as (delete from kernel.subscription where ${which} returning consumer)
       delete from kernel.delivery where consumer in (select consumer from gone)`,
      values,
    ),
  );
}
