import pg from 'pg';
import { blobKey, type StorageDriver } from '../storage/driver.ts';
import { writePart } from './archive.ts';
import { copyOut, type Head, nameOf, ONE_WAY, Sum, secretMark, type Table, type Tail } from './backup-format.ts';
import { schemaOf } from './roles.ts';

export interface BackupDeps {
  readonly owner: pg.ClientConfig;
  /** Its objects go into the file too; absent: rows only. */
  readonly driver?: StorageDriver | undefined;
  readonly secret: string;
  readonly kernel: string;
  readonly now: Date;
}

/**
 * Everything that must outlive this database, as the bytes of one file: the rows of the kernel, of the ledger and of
 * all plugins as they were at one moment, while everybody goes on writing, and the objects they speak of. What a
 * queue, a cache or a search index could make again is not in it.
 */
export async function* backUp({ owner, driver, secret, kernel, now }: BackupDeps): AsyncGenerator<Buffer> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    await client.query(ONE_WAY);
    const migrations = await migrationsOf(client);
    const tables = await tablesOf(client, migrations);
    // Nobody may change a table's shape until we are through.
    await client.query(`lock table ${tables.map(nameOf).join(', ')} in access share mode`);
    const at = now.toISOString();
    yield* writePart({
      ...{ backup: 'plinth', format: 1, kernel, at, migrations, tables, secret: secretMark(secret) },
    } satisfies Head);
    const written: Tail['tables'] = {};
    for (const table of tables) {
      const sum = new Sum();
      yield* writePart({ table: nameOf(table) }, copyOut(client, table, sum));
      written[nameOf(table)] = sum.done();
    }
    const objects = { written: 0, missing: 0 };
    // After the rows: bytes stay for a while after their last row is gone, so those of our rows are still there.
    if (driver) yield* writeObjects(client, driver, objects);
    const sequences = await sequencesOf(client, tables);
    yield* writePart({
      ...{ tables: written, sequences, objects: objects.written, missing: objects.missing },
    } satisfies Tail);
  } finally {
    await client.end();
  }
}

async function migrationsOf(client: pg.Client): Promise<Head['migrations']> {
  const { rows } = await client.query<Head['migrations'][number]>(
    'select unit, name, sha256 from kernel.migration order by unit, name',
  );
  return rows;
}

async function tablesOf(client: pg.Client, migrations: Head['migrations']): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select n.nspname as schema, c.relname as name, array(select attname::text from pg_attribute
       where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ($1) and c.relkind = 'r' and (n.nspname, c.relname) <> ('kernel', 'migration')
     order by n.nspname, c.relname`,
    [schemasOf(migrations)],
  );
  return rows;
}

export function schemasOf(migrations: Head['migrations']): string[] {
  const plugins = migrations.map(({ unit }) => unit.split('/')[0] ?? '').filter((id) => id !== 'kernel');
  return [...new Set(['kernel', 'ledger', ...plugins.map(schemaOf)])];
}

/** Sequences are outside every snapshot: read last, they are beyond every number that was given out before. */
async function sequencesOf(client: pg.Client, tables: readonly Table[]): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; value: string }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as value
     from pg_sequences where schemaname = any ($1) and last_value is not null`,
    [[...new Set(tables.map((table) => table.schema))]],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

async function* writeObjects(client: pg.Client, driver: StorageDriver, count: { written: number; missing: number }) {
  await client.query(
    'declare blobs no scroll cursor for select tenant_id as tenant, sha256 from kernel.storage_blob where refs > 0',
  );
  for (;;) {
    const { rows } = await client.query<{ tenant: string; sha256: string }>('fetch 500 from blobs');
    if (rows.length === 0) return;
    for (const { tenant, sha256 } of rows) {
      const bytes = await driver.get(blobKey(tenant, sha256)).catch(() => undefined);
      if (bytes) yield* writePart({ object: { tenant, sha256 } }, bytes as AsyncIterable<Buffer>);
      count[bytes ? 'written' : 'missing'] += 1;
    }
  }
}
