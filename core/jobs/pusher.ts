import type { Clock, Log } from '@plinth/sdk';
import { Loop } from '../events/loop.ts';
import type { Queue } from './queue.ts';
import type { Runs } from './runs.ts';

export interface PusherDeps {
  readonly runs: Runs;
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: () => Queue | undefined;
}

const BATCH = 500;
/** So many runs at most are in the queue; the rest waits in its rows. A queue that loses everything loses little. */
const WINDOW = 2_000;
const FULL_MS = 20;

/** On the leader: gives the queue what is due, and once more what it may have lost. */
export function pusher({ runs, clock, log, queue }: PusherDeps): Loop {
  let checkedAt = Number.NEGATIVE_INFINITY;
  return new Loop(
    async () => {
      const to = queue();
      if (!to) return undefined;
      if (performance.now() - checkedAt > 1_000) {
        checkedAt = performance.now();
        const stale = await runs.stale(BATCH);
        if (stale.length > 0) {
          await to.push(stale);
          await runs.markPushed(stale);
        }
      }
      const { due, pushed } = await runs.due(clock.now(), BATCH);
      const some = due.slice(0, Math.max(WINDOW - pushed, 0));
      if (some.length > 0) {
        await to.push(some);
        await runs.markPushed(some);
      }
      if (some.length < due.length) return FULL_MS;
      return due.length === BATCH ? 0 : undefined;
    },
    (error) => log.warn('runs-not-pushed', { error: String(error) }),
  );
}
