// How the start of some work gets help: it submits parts of it to the same queue, and takes back those that nobody has begun.
// So it waits for what is being done, never for a turn, and one slot alone is enough to get to the end.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@plinth/sdk';
import { type Database, isConnectionFailure } from '../database/database.ts';
import { reconnectDelay } from '../events/failure.ts';
import type { Work } from './item.ts';
import type { Rows, Taken } from './rows.ts';
import { submit } from './submit.ts';

interface NewPart {
  readonly kind: string;
  /** Within its work: a start after this one finds it by this. */
  readonly key: string;
  readonly spec: unknown;
}

export interface Help {
  /** How much all nodes that are alive do at once. */
  slots(): Promise<number>;
  /** All parts, also of starts before this one, oldest first. */
  parts(): Promise<Work[]>;
  /** Adds those that are not there. They count against no quota, and end when the work itself does. */
  submit(parts: readonly NewPart[]): Promise<void>;
  /** Whether nobody had begun it: then nobody will. */
  takeBack(part: Work): Promise<boolean>;
  /** When something happened on some node, or after a second. Ask for it before you look. */
  rung(): Promise<void>;
}

export interface HelpDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly rows: Rows;
  readonly rung: () => Promise<void>;
  readonly nudge: () => void;
}

/** For one start. `holds` throws where that is not the one that counts any more. */
export function helpFor(
  { database, clock, rows, rung, nudge }: HelpDeps,
  work: Taken,
  holds: (client: Parameters<Rows['holds']>[0]) => Promise<void>,
): Help {
  const { tenantId, workId: parent, plugin, accountId, requestId } = work;
  return {
    rung,
    slots: () => rows.slots(),
    parts: () => patiently(() => rows.partsOf(work)),

    async submit(parts) {
      await database.tenant(tenantId, async (_tx, client) => {
        // What is over has no parts any more.
        await holds(client);
        for (const part of parts)
          await submit(client, clock, tenantId, { ...part, plugin, accountId, requestId, parent });
      });
      nudge();
    },

    takeBack: ({ workId }) =>
      patiently(() =>
        database.tenant(tenantId, async (_tx, client) => {
          const part = await rows.lock(client, { tenantId, workId });
          if (part?.state !== 'waiting') return false;
          await rows.cancel(client, part, part.state, clock.now());
          return true;
        }),
      ),
  };
}

/** A database that is away for a while costs no work that is half done. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await ask();
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      await sleep(reconnectDelay(failures));
    }
  }
}
