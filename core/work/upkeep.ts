// What one node does for all: gives back work of nodes that are gone, wakes what was put aside, forgets what is old.
import { forgetRows } from '../events/forget.ts';
import type { Work } from './item.ts';
import { KEEP_DAYS } from './quotas.ts';
import type { Rows } from './rows.ts';
import type { WorkDeps } from './work.ts';

export interface UpkeepDeps extends Pick<WorkDeps, 'database' | 'clock' | 'enabled'> {
  readonly rows: Rows;
  /** Work has ended, or waits once more. */
  readonly onChange: (work: Work) => void;
  /** There is something to do. */
  readonly onMore: () => void;
}

const DAY_MS = 86_400_000;

export function upkeepOf({ database, clock, enabled, rows, onChange, onMore }: UpkeepDeps) {
  return {
    /** Also what the rows say is ours, and is not. */
    async release(unknown: readonly string[] = []): Promise<void> {
      for (const work of await rows.release(unknown, clock.now())) onChange(work);
    },

    /** What was put aside goes on where its plugin is on again. */
    async resume(): Promise<void> {
      for (const parked of await rows.parked()) {
        if (!(await enabled(parked.tenantId, parked.plugin))) continue;
        await rows.unpark(parked);
        onMore();
      }
    },

    async forget(): Promise<void> {
      await forgetRows(database, 'work', 'finished_at < $1', [new Date(clock.now().getTime() - KEEP_DAYS * DAY_MS)]);
      const unused = 'not exists (select from kernel.work w where w.tenant_id = t.tenant_id)';
      await forgetRows(database, 'work_share', unused, []);
    },
  };
}
