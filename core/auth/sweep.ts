import { job } from '@plinth/sdk';
import { Type } from 'typebox';
import type { Parts } from './parts.ts';

export const sweepJob = job(Type.Object({}), { every: '1h' });

/** Removes what has run out. Nothing depends on it being removed: every reader looks at the time itself. */
export async function sweep({ database, clock }: Parts, tenantId: string): Promise<void> {
  const now = clock.now();
  const weekAgo = new Date(now.getTime() - 7 * 86_400_000);
  await database.tenant(tenantId, async (_tx, client) => {
    await client.query('delete from kernel.session where tenant_id = $1 and expires_at <= $2', [tenantId, now]);
    await client.query('delete from kernel.access_token where tenant_id = $1 and expires_at <= $2', [tenantId, now]);
    await client.query('delete from kernel.one_time_token where tenant_id = $1 and expires_at <= $2', [tenantId, now]);
    await client.query('delete from kernel.attempt where tenant_id = $1 and attempted_at <= $2', [tenantId, weekAgo]);
    // Its owner can still see for a week that a key has run out.
    await client.query('delete from kernel.api_key where tenant_id = $1 and expires_at <= $2', [tenantId, weekAgo]);
  });
}
