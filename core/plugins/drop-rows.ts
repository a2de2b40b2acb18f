import pg from 'pg';
import { schemaOf } from '../database/roles.ts';
import { tenantTables } from './tenant-tables.ts';

interface Due {
  readonly tenantId: string;
  readonly plugin: string;
  readonly now: Date;
}

/**
 * Drops what a plugin keeps of one tenant, if its date has passed and nobody switched it on meanwhile: who tries waits
 * at the switch until this is through, and then begins anew. Files go first: if we die, the switch still says what is
 * left to do. Ledger rows and the audit log stay for ever.
 */
export async function dropRows(
  owner: pg.ClientConfig,
  { tenantId, plugin, now }: Due,
  dropFiles: () => Promise<unknown>,
): Promise<boolean> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('begin');
    const { rowCount } = await client.query(
      `select from kernel.tenant_plugin
       where tenant_id = $1 and plugin = $2 and state = 'retained' and retained_until <= $3 for update`,
      [tenantId, plugin, now],
    );
    if (!rowCount) return false;
    await dropFiles();
    await deleteFromAll(client, plugin, tenantId);
    await client.query('delete from kernel.job_run where tenant_id = $1 and plugin = $2', [tenantId, plugin]);
    await client.query('delete from kernel.work where tenant_id = $1 and plugin = $2', [tenantId, plugin]);
    for (const table of ['delivery', 'inbox']) {
      await client.query(`delete from kernel.${table} where tenant_id = $1 and starts_with(consumer, $2)`, [
        tenantId,
        `${plugin}/`,
      ]);
    }
    await client.query('delete from kernel.tenant_plugin where tenant_id = $1 and plugin = $2', [tenantId, plugin]);
    await client.query('commit');
    return true;
  } finally {
    await client.end();
  }
}

/** In one statement: references between the tables are looked at only at its end, so there is no order to find. */
async function deleteFromAll(client: pg.Client, plugin: string, tenantId: string): Promise<void> {
  const schema = schemaOf(plugin);
  const parts = (await tenantTables(client, schema)).map(
    (table, at) => `t${at} as (delete from "${schema}"."${table}" where tenant_id = $1)`,
  );
  if (parts.length > 0) await client.query(`with ${parts.join(', ')} select`, [tenantId]);
}
