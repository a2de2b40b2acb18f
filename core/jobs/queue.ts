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
export type Queue = Awaited<ReturnType<typeof openQueue>>;

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
};

/** Opens the queue, and begins to offer what is in it. */
export async function openQueue(
  backend: Backend,
  roles: DatabaseRoles,
  log: Log,
  perform: (pointer: Pointer) => Promise<void>,
) {
  const onError = (error: Error) => log.debug('queue-error', { error: String(error) });
  function open<B extends IQueueBackend, C>(factory: BackendFactory<B, C>, options: QueueOptions<C>) {
    const { Queue, Worker } = withBackend(factory);
    const queue = new Queue<Pointer>(NAME, { ...options, skipWaitingForReady: true });
    const worker = new Worker<Pointer>(NAME, ({ data }) => perform(data), { ...WORKER, ...options });
    queue.on('error', onError);
    worker.on('error', onError);
    return { queue, worker };
  }

  function onRedis(url: string) {
    const connection = new Redis(url, { maxRetriesPerRequest: null }).on('error', () => {});
    return {
      // In braces: on a cluster all keys of a queue must be on one node.
      ...open(createRedisBackend, { connection, prefix: `{${roles.prefix}}` }),
      ready: () => connection.status === 'ready',
      end: async () => connection.disconnect(),
    };
  }

  function onPostgres(pool: pg.Pool) {
    const connection = pool as unknown as PgPool;
    return { ...open(createPostgresBackend, { connection }), ready: () => true, end: () => pool.end() };
  }

  if (backend.kind === 'postgres') await migrateQueue(backend.owner, roles);
  const { queue, worker, ready, end } =
    backend.kind === 'redis' ? onRedis(backend.url) : onPostgres(queuePool(backend.connection, roles));
  // A queue that is away does not keep the node from starting: runs wait in their rows.
  await answered(worker.waitUntilReady()).catch((error: unknown) => log.warn('queue-away', { error: String(error) }));
  return {
    async push(pointers: readonly Pointer[]): Promise<void> {
      // Commands would pile up until it is back; the rows are where runs wait.
      if (!ready()) throw new Error('the queue is away');
      const jobs = pointers.map((data) => {
        // Pushed twice is there once.
        const jobId = `${data.runId}-${data.attempts}`;
        return { name: NAME, data, opts: { jobId, removeOnComplete: true, removeOnFail: true } };
      });
      await answered(queue.addBulk(jobs));
    },
    /** Stops offering, and waits for what is being done. */
    drain: () => worker.close(),
    async close(): Promise<void> {
      await worker.close(true);
      await queue.close();
      await end();
    },
  };
}

const answered = <T>(answer: Promise<T>) => inTime(answer, ANSWER_MS, 'the queue does not answer');

/** BullMQ's own connections. */
function queuePool(connection: pg.PoolConfig, { system }: DatabaseRoles): pg.Pool {
  const options = `-c role=${system} -c search_path=${SCHEMA} -c synchronous_commit=off`;
  const pool = new pg.Pool({ ...connection, max: 4, keepAlive: true, options });
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
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
