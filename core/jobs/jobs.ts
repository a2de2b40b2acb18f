import { type Clock, type Duration, milliseconds } from '@plinth/sdk';
import type pg from 'pg';
import { Line } from '../events/line.ts';
import type { Registration } from '../realtime/channels.ts';
import type { Room } from '../room.ts';
import { Caretaker } from './caretaker.ts';
import { directoryOf } from './directory.ts';
import { enqueue, type NewRun } from './enqueue.ts';
import type { Definition } from './execution.ts';
import { Performer, type PerformerDeps } from './performer.ts';
import { type Backend, openQueue, type Queue } from './queue.ts';
import { jobRoutes, jobsService, watchRuns } from './routes.ts';
import { Runs, type Seen } from './runs.ts';

export interface JobsDeps extends Omit<PerformerDeps, 'runs' | 'onProgress'> {
  /** `set` is for tests: it lets `advance` move time. */
  readonly clock: Clock & { set?(to: string): void };
  readonly backend: Backend;
  readonly onProgress?: PerformerDeps['onProgress'];
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
  figures(): ReturnType<Runs['figures']>;
}

const DRAIN_MS = 10_000;

export function createJobs(deps: JobsDeps): Room & JobsApi {
  const { database, clock, log, enabled, backend, onProgress = () => {} } = deps;
  let queue: Queue | undefined;

  const line: Line<Seen> = new Line({
    ...{ database, log, room: 'jobs', onRing: push },
    look: () => performer.look(clock.now()),
    onLook({ due, mine }) {
      if (due) push();
      performer.compare(mine, clock.now()).catch((error) => log.warn('runs-not-compared', { error: String(error) }));
    },
    onSweep: () => caretaker.sweep(),
    onHour: async () => {
      if (line.leading) await caretaker.forget();
    },
  });
  const runs = new Runs(database, line.id);
  const performer = new Performer({ database, clock, log, runs, enabled, onProgress });
  const caretaker = new Caretaker({ database, clock, log, enabled, runs, performer, queue: () => queue });
  const directory = directoryOf(database, clock, nudge);

  function push(): void {
    if (line.leading) caretaker.pushing.wake();
  }

  function nudge(): void {
    if (line.leading) push();
    else line.ring();
  }

  return {
    name: 'jobs',
    provides: [jobsService(directory)],
    contributions: jobRoutes(directory),
    watching: watchRuns(directory),
    enqueue: (client, run) => enqueue(client, clock, run),
    nudge,
    remove: (plugin) => performer.remove(plugin),
    settle: () => caretaker.settle(),
    figures: () => runs.figures(clock.now()),

    async define(definition) {
      performer.definitions.set(`${definition.plugin}/${definition.name}`, definition);
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
      queue = await openQueue(backend, database.roles, log, (pointer) => performer.perform(pointer));
      await caretaker.resume();
      push();
    },

    async drain() {
      await Promise.all([caretaker.pushing.stop(), queue?.drain(), performer.stop(DRAIN_MS)]);
    },

    async stop() {
      await Promise.all([caretaker.pushing.stop(), performer.stop(0)]);
      await queue?.close();
      await line.stop();
    },
  };
}
