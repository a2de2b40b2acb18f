import type { Database } from '../database/database.ts';

/**
 * Who consumes what, on this node and in the database. The relay goes by the database, so a consumer that no node knows
 * for the moment (an upgrade) misses nothing; retention takes out those that stay away.
 */
export class Subscriptions {
  readonly #database: Database;
  /** Consumer → event. */
  readonly #here = new Map<string, string>();

  constructor(database: Database) {
    this.#database = database;
  }

  add(consumer: string, event: string): void {
    this.#here.set(consumer, event);
  }

  remove(plugin: string): void {
    for (const consumer of this.#here.keys()) if (consumer.startsWith(`${plugin}/`)) this.#here.delete(consumer);
  }

  async write(now: Date): Promise<void> {
    const rows = [...this.#here].sort();
    await this.#database.spanning((_tx, client) =>
      client.query(
        `insert into kernel.subscription (consumer, event, seen_at) select c, e, $3 from unnest($1::text[], $2::text[]) as s (c, e)
         on conflict (consumer) do update set event = excluded.event, seen_at = excluded.seen_at`,
        [rows.map(([consumer]) => consumer), rows.map(([, event]) => event), now],
      ),
    );
  }

  async forget(plugin: string): Promise<void> {
    this.remove(plugin);
    await this.#database.spanning(async (_tx, client) => {
      await client.query('delete from kernel.subscription where starts_with(consumer, $1)', [`${plugin}/`]);
      await client.query('delete from kernel.delivery where starts_with(consumer, $1)', [`${plugin}/`]);
    });
  }
}
