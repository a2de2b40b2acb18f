import type { Log } from '@plinth/sdk';
import type { BackendFactory, IQueueBackend, PgPool, QueueOptions } from 'bullmq';
import { createPostgresBackend, createRedisBackend, runMigrations, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { DatabaseRoles } from '../database/roles.ts';
import { inTime } from '../events/in-time.ts';
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

const NAME = 'plinth';
const SCHEMA = 'bullmq';
const ONE_AT_A_TIME = 7_146_504;
/** A queue that does not answer must not hold up who pushes: it is pushed again. */
const ANSWER_MS = 5_000;
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
  const { queue, worker, ready, end } =
    backend.kind === 'redis'
      ? onRedis(backend.url, roles, perform, onError)
      : await onPostgres(backend, roles, perform, onError);
  // A queue that is away does not keep the node from starting: runs wait in their rows.
  await answered(worker.waitUntilReady()).catch((error: unknown) => log.warn('queue-away', { error: String(error) }));
  return {
    async push(pointers) {
      // Commands would pile up until it is back; the rows are where runs wait.
      if (!ready()) throw new Error('the queue is away');
      // Pushed twice is there once.
      const jobs = pointers.map((data) => ({ name: NAME, data, opts: { jobId: `${data.runId}-${data.attempts}` } }));
      await answered(queue.addBulk(jobs));
    },
    drain: () => worker.close(),
    async close() {
      await worker.close(true);
      await queue.close();
      await end();
    },
  };
}

const answered = <T>(answer: Promise<T>) => inTime(answer, ANSWER_MS, 'the queue does not answer');

function onRedis(url: string, roles: DatabaseRoles, perform: Perform, onError: (error: Error) => void) {
  const connection = new Redis(url, { maxRetriesPerRequest: null }).on('error', () => {});
  // In braces: on a cluster all keys of a queue must be on one node.
  const shared = { connection, prefix: `{${roles.prefix}}` };
  return {
    ...open(createRedisBackend, { ...shared, skipWaitingForReady: true }, perform, onError),
    ready: () => connection.status === 'ready',
    end: async () => connection.disconnect(),
  };
}

async function onPostgres(
  { connection, owner }: Extract<Backend, { kind: 'postgres' }>,
  roles: DatabaseRoles,
  perform: Perform,
  onError: (error: Error) => void,
) {
  await migrateQueue(owner, roles);
  const options = `-c role=${roles.system} -c search_path=${SCHEMA} -c synchronous_commit=off`;
  const pool = new pg.Pool({ ...connection, max: 4, keepAlive: true, options });
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  const shared = { connection: pool as unknown as PgPool };
  return { ...open(createPostgresBackend, shared, perform, onError), ready: () => true, end: () => pool.end() };
}

function open<B extends IQueueBackend, C>(
  backend: BackendFactory<B, C>,
  options: QueueOptions<C>,
  perform: Perform,
  onError: (error: Error) => void,
) {
  const classes = withBackend(backend);
  const queue = new classes.Queue<Pointer>(NAME, options);
  const worker = new classes.Worker<Pointer>(NAME, perform, { ...WORKER, ...options });
  queue.on('error', onError);
  worker.on('error', onError);
  return { queue, worker };
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
