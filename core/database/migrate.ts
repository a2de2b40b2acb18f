import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type DatabaseRoles, pluginRole, schemaOf } from './roles.ts';
import { sealSchema } from './seal.ts';

/** Migrations of one owner: a room of the kernel, or a plugin. */
export interface MigrationUnit {
  /** `kernel/auth` or a plugin's id. */
  readonly id: string;
  readonly schema: string;
  /** Absent: the unit has no tables, only a schema and a role. */
  readonly folder: URL | undefined;
}

export function pluginMigrations(pluginId: string, folder: URL): MigrationUnit {
  return { id: pluginId, schema: schemaOf(pluginId), folder };
}

/**
 * Brings a database up to date: roles, the kernel's schemas, each unit's files in order, then the walls around every
 * table. Forward only. An advisory lock makes two nodes that start at once take turns; the second finds nothing to do.
 */
export async function migrate(
  owner: pg.ClientConfig,
  roles: DatabaseRoles,
  units: readonly MigrationUnit[],
  appPassword?: string,
  /** `unit/file.sql`: only these, to make a database as it was at an earlier time. */
  wanted: (file: string) => boolean = () => true,
): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect().catch((error: unknown) => {
    throw new Error(`The database does not answer: ${reasonOf(error)}. Check DATABASE_URL.`, { cause: error });
  });
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await createRoles(client, roles, units, appPassword);
    await client.query(`create schema if not exists kernel; create schema if not exists ledger;
      create table if not exists kernel.migration (
        unit text not null, name text not null, sha256 text not null, applied_at timestamptz not null default now(),
        primary key (unit, name));
      comment on table kernel.migration is 'platform'`);
    for (const unit of units) {
      await client.query(`create schema if not exists "${unit.schema}"`);
      if (unit.folder) await applyUnit(client, unit.id, unit.schema, unit.folder, wanted);
    }
    for (const schema of new Set(units.map((unit) => unit.schema))) await sealSchema(client, schema, roles);
  } finally {
    // Ending the connection gives the lock back, also after a failure.
    await client.end();
  }
}

const MIGRATION_LOCK = 7_146_501;

/** A name with several addresses fails with one error for each, and says nothing itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

async function applyUnit(
  client: pg.Client,
  id: string,
  schema: string,
  at: URL,
  wanted: (file: string) => boolean,
): Promise<void> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from kernel.migration where unit = $1',
    [id],
  );
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  const folder = fileURLToPath(at);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && wanted(`${id}/${name}`))
    .sort();
  for (const name of files) {
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    const sha256 = createHash('sha256').update(text).digest('hex');
    const before = applied.get(name);
    if (before === sha256) continue;
    if (before !== undefined) {
      throw new Error(`Migration ${id}/${name} was changed after it had been applied. Put it back and add a new file.`);
    }
    await client.query('begin');
    try {
      await client.query(`set local search_path = "${schema}", public`);
      await client.query(text);
      await client.query('insert into kernel.migration (unit, name, sha256) values ($1, $2, $3)', [id, name, sha256]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw new Error(`Migration ${id}/${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

async function createRoles(
  client: pg.Client,
  roles: DatabaseRoles,
  units: readonly MigrationUnit[],
  appPassword: string | undefined,
): Promise<void> {
  const schemas = units.filter((unit) => !unit.id.startsWith('kernel/')).map((unit) => unit.schema);
  const plugins = [...new Set(schemas)].map((schema) => pluginRole(roles, schema));
  // The app role inherits nothing: every right comes from `set local role` and ends with the transaction.
  await createRole(client, roles.app, 'login noinherit nosuperuser nobypassrls');
  if (appPassword !== undefined) {
    await client.query(`alter role "${roles.app}" password ${client.escapeLiteral(appPassword)}`);
  }
  await createRole(client, roles.plugins, 'nologin nosuperuser nobypassrls');
  for (const role of [roles.kernel, roles.system, roles.ledger, ...plugins]) {
    await createRole(client, role, 'nologin nosuperuser nobypassrls');
    await grantRole(client, role, roles.app);
  }
  for (const role of plugins) await grantRole(client, roles.plugins, role);
}

// Roles are shared by all databases of a server, and the lock above is not: another database's migration may be
// making the same ones right now.

async function createRole(client: pg.Client, role: string, attributes: string): Promise<void> {
  await client.query(`do $$ begin create role "${role}" ${attributes};
    exception when duplicate_object or unique_violation then null; end $$`);
}

async function grantRole(client: pg.Client, role: string, to: string): Promise<void> {
  await client.query(`do $$ begin
    if not exists (select from pg_auth_members m where m.roleid = '"${role}"'::regrole and m.member = '"${to}"'::regrole)
    then grant "${role}" to "${to}"; end if;
    exception when unique_violation or internal_error then null; end $$`);
}
