// One contract for the queue on PostgreSQL and on Redis: what a started node does with runs.
import { type Actor, type EnqueueOptions, type Job, job } from '@plinth/sdk';
import { Type } from 'typebox';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JobRun } from '../jobs/execution.ts';
import { createJobs, type JobsDeps } from '../jobs/jobs.ts';
import type { Backend } from '../jobs/queue.ts';
import { ADA, aHouse, type House, PLUGIN } from './rooms/house.ts';
import { aRedis, redisBinary, type Server } from './rooms/server.ts';

const SYSTEM: Actor = { kind: 'system' };
const realClock = { now: () => new Date() };

describe('on PostgreSQL', () => {
  contract(async (house) => ({
    kind: 'postgres',
    connection: { ...house.place.connection, user: house.database.roles.app },
    owner: house.place.connection,
  }));
});

describe.skipIf(!redisBinary)('on Redis', () => {
  let redis: Server;
  beforeAll(async () => {
    redis = await aRedis();
    return () => redis.stop();
  });
  // Tests share the server: what one left there means nothing to the next, whose rows are others.
  contract(async () => ({ kind: 'redis', url: redis.url }));

  test('runs that Redis forgot are pushed again', async () => {
    const house = await aHouse();
    const { promise: open, resolve: letThrough } = Promise.withResolvers<void>();
    const backend = { kind: 'redis', url: redis.url } as const;
    const { ran, enqueued, stop } = await nodeOn(house, backend, {}, () => open);
    await Promise.all(Array.from({ length: 40 }, () => enqueued()));
    const inQueue = "select id from kernel.job_run where state = 'waiting' and pushed_at is not null";
    await vi.waitFor(async () => expect(await house.owner(inQueue)).toHaveLength(24), { timeout: 10_000 });
    await redis.kill();
    redis.forget();
    await redis.revive();
    letThrough();
    await vi.waitFor(() => expect(new Set(ran.map((run) => run.runId)).size).toBe(40), { timeout: 20_000 });
    expect(ran).toHaveLength(40);
    await stop();
    await house.close();
  }, 30_000);
});

async function nodeOn(
  house: House,
  backend: Backend,
  over: Partial<JobsDeps> = {},
  handler?: (run: JobRun) => Promise<void>,
  options: Partial<Job> = {},
) {
  const { database, log } = house;
  const jobs = createJobs({ database, clock: realClock, log, backend, enabled: () => true, ...over });
  const ran: JobRun[] = [];
  await jobs.define({
    plugin: PLUGIN,
    name: 'settle',
    job: { ...job(Type.Object({})), ...options },
    run: async (run) => {
      ran.push(run);
      await handler?.(run);
    },
  });
  await jobs.start?.();
  return {
    jobs,
    ran,
    async enqueued(more: EnqueueOptions = {}) {
      const { runId } = await database.plugin(PLUGIN, ADA, (_tx, client) =>
        jobs.enqueue(client, {
          tenantId: ADA,
          plugin: PLUGIN,
          job: 'settle',
          data: {},
          actor: SYSTEM,
          requestId: '',
          ...more,
        }),
      );
      jobs.nudge();
      return runId;
    },
    stop: async () => {
      await jobs.drain?.();
      await jobs.stop?.();
    },
  };
}

