import { job } from '@plinth/sdk';
import { Type } from 'typebox';
import type { Desk } from './desk.ts';
import { eraseDue } from './person-data.ts';

export const sweepJob = job(Type.Object({}), { every: '1h' });

const WEEK_MS = 7 * 86_400_000;

/** Forgets who asked for it, and removes what has run out. Nothing depends on it being removed: every reader looks at the time itself. */
export async function sweep(desk: Desk): Promise<void> {
  await eraseDue(desk);
  for (const table of ['session', 'access_token', 'one_time_token']) {
    await desk.run(`delete from kernel.${table} where tenant_id = $1 and expires_at <= $2`, desk.now);
  }
  await desk.run('delete from kernel.attempt where tenant_id = $1 and attempted_at <= $2', desk.in(-WEEK_MS));
  // Its owner can still see for a week that a key has run out.
  await desk.run('delete from kernel.api_key where tenant_id = $1 and expires_at <= $2', desk.in(-WEEK_MS));
}
