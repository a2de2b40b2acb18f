import type { StoredObject } from '@plinth/sdk/services/storage.ts';
import type pg from 'pg';
import { schemaOf } from '../database/roles.ts';
import { tenantTables } from './tenant-tables.ts';

interface Whose {
  readonly plugin: string;
  readonly tenantId: string;
  readonly version: string;
  readonly exportedAt: string;
}

const PAGE = 500;

/**
 * Everything that a plugin keeps of one tenant, in lines of JSON: what this is, each row of each table, each file with
 * a link to it. `client` is in a transaction in the plugin's own role, so the walls around its tables choose the rows.
 */
export async function* exportRows(
  client: pg.ClientBase,
  whose: Whose,
  files: readonly (StoredObject & { readonly url: string })[],
): AsyncGenerator<Uint8Array> {
  await client.query('set transaction isolation level repeatable read');
  yield line(whose);
  const schema = schemaOf(whose.plugin);
  for (const table of await tenantTables(client, schema)) yield* rowsOf(client, schema, table);
  for (const file of files) yield line({ file });
}

async function* rowsOf(client: pg.ClientBase, schema: string, table: string): AsyncGenerator<Uint8Array> {
  await client.query(
    `declare export no scroll cursor for select to_jsonb(t)::text as row from "${schema}"."${table}" t`,
  );
  for (let more = true; more; ) {
    const { rows } = await client.query<{ row: string }>(`fetch ${PAGE} from export`);
    more = rows.length === PAGE;
    // The row stays the text that PostgreSQL wrote: large numbers would not survive being parsed.
    yield Buffer.from(rows.map(({ row }) => `{"table":${JSON.stringify(table)},"row":${row}}\n`).join(''));
  }
  await client.query('close export');
}

const line = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);
