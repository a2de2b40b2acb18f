// The table of plugins that were installed or removed while nodes ran, which every node follows.
import type pg from 'pg';

export interface PluginSource {
  readonly id: string;
  /** As written: absolute, or relative to the project. */
  readonly directory: string;
  /** At least this one: sources may be brought up to date with a restart, too. */
  readonly version: string;
  readonly state: 'installed' | 'removed';
}

/** A row as a node has seen it, or not yet. */
export interface WrittenSource extends PluginSource {
  readonly changedAt: string;
}

/** Where every node hears that the table has changed. */
export const SOURCES_CHANNEL = 'plinth_plugins';

/** In the order in which they were changed. */
export async function readSources(client: pg.ClientBase): Promise<WrittenSource[]> {
  const { rows } = await client.query<WrittenSource>(
    `select id, directory, version, state, changed_at::text as "changedAt" from kernel.plugin_source
     order by plugin_source.changed_at`,
  );
  return rows;
}

/** Writes one and tells every node. */
export async function writeSource(
  client: pg.ClientBase,
  { id, directory, version, state }: PluginSource,
): Promise<void> {
  await client.query(
    `with written as (
       insert into kernel.plugin_source (id, directory, version, state) values ($1, $2, $3, $4)
       on conflict (id) do update set (directory, version, state, changed_at) =
         (excluded.directory, excluded.version, excluded.state, clock_timestamp()) returning id)
     select pg_notify('${SOURCES_CHANNEL}', id) from written`,
    [id, directory, version, state],
  );
}
