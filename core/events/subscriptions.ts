import type { Database } from '../database/database.ts';
import { pluginOf } from './relay.ts';

const DAY_MS = 86_400_000;

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

  /** Consumers that a plugin here has no more. A day is enough for its last node to be upgraded, or the upgrade undone. */
  async forgetDropped(now: Date): Promise<void> {
    const here = [...this.#here.keys()];
    await this.#forget("split_part(consumer, '/', 1) = any ($1) and consumer <> all ($2) and seen_at < $3", [
      [...new Set(here.map(pluginOf))],
      here,
      new Date(now.getTime() - DAY_MS),
    ]);
  }

  async forget(plugin: string): Promise<void> {
    this.remove(plugin);
    await this.#forget("split_part(consumer, '/', 1) = $1", [plugin]);
  }

  async #forget(which: string, values: unknown[]): Promise<void> {
    await this.#database.spanning((_tx, client) =>
      client.query(
        `with gone as (delete from kernel.subscription where ${which} returning consumer)
         delete from kernel.delivery where consumer in (select consumer from gone)`,
        values,
      ),
    );
  }
}
