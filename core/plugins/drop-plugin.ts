import pg from 'pg';
import { type DatabaseRoles, pluginRole, schemaOf } from '../database/roles.ts';

/** Removes everything that a plugin had in the database, in every tenant. Ledger rows and the audit log stay for ever. */
export async function dropPlugin(owner: pg.ClientConfig, roles: DatabaseRoles, id: string): Promise<void> {
  const role = pluginRole(roles, id);
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`drop schema if exists "${schemaOf(id)}" cascade`);
    await client.query("delete from kernel.migration where unit = $1 or unit like $1 || '/%'", [id]);
    await client.query('delete from kernel.plugin_source where id = $1', [id]);
    await client.query('delete from kernel.tenant_plugin where plugin = $1', [id]);
    await client.query('delete from kernel.job_run where plugin = $1', [id]);
    await client.query('delete from kernel.work where plugin = $1', [id]);
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
    // An owner that is no superuser must be a member of what it made before it can take it away.
    if (rowCount) await client.query(`grant "${role}" to current_user; drop owned by "${role}"; drop role "${role}"`);
    await client.query('commit');
  } finally {
    await client.end();
  }
}
