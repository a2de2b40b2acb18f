// What verbs that look at data need, without starting a kernel that would begin to work on it.
import { type Config, loadConfig } from '../config.ts';
import { Database } from '../database/database.ts';
import { type MigrationUnit, migrate } from '../database/migrate.ts';
import { type Connections, openConnections } from '../database/open.ts';
import { kernelMigrations } from '../kernel.ts';
import { discoverPlugins } from '../plugins/discover.ts';
import { pluginUnits } from '../plugins/plugin-units.ts';

export interface Place {
  readonly config: Config;
  readonly connections: Connections;
  readonly database: Database;
  /** The kernel's migrations, and those of every plugin that lies here. */
  readonly units: readonly MigrationUnit[];
  /** Brings the database up to date. */
  migrate(): Promise<void>;
}

/** Opens the database that the configuration names, and closes it after `run`. A running kernel is not disturbed. */
export async function atPlace<T>(run: (place: Place) => Promise<T>): Promise<T> {
  const config = loadConfig({ PLINTH_LOG_LEVEL: 'error', ...process.env });
  const { plugins } = await discoverPlugins(process.cwd());
  const units = [...kernelMigrations(), ...plugins.flatMap(pluginUnits)];
  const connections = await openConnections(config, () => {});
  const database = new Database(connections.app, connections.roles);
  const { owner, roles, appPassword } = connections;
  try {
    return await run({
      config,
      connections,
      database,
      units,
      migrate: () => migrate(owner, roles, units, appPassword),
    });
  } finally {
    await database.close();
    await connections.stop();
  }
}
