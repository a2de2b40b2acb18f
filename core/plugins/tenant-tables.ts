import type pg from 'pg';

/** The tables of a schema whose rows belong to tenants. Partitions are reached through their table. */
export async function tenantTables(client: pg.ClientBase, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
       and obj_description(c.oid, 'pg_class') is distinct from 'platform'
       and exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped)
     order by c.relname`,
    [schema],
  );
  return rows.map((row) => row.name);
}
