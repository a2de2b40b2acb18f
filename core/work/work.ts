// The fair queue of heavy work: what is done in processes of its own, as renders, transcodes and analyses are.
import type { Call, Clock, Log } from '@plinth/sdk';
import { AccountDeleted } from '@plinth/sdk/services/accounts.ts';
import type pg from 'pg';
import type { Static } from 'typebox';
import type { Database } from '../database/database.ts';
import { Line } from '../events/line.ts';
import type { Registration } from '../realtime/channels.ts';
import type { Room } from '../room.ts';
import { Bell } from './bell.ts';
import { BenchDirectories } from './bench-directories.ts';
import { type Directory, directoryOf } from './directory.ts';
import { isOver, type Work } from './item.ts';
import type { WorkKind } from './kind.ts';
import { watchWork, workRoutes } from './routes.ts';
import { Rows, type Seen } from './rows.ts';
import { type NewWork, submit } from './submit.ts';
import { upkeepOf } from './upkeep.ts';
import { Worker } from './worker.ts';

export interface WorkDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: (tenantId: string, plugin: string) => boolean | Promise<boolean>;
  /** How much this node does at once. Nothing: it leaves all of it to others. */
  readonly slots: number;
  /** Work is done in directories below. */
  readonly dataDir: string;
  /** Told when work gets on, and when it ends: for whoever watches it. */
  readonly onChange?: (work: Work) => void;
  /** Told after a commit that may have written events. */
  readonly nudge?: () => void;
}

/**
 * Heavy work, shared out fairly: between sites first, between the people of each then. Rows are the truth; any node with
 * a free slot takes what is next, and what a dead node had in hand is begun again by another.
 */
export interface WorkApi extends Directory {
  /** Says how a kind of work is done. Before the start. */
  define<S, R>(kind: WorkKind<S, R>): void;
  /** Adds work, or answers the one that has the same key. Throws `kernel.over_quota`. */
  submit(tenantId: string, work: NewWork): Promise<Work>;
  /** The same in a transaction. Call `nudge` after its commit. */
  submitIn(client: pg.ClientBase, tenantId: string, work: NewWork): Promise<Work>;
  nudge(): void;
  /** What it was done in, oldest first: parts are shown to nobody else. */
  partsOf(work: Pick<Work, 'tenantId' | 'workId'>): Promise<Work[]>;
  /** The channel `<room>/<workId>` on which whoever submitted it, or looks after work here, hears how far it is. */
  watching(room: string): Registration;
  /** For tests: does everything that can be done here. */
  settle(): Promise<void>;
  figures(): ReturnType<Rows['figures']>;
}

const DRAIN_MS = 10_000;

export function createWork(deps: WorkDeps): Room & WorkApi {
  const { database, clock, log, enabled, slots, onChange = () => {}, nudge: nudgeEvents = () => {} } = deps;
  const kinds = new Map<string, WorkKind>();
  const line: Line<Seen> = new Line({
    ...{ database, log, slots, room: 'work', onRing, onLook },
    look() {
      worker.aboutToLook();
      return rows.look(kinds.keys());
    },
    async onSweep() {
      await upkeep.release();
      await upkeep.resume();
    },
    async onHour() {
      await directories.sweep(database);
      if (line.leading) await upkeep.forget();
    },
  });
  const directories = new BenchDirectories(deps.dataDir, line.id);
  const rows = new Rows({
    ...{ database, enabled, worker: line.id },
    ended: async (client, work) => kinds.get(work.kind)?.ended?.(client, work),
  });
  const bell = new Bell();
  const own = { database, clock, log, rows, directories, kinds, slots, nudge, rung: bell.rung };
  const worker = new Worker({ ...own, onProgress: onChange, onEnd: changed });
  const upkeep = upkeepOf({ database, clock, enabled, rows, onChange: changed, onMore: nudge });
  const directory = directoryOf({ database, clock, rows, onCancel });

  function onLook({ due, mine }: Seen): void {
    bell.strike();
    if (due) worker.wake();
    const lost = worker.compare(mine);
    if (lost.length > 0) upkeep.release(lost).catch((error) => log.warn('work-not-released', { error: String(error) }));
  }

  function onRing(): void {
    bell.strike();
    worker.wake();
    worker.lookNow().catch((error) => log.warn('work-not-compared', { error: String(error) }));
  }

  /** It has ended, or waits once more. */
  function changed(work: Work): void {
    onChange(work);
    clear(work, kinds, log);
    nudgeEvents();
    nudge();
  }

  function onCancel(work: Work): void {
    if (work.state === 'cancelled') return changed(work);
    onRing();
    line.ring();
  }

  function nudge(): void {
    bell.strike();
    worker.wake();
    line.ring();
  }

  return {
    ...directory,
    ...{ name: 'work', nudge, partsOf: (work) => rows.partsOf(work) },
    contributions: [...workRoutes(directory), forgetPerson(directory)],
    submitIn: (client, tenantId, work) => submit(client, clock, tenantId, work),
    watching: (room) => watchWork(directory, room),
    figures: () => rows.figures([...kinds.keys()], clock.now()),
    define: (kind) => void kinds.set(kind.kind, kind as WorkKind),

    async submit(tenantId, work) {
      const added = await database.tenant(tenantId, (_tx, client) => submit(client, clock, tenantId, work));
      nudge();
      return added;
    },

    async settle() {
      await upkeep.resume();
      await worker.settle();
    },

    async start() {
      await line.start();
      worker.taking = true;
      worker.wake();
    },

    drain: () => worker.stop(DRAIN_MS),

    async stop() {
      await worker.stop(0);
      await directories.close();
      await line.stop();
    },
  };
}

function clear(work: Work, kinds: ReadonlyMap<string, WorkKind>, log: Log): void {
  if (!isOver(work)) return;
  kinds
    .get(work.kind)
    ?.over?.(work)
    .catch((error: unknown) => log.warn('work-not-cleared', { workId: work.workId, error: String(error) }));
}

const forgetPerson = (directory: Directory) => ({
  ...({ kind: 'consumer', event: AccountDeleted, id: 'forget' } as const),
  handler: ({ tenant }: Call, { accountId }: Static<typeof AccountDeleted.payload>) =>
    directory.forgetPerson(tenant.id, accountId),
});