function contract(backendOf: (house: House) => Promise<Backend>) {
  let house: House;
  let backend: Backend;
  const nodes: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    house = await aHouse();
    backend = await backendOf(house);
    return async () => {
      for (const node of nodes.splice(0)) await node.stop();
      await house.close();
    };
  });

  async function aNode(
    handler?: (run: JobRun) => Promise<void>,
    options: Partial<Job> = {},
    over: Partial<JobsDeps> = {},
  ) {
    const node = await nodeOn(house, backend, over, handler, options);
    nodes.push(node);
    return node;
  }

  test('nodes that start at the same moment all start', async () => {
    const [one, two, three] = await Promise.all([aNode(), aNode(), aNode()]);
    await Promise.all([one.enqueued(), two.enqueued(), three.enqueued()]);
    await eventually(async () => expect(await states()).toEqual({ done: 3 }));
  });

  const states = async () =>
    Object.fromEntries(
      (await house.owner('select state, count(*)::int from kernel.job_run group by state')).map((row) => [
        row.state,
        row.count,
      ]),
    );
  const eventually = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

  test('a run starts soon after its transaction has committed', async () => {
    const { ran, enqueued } = await aNode();
    const began = performance.now();
    await enqueued();
    await eventually(() => expect(ran).toHaveLength(1));
    expect(performance.now() - began).toBeLessThan(900);
    await eventually(async () => expect(await states()).toEqual({ done: 1 }));
  });

  test('five hundred runs on two nodes each start once', async () => {
    const one = await aNode(async (run) => void (await run.progress(0.5)));
    const two = await aNode();
    await Promise.all(Array.from({ length: 500 }, (_, i) => (i % 2 ? one : two).enqueued()));
    await eventually(async () => expect(await states()).toEqual({ done: 500 }));
    const ids = [...one.ran, ...two.ran].map((run) => run.runId);
    expect(ids).toHaveLength(500);
    expect(new Set(ids).size).toBe(500);
    expect(one.ran.length).toBeGreaterThan(0);
    expect(two.ran.length).toBeGreaterThan(0);
  });

  test('a delayed and a failing run come when they are due', async () => {
    let failures = 0;
    const { ran, enqueued } = await aNode(async () => {
      if (failures++ === 0) throw new Error('not yet');
    });
    await enqueued({ delay: '1s' });
    await eventually(async () => expect(await states()).toEqual({ done: 1 }));
    expect(ran.map((run) => run.attempt)).toEqual([1, 2]);
  });

  test('a run that is cancelled while it runs is told so', async () => {
    const { jobs, ran, enqueued } = await aNode(
      (run) => new Promise((_resolve, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason))),
    );
    const runId = await enqueued();
    await eventually(() => expect(ran).toHaveLength(1));
    const service = jobs.provides?.[0]?.handlers;
    await service?.cancel?.({ tenant: { id: ADA }, caller: PLUGIN } as never, { runId } as never);
    await eventually(async () => expect(await states()).toEqual({ cancelled: 1 }));
  });

  test('what a silent node was running is started by another', async () => {
    const { ran, enqueued } = await aNode();
    const silent = '0192f000-0000-7000-8000-0000000000ff';
    await house.owner(`insert into kernel.member values ($1, 'jobs')`, [silent]);
    const runId = await enqueued({ delay: '1h' });
    await house.owner(
      `update kernel.job_run set state = 'running', worker = $1, attempts = 1, run_at = now() where id = $2`,
      [silent, runId],
    );
    await eventually(() => expect(ran.map((run) => run.attempt)).toEqual([2]));
  });

  test('a node that stops lets its runs finish, or gives them back without counting the attempt', async () => {
    const { promise: open, resolve: letThrough } = Promise.withResolvers<void>();
    const first = await nodeOn(house, backend, {}, () => open);
    await first.enqueued();
    await eventually(() => expect(first.ran).toHaveLength(1));
    const stopping = first.stop();
    letThrough();
    await stopping;
    expect(await states()).toEqual({ done: 1 });

    const second = await nodeOn(
      house,
      backend,
      {},
      (run) => new Promise((_resolve, reject) => run.signal.addEventListener('abort', reject)),
    );
    await second.enqueued();
    await eventually(() => expect(second.ran).toHaveLength(1));
    await second.jobs.stop?.();
    const { ran } = await aNode();
    await eventually(() => expect(ran.map((run) => run.attempt)).toEqual([1]));
  });

  test('cut connections are built again, and no run is lost', async () => {
    const { ran, enqueued } = await aNode(
      async (run) => void (await house.apply({ tenantId: ADA, eventId: run.runId, consumer: 'x/y' })),
    );
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 15; i++)
        await enqueued().then(
          (runId) => acknowledged.push(runId),
          () => {},
        );
      await house.owner(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = '${house.database.roles.app}'`);
    }
    expect(acknowledged.length).toBeGreaterThan(30);
    await eventually(async () => expect(Object.keys(await states())).toEqual(['done']));
    expect(new Set(ran.map((run) => run.runId)).isSupersetOf(new Set(acknowledged))).toBe(true);
  }, 30_000);

  test('a run that the rows give to another is broken off', async () => {
    const { ran, enqueued } = await aNode(
      (run) => new Promise((_resolve, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason))),
    );
    const runId = await enqueued();
    await eventually(() => expect(ran).toHaveLength(1));
    await house.owner(`update kernel.job_run set attempts = 9, worker = null, state = 'done' where id = $1`, [runId]);
    await eventually(() => expect(ran[0]?.signal.aborted).toBe(true));
    expect(await states()).toEqual({ done: 1 });
  });
}
