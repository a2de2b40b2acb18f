import type { Database } from '../database/database.ts';

const BATCH = 5_000;
const DAY_MS = 86_400_000;
const FAILED_LONGER = 4;

/** Forgets runs that have been through for so long, and with them their keys and steps. */
export async function forgetRuns(database: Database, now: Date, keepDays: number): Promise<void> {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  for (let batch = BATCH; batch === BATCH; ) {
    batch = await database.spanning(async (_tx, client) => {
      const { rowCount } = await client.query(
        `delete from kernel.job_run where ctid = any (array(select ctid from kernel.job_run
           where finished_at < $1 and state in ('done', 'cancelled') or finished_at < $2 and state = 'failed' limit ${BATCH}))`,
        [before(keepDays), before(keepDays * FAILED_LONGER)],
      );
      return rowCount ?? 0;
    });
  }
}
