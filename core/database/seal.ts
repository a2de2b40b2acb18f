import type pg from 'pg';
import { type DatabaseRoles, pluginRole } from './roles.ts';

/**
 * Walls around every table of a schema: row-level security, forced, with one policy that compares the row's tenant to
 * the transaction's. A migration cannot forget it, because it does not do it.
 *
 * A table says what it is by its comment: `append-only` (rows are only added), `platform` (belongs to no tenant and is
 * seen only by the kernel's spanning role), `plugins insert` (a kernel table that plugins' transactions add rows to).
 * Everything but `platform` must have `tenant_id uuid not null`.
 */
export async function sealSchema(client: pg.Client, schema: string, roles: DatabaseRoles): Promise<void> {
  const role = roleOfSchema(schema, roles);
  const spanning = spanningRole(schema, roles);
  await client.query(`revoke all on schema "${schema}" from public`);
  for (const table of await tablesOf(client, schema)) {
    const name = `"${schema}"."${table.name}"`;
    const key = table.name === 'tenant' && schema === 'kernel' ? 'id' : 'tenant_id';
    if (table.kind !== 'platform' && !table.columns.includes(key)) {
      throw new Error(
        `Table ${schema}.${table.name} has no tenant_id. Add "tenant_id uuid not null" as the first part of its key.`,
      );
    }
    // The owner migrates rows. A superuser is above policies; an owner who is none would see nothing of what it owns.
    const rights = table.kind === 'append-only' ? 'select, insert' : 'select, insert, update, delete';
    await client.query(`revoke all on ${name} from public; alter table ${name} enable row level security, force row level security;
      drop policy if exists owner on ${name}; create policy owner on ${name} to current_user using (true) with check (true);
      drop policy if exists spanning on ${name}; create policy spanning on ${name} to "${spanning}" using (true) with check (true);
      grant ${rights} on ${name} to "${spanning}"`);
    if (table.kind === 'platform' || role === spanning) continue;
    // After SET LOCAL has ended the setting reads '' instead of null: both must match nothing.
    const mine = `"${key}" = nullif(current_setting('app.tenant', true), '')::uuid`;
    await client.query(`drop policy if exists tenant on ${name};
      create policy tenant on ${name} to "${role}", "${roles.plugins}" using (${mine}) with check (${mine});
      grant ${rights} on ${name} to "${role}"`);
    if (table.kind !== 'plugins insert') continue;
    // One batch of the ledger carries the events of many books, so there is no one tenant to compare with.
    await client.query(`grant select, insert on ${name} to "${roles.plugins}"; grant insert on ${name} to "${roles.ledger}";
      drop policy if exists ledger on ${name}; create policy ledger on ${name} for insert to "${roles.ledger}" with check (true)`);
  }
  const users =
    schema === 'kernel'
      ? `"${role}", "${spanning}", "${roles.plugins}", "${roles.ledger}"`
      : `"${role}", "${spanning}"`;
  await client.query(
    `grant usage on schema "${schema}" to ${users}; grant usage on all sequences in schema "${schema}" to ${users}`,
  );
}

function roleOfSchema(schema: string, roles: DatabaseRoles): string {
  if (schema === 'kernel') return roles.kernel;
  if (schema === 'ledger') return roles.ledger;
  return pluginRole(roles, schema);
}

/** Who may work across tenants in a schema. Plugins' schemas are only ever read across tenants to back them up. */
function spanningRole(schema: string, roles: DatabaseRoles): string {
  return schema === 'ledger' ? roles.ledger : roles.system;
}

const KINDS = ['append-only', 'platform', 'plugins insert'] as const;

interface Table {
  readonly name: string;
  readonly kind: 'tenant' | (typeof KINDS)[number];
  readonly columns: readonly string[];
}

async function tablesOf(client: pg.Client, schema: string): Promise<Table[]> {
  const { rows } = await client.query<{ name: string; comment: string | null; columns: string[] }>(
    `select c.relname as name, obj_description(c.oid) as comment,
       array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
     from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')
     order by c.relname`,
    [schema],
  );
  return rows.map(({ name, comment, columns }) => ({
    name,
    columns,
    kind: KINDS.find((kind) => kind === comment) ?? 'tenant',
  }));
}
