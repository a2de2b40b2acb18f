import { type Clock, type Duration, type Log, milliseconds } from '@plinth/sdk';
import type { RunState } from '@plinth/sdk/services/jobs.ts';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { Line } from '../events/line.ts';
import type { Registration } from '../realtime/channels.ts';
import type { Room } from '../room.ts';
import { Caretaker, notOftener } from './caretaker.ts';
import { Directory } from './directory.ts';
import { enqueue, type NewRun } from './enqueue.ts';
import type { Definition } from './execution.ts';
import { Performer } from './performer.ts';
import { pusher } from './pusher.ts';
import { type Backend, openQueue, type Queue } from './queue.ts';
import { jobRoutes, jobsService } from './routes.ts';
import { Runs, type Taken } from './runs.ts';
import { watchRuns } from './watch-runs.ts';

export interface JobsDeps {
  readonly database: Database;
  /** `set` is for tests: it lets `advance` move time. */
  readonly clock: Clock & { set?(to: string): void };
  readonly log: Log;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  readonly backend: Backend;
  /** Told when a run gets on, at most four times a second, and when it ends: for whoever watches it. */
  readonly onProgress?: (notice: RunNotice) => void;
  /** How long runs are kept when they are through; failed ones four times as long. */
  readonly keepDays?: number;
}

export interface RunNotice {
  readonly tenantId: string;
  readonly runId: string;
  readonly plugin: string;
  readonly job: string;
  /** Who enqueued it. */
  readonly actor: { readonly kind: string; readonly accountId?: string };
  readonly state: RunState;
  readonly progress?: number;
  readonly note?: string;
}

/** Work done later, on any node. A run starts at least once; the rows are the truth, the queue may lose everything. */
export interface JobsApi {
  /** Adds a run in the transaction of `client`. Call `nudge` after its commit. */
  enqueue(client: pg.ClientBase, run: NewRun): Promise<{ runId: string }>;
  nudge(): void;
  define(definition: Definition): Promise<void>;
  /** This node starts no more runs of a plugin; those that it does are seen through. Others, or its return, do the rest. */
  remove(plugin: string): Promise<void>;
  /** The plugin is gone for good: its waiting runs are cancelled. */
  forget(plugin: string): Promise<void>;
  /** For tests: does everything that is due, one run after the other. */
  settle(): Promise<void>;
  /** For tests: moves the clock from one due moment to the next, and does what is due at each. */
  advance(by: Duration): Promise<void>;
  /** The channel on which `onProgress` can be told to pages. */
  readonly watching: Registration;
  /** For metrics. */
  figures(): Promise<{ waiting: number; running: number; failed: number; lateMs: number }>;
}

const DRAIN_MS = 10_000;
const COMPARE_MS = 500;

export function createJobs(deps: JobsDeps): Room & JobsApi {
  const { database, clock, log, enabled, backend, keepDays = 7 } = deps;
  let queue: Queue | undefined;
  const mayCompare = notOftener(COMPARE_MS);

  const line = new Line({ database, log, room: 'jobs', onWake: wake, onSweep: () => caretaker.sweep() });
  const runs = new Runs(database, line.id);
  const directory = new Directory(database, clock);
  const performer = new Performer({
    ...{ database, clock, log, runs, enabled },
    onProgress: async (of, progress, note) => {
      deps.onProgress?.({ ...noticeOf(of), state: 'running', progress, ...(note === undefined ? {} : { note }) });
      await runs.progress(of, progress, note);
    },
    onEnd: ({ of, state }) => {
      deps.onProgress?.({ ...noticeOf(of), state, ...(state === 'done' ? { progress: 1 } : {}) });
      if (state === 'waiting') nudge();
    },
  });
  const caretaker = new Caretaker({ database, clock, log, enabled, runs, performer, keepDays });
  const push = pusher({ runs, clock, log, queue: () => queue });

  function nudge(): void {
    if (line.leading) push.wake();
    else line.ring();
  }

  function wake(): void {
    if (line.leading) push.wake();
    if (!mayCompare()) return;
    performer.compare(clock.now()).catch((error: unknown) => log.warn('runs-not-compared', { error: String(error) }));
  }

  return {
    name: 'jobs',
    provides: [jobsService(directory, nudge)],
    contributions: jobRoutes(directory, nudge),
    watching: watchRuns(directory),
    enqueue: (client, run) => enqueue(client, clock, run),
    nudge,
    remove: (plugin) => performer.remove(plugin),
    settle: () => caretaker.settle(),
    figures: () => runs.figures(clock.now()),

    async define(definition) {
      performer.define(definition);
      if (queue) await caretaker.resume();
    },

    async forget(plugin) {
      await performer.remove(plugin);
      await runs.forget(plugin, clock.now());
    },

    async advance(by) {
      if (!clock.set) throw new Error('This clock cannot be moved.');
      await caretaker.settleUntil(new Date(clock.now().getTime() + milliseconds(by)), (to) => clock.set?.(to));
    },

    async start() {
      await line.start();
      queue = await openQueue(backend, database.roles, log, ({ data }) => performer.perform(data));
      await caretaker.resume();
      wake();
    },

    async drain() {
      await Promise.all([push.stop(), queue?.drain(), performer.stop(DRAIN_MS)]);
    },

    async stop() {
      await Promise.all([push.stop(), performer.stop(0)]);
      await queue?.close();
      await line.stop();
    },
  };
}

function noticeOf({ tenantId, runId, plugin, job, actor }: Taken) {
  return { tenantId, runId, plugin, job, actor };
}
