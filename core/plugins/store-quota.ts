import type pg from 'pg';
import { errors } from '../errors.ts';
import type { Runtime } from './runtime.ts';

interface Usage {
  documents: number;
  bytes: number;
  /** When it was counted; growth since then is added by hand. */
  readonly at: number;
}

const usages = new WeakMap<Runtime, Map<string, Usage>>();
const COUNT_AGAIN_AFTER = 30_000;

/**
 * Refuses a write once a plugin's documents in a tenant are over quota. Counted at most every 30 seconds and kept up by
 * what this process writes in between: a shared counter row would make every write of a tenant wait for the one before.
 */
export async function mayGrow(
  runtime: Runtime,
  client: pg.PoolClient,
  plugin: string,
  tenantId: string,
  bytes: number,
): Promise<void> {
  const known = usages.get(runtime) ?? new Map<string, Usage>();
  usages.set(runtime, known);
  const key = `${plugin} ${tenantId}`;
  let usage = known.get(key);
  if (!usage || Math.abs(runtime.clock.now().getTime() - usage.at) > COUNT_AGAIN_AFTER) {
    const { rows } = await client.query<{ documents: string; bytes: string }>(
      `select count(*) as documents, coalesce(sum(pg_column_size(value)), 0) as bytes
       from "${plugin.replaceAll('-', '_')}".document where tenant_id = $1`,
      [tenantId],
    );
    usage = { documents: Number(rows[0]?.documents), bytes: Number(rows[0]?.bytes), at: runtime.clock.now().getTime() };
    known.set(key, usage);
  }
  const { storeQuota } = runtime;
  if (usage.documents >= storeQuota.documents || usage.bytes + bytes > storeQuota.bytes) {
    throw errors.over_quota({
      detail: `${plugin} keeps ${usage.documents} documents (${usage.bytes} bytes) here; ${storeQuota.documents} documents and ${storeQuota.bytes} bytes are the limit.`,
      fix: 'Remove documents, or ask for a larger plan.',
    });
  }
  usage.documents += 1;
  usage.bytes += bytes;
}
