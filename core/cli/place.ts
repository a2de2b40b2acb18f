// What verbs that look at data need, without starting a kernel that would begin to work on it.
import pg from 'pg';
import { type Config, loadConfig } from '../config.ts';
import { Database } from '../database/database.ts';
import { type MigrationUnit, migrate } from '../database/migrate.ts';
import { type Connections, openConnections } from '../database/open.ts';
import { kernelMigrations } from '../kernel.ts';
import { type Discovered, discoverPlugins } from '../plugins/discover.ts';
import { pluginUnits } from '../plugins/plugin-units.ts';
import { type PluginSource, readSources } from '../plugins/sources.ts';

export interface Place {
  readonly config: Config;
  readonly connections: Connections;
  readonly database: Database;
  /** The plugins that a node here would load. */
  readonly found: Discovered;
  /** Absent in a database that no kernel has met yet. */
  readonly sources: readonly PluginSource[] | undefined;
  /** The kernel's migrations, and those of every plugin that lies here. */
  readonly units: readonly MigrationUnit[];
  /** Brings the database up to date, with all of them or some. */
  migrate(units?: readonly MigrationUnit[]): Promise<void>;
}

/** Opens the database that the configuration names, and closes it after `run`. A running kernel is not disturbed. */
export async function atPlace<T>(run: (place: Place) => Promise<T>): Promise<T> {
  const config = loadConfig({ PLINTH_LOG_LEVEL: 'error', ...process.env });
  const connections = await openConnections(config, () => {});
  const database = new Database(connections.app, connections.roles);
  const { owner, roles, appPassword } = connections;
  try {
    const sources = await sourcesIn(owner);
    const found = await discoverPlugins(process.cwd(), sources);
    const units = [...kernelMigrations(), ...found.plugins.flatMap(pluginUnits)];
    return await run({
      ...{ config, connections, database, found, sources, units },
      migrate: (some = units) => migrate(owner, roles, some, appPassword),
    });
  } finally {
    await database.close();
    await connections.stop();
  }
}

/** As the owner: a database that no kernel has met yet has neither roles nor tables. */
async function sourcesIn(owner: pg.ClientConfig): Promise<PluginSource[] | undefined> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...owner });
  await client.connect();
  try {
    const { rowCount } = await client.query("select where to_regclass('kernel.plugin_source') is not null");
    return rowCount ? await readSources(client) : undefined;
  } finally {
    await client.end();
  }
}
