import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { MigrationUnit } from './migrate.ts';

/** Which migrations a database still waits for, and which PostgreSQL it is. Changes nothing. */
export async function pendingMigrations(
  owner: pg.ClientConfig,
  units: readonly MigrationUnit[],
): Promise<{ version: string; pending: string[] }> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...owner });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; begun: boolean }>(
      "select current_setting('server_version') as version, to_regclass('kernel.migration') is not null as begun",
    );
    const [server] = rows;
    const applied = server?.begun ? await client.query<{ unit: string; name: string }>(APPLIED) : { rows: [] };
    const done = new Set(applied.rows.map(({ unit, name }) => `${unit}/${name}`));
    const all = units.flatMap(({ id, folder }) =>
      folder ? readdirSync(fileURLToPath(folder)).map((name) => `${id}/${name}`) : [],
    );
    return { version: server?.version ?? '', pending: all.filter((file) => !done.has(file) && file.endsWith('.sql')) };
  } finally {
    await client.end();
  }
}

const APPLIED = 'select unit, name from kernel.migration';
