import type { Log } from '@plinth/sdk';
import type { PgPool } from 'bullmq';
import { createPostgresBackend, Queue as RedisQueue, Worker as RedisWorker, runMigrations, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { DatabaseRoles } from '../database/roles.ts';
import type { Pointer } from './runs.ts';

/** Where the queue lives. `owner` makes and grants its schema. */
export type Backend =
  | { readonly kind: 'postgres'; readonly connection: pg.PoolConfig; readonly owner: pg.ClientConfig }
  | { readonly kind: 'redis'; readonly url: string };

/** Spreads runs over the nodes. It holds no truth: it may lose what it was given, and offer it twice. */
export interface Queue {
  push(pointers: readonly Pointer[]): Promise<void>;
  /** Stops offering, and waits for what is being done. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

type Perform = (job: { data: Pointer }) => Promise<void>;

/** What BullMQ's classes have in common on its backends. */
interface Parts {
  readonly queue: {
    addBulk(jobs: { name: string; data: Pointer; opts: object }[]): Promise<unknown>;
    close(): Promise<void>;
  };
  readonly worker: { waitUntilReady(): Promise<unknown>; close(force?: boolean): Promise<void> };
  end(): Promise<unknown>;
}

const NAME = 'plinth';
const SCHEMA = 'bullmq';
const ONE_AT_A_TIME = 7_146_504;
/** A queue that does not answer must not hold up who pushes: it is pushed again. */
const ANSWER_MS = 5_000;
const KEEP_NOTHING = { removeOnComplete: true, removeOnFail: true };
const WORKER = {
  concurrency: 16,
  // A dead worker's pointers come back; what counts is that its runs do, and the rows see to that.
  lockDuration: 5_000,
  stalledInterval: 5_000,
  maxStalledCount: 10,
  runRetryDelay: 500,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
};

/** Opens the queue, and begins to offer what is in it. */
export async function openQueue(backend: Backend, roles: DatabaseRoles, log: Log, perform: Perform): Promise<Queue> {
  const onError = (error: Error) => log.debug('queue-error', { error: String(error) });
  const { queue, worker, end } =
    backend.kind === 'redis'
      ? onRedis(backend.url, roles, perform, onError)
      : await onPostgres(backend, roles, perform, onError);
  // A queue that is away does not keep the node from starting: runs wait in their rows.
  await inTime(worker.waitUntilReady()).catch((error: unknown) => log.warn('queue-away', { error: String(error) }));
  return {
    async push(pointers) {
      const jobs = pointers.map((data) => ({
        name: NAME,
        data,
        // Pushed twice is there once.
        opts: { jobId: `${data.runId}-${data.attempts}`, ...KEEP_NOTHING },
      }));
      await inTime(queue.addBulk(jobs));
    },
    drain: () => worker.close(),
    async close() {
      await worker.close(true);
      await queue.close();
      await end();
    },
  };
}

function onRedis(url: string, roles: DatabaseRoles, perform: Perform, onError: (error: Error) => void): Parts {
  const connection = new Redis(url, { maxRetriesPerRequest: null, retryStrategy }).on('error', () => {});
  // In braces: on a cluster all keys of a queue must be on one node.
  const shared = { connection, prefix: `{${roles.prefix}}` };
  const queue = new RedisQueue<Pointer>(NAME, { ...shared, skipWaitingForReady: true });
  queue.on('error', onError);
  return {
    queue: {
      close: () => queue.close(),
      // Commands would pile up until Redis is back; the rows are where runs wait.
      addBulk: async (jobs) => {
        if (connection.status !== 'ready') throw new Error('Redis is away');
        return queue.addBulk(jobs);
      },
    },
    worker: new RedisWorker<Pointer>(NAME, perform, { ...WORKER, ...shared }).on('error', onError),
    end: async () => connection.disconnect(),
  };
}

async function onPostgres(
  { connection, owner }: Extract<Backend, { kind: 'postgres' }>,
  roles: DatabaseRoles,
  perform: Perform,
  onError: (error: Error) => void,
): Promise<Parts> {
  await migrateQueue(owner, roles);
  const options = `-c role=${roles.system} -c search_path=${SCHEMA} -c synchronous_commit=off`;
  const pool = new pg.Pool({ ...connection, max: 4, keepAlive: true, options });
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  const classes = withBackend(createPostgresBackend);
  const shared = { connection: pool as unknown as PgPool };
  const queue = new classes.Queue<Pointer>(NAME, shared);
  const worker = new classes.Worker<Pointer>(NAME, perform, { ...WORKER, ...shared });
  queue.on('error', onError);
  worker.on('error', onError);
  return { queue, worker, end: () => pool.end() };
}

const retryStrategy = (times: number) => Math.min(50 * 2 ** times, 2_000);

function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the queue does not answer')), ANSWER_MS);
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** BullMQ's own tables, in a schema of their own. The kernel's spanning role may use them, and no plugin. */
export async function migrateQueue(owner: pg.ClientConfig, roles: DatabaseRoles): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await runMigrations(client, SCHEMA);
    // The sequence is made on first use, by whoever may make one: that is us.
    // In turns: two nodes that grant the same at once fail.
    await client.query(`begin; select pg_advisory_xact_lock(${ONE_AT_A_TIME}); set local search_path = ${SCHEMA}; select next_job_id('${NAME}');
      grant usage on schema ${SCHEMA} to "${roles.system}"; grant all on all tables in schema ${SCHEMA} to "${roles.system}";
      grant all on all sequences in schema ${SCHEMA} to "${roles.system}"; commit`);
  } finally {
    await client.end();
  }
}
