import type pg from 'pg';
import { nameOf, type Table } from './backup-format.ts';

/**
 * Takes down, for the length of a transaction, what stands between the owner and rows that were right before:
 * references (they hold again at the end, in whatever order tables come), triggers that refuse changes, and row-level
 * security, through which COPY cannot write. Empties the tables. None of it needs a superuser. Answers how to put
 * everything up again.
 */
export async function lowerWalls(client: pg.Client, tables: readonly Table[]): Promise<() => Promise<void>> {
  const names = tables.map(nameOf);
  const { rows: references } = await client.query<{ table: string; name: string; definition: string }>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
     from pg_constraint where contype = 'f' and conparentid = 0 and conrelid = any ($1::regclass[])`,
    [names],
  );
  for (const { table, name } of references) await client.query(`alter table ${table} drop constraint ${name}`);
  for (const name of names) await client.query(`alter table ${name} disable trigger user, no force row level security`);
  await client.query(`truncate ${names.join(', ')}`);
  return async () => {
    for (const { table, name, definition } of references)
      await client.query(`alter table ${table} add constraint ${name} ${definition}`);
    for (const name of names) await client.query(`alter table ${name} enable trigger user, force row level security`);
  };
}
