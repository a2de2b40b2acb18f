// Runs per second from the transaction that enqueues them to the row that says done, on each backend.
// The rival is plain BullMQ on the same backend, which has no transaction to be part of and no row to answer from.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { job } from '@plinth/sdk';
import { createPostgresBackend, type PgPool, Queue, Worker, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Type } from 'typebox';
import { createJobs } from '../core/jobs/jobs.ts';
import type { Backend } from '../core/jobs/queue.ts';
import { systemPart } from '../core/testing/system-part.ts';
import { Count, inParallel, openPlace, PLUGIN, type Place } from './place.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = 5;
const RUNS = 1_500;
const WRITERS = 16;
const AT_ONCE = 16;

interface Way {
  enqueue(): Promise<unknown>;
  onDone: () => void;
  stop(): Promise<void>;
}

export default async function jobs(): Promise<BenchResult> {
  const redis = await aRedis();
  // A database has its jobs in one queue, so each backend gets a database.
  const [place, other] = [await openPlace(), redis && (await openPlace())];
  const ways: Record<string, Way> = {
    postgres: await ours(place, {
      kind: 'postgres',
      connection: { ...place.owner, user: place.database.roles.app },
      owner: place.owner,
    }),
    postgresPlain: await plainOnPostgres(place),
    ...(redis && other
      ? { redis: await ours(other, { kind: 'redis', url: redis.url }), redisPlain: plainOnRedis(redis.url) }
      : {}),
  };
  const seen: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const perSecond = await flood(way);
      // The first round warms caches and the compiler.
      if (round === 0) continue;
      seen[name] ??= [];
      seen[name].push(perSecond);
    }
  }
  for (const way of Object.values(ways)) await way.stop();
  await redis?.stop();
  await place.close();
  await other?.close();
  const ratio = (name: string) =>
    median((seen[name] ?? []).map((value, round) => value / (seen[`${name}Plain`]?.[round] ?? Number.NaN)));
  return {
    ratio: { postgres: ratio('postgres'), ...(redis && other ? { redis: ratio('redis') } : {}) },
    medians: {
      ...Object.fromEntries(
        Object.entries(seen).map(([name, values]) => [`${name}PerSecond`, Math.round(median(values))]),
      ),
      ...(redis ? {} : { note: 'redis-server is not installed and was left out' }),
    },
  };
}

async function flood(way: Way): Promise<number> {
  const count = new Count(RUNS);
  way.onDone = () => count.one();
  const began = performance.now();
  await inParallel(RUNS, WRITERS, () => way.enqueue());
  await count.done;
  return RUNS / ((performance.now() - began) / 1000);
}

async function ours({ database, tenantId }: Place, backend: Backend): Promise<Way> {
  const way: Way = {
    onDone: () => {},
    async enqueue() {
      const run = {
        tenantId,
        plugin: PLUGIN,
        job: backend.kind,
        data: {},
        actor: { kind: 'system' },
        requestId: '',
      } as const;
      await database.plugin(PLUGIN, tenantId, (_tx, client) => room.enqueue(client, run));
      room.nudge();
    },
    async stop() {
      await room.drain?.();
      await room.stop?.();
    },
  };
  const log = { debug() {}, info() {}, warn: console.error, error: console.error };
  const room = createJobs({
    ...{ database, log, backend },
    clock: { now: () => new Date() },
    enabled: () => true,
    onProgress: ({ state }) => state === 'done' && way.onDone(),
  });
  await room.define({ plugin: PLUGIN, name: backend.kind, job: job(Type.Object({})), run: async () => {} });
  await room.start?.();
  return way;
}

async function plainOnPostgres({ owner }: Place): Promise<Way> {
  const pool = new pg.Pool({ ...owner, max: 20, keepAlive: true, options: '-c search_path=bullmq' });
  pool.on('error', () => {});
  const classes = withBackend(createPostgresBackend);
  const shared = { connection: pool as unknown as PgPool };
  const queue = new classes.Queue('plain', shared);
  return plain(
    queue,
    (work) => new classes.Worker('plain', work, { ...shared, concurrency: AT_ONCE }),
    () => pool.end(),
  );
}

function plainOnRedis(url: string): Way {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  return plain(
    new Queue('plain', { connection }),
    (work) => new Worker('plain', work, { connection, concurrency: AT_ONCE }),
    async () => connection.disconnect(),
  );
}

interface Bull {
  add(name: string, data: object, options: object): Promise<unknown>;
  close(): Promise<void>;
}
interface BullWorker {
  on(event: 'completed', listener: () => void): unknown;
  close(): Promise<void>;
}

function plain(queue: Bull, work: (handler: () => Promise<void>) => BullWorker, end: () => Promise<unknown>): Way {
  const worker = work(async () => {});
  const way: Way = {
    onDone: () => {},
    enqueue: () => queue.add('run', {}, { removeOnComplete: true }),
    async stop() {
      await worker.close();
      await queue.close();
      await end();
    },
  };
  worker.on('completed', () => way.onDone());
  return way;
}

async function aRedis(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const binary = systemPart('redis-server');
  if (!binary) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'plinth-redis-'));
  const url = join(directory, 'redis.sock');
  const child = spawn(
    binary,
    ['--port', '0', '--unixsocket', url, '--dir', directory, '--appendonly', 'yes', '--save', ''],
    { stdio: 'ignore' },
  );
  await sleep(500);
  return {
    url,
    async stop() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
      rmSync(directory, { recursive: true });
    },
  };
}
