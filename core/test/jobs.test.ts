// Jobs from the transaction that enqueued them to their end, with time under the test's control: no queue is needed.
import { type Actor, type EnqueueOptions, type Job, job } from '@plinth/sdk';
import { Type } from 'typebox';
import { beforeEach, expect, test, vi } from 'vitest';
import type { JobRun, RunNotice } from '../jobs/execution.ts';
import { createJobs, type JobsDeps } from '../jobs/jobs.ts';
import { TestClock } from '../testing/clock.ts';
import { ADA, aHouse, BOB, type House, PLUGIN } from './rooms/house.ts';

let house: House;
let clock: TestClock;

beforeEach(async () => {
  house = await aHouse();
  clock = new TestClock();
  return () => house.close();
});

const SYSTEM: Actor = { kind: 'system' };
const Any = Type.Record(Type.String(), Type.Unknown());

function aNode(over: Partial<JobsDeps> = {}) {
  const { database, log, place } = house;
  const backend = { kind: 'postgres', connection: place.connection, owner: place.connection } as const;
  return createJobs({ database, clock, log, backend, enabled: () => true, ...over });
}

type Node = ReturnType<typeof aNode>;

/** A job that keeps its runs. */
async function defined(
  jobs: Node,
  handler?: (run: JobRun) => Promise<void>,
  options: Partial<Job> = {},
  name = 'settle',
) {
  const ran: JobRun[] = [];
  await jobs.define({
    plugin: PLUGIN,
    name,
    job: { ...job(Any), ...options },
    run: async (run) => {
      ran.push(run);
      await handler?.(run);
    },
  });
  return ran;
}

function enqueued(
  jobs: Node,
  options: EnqueueOptions & { data?: unknown; actor?: Actor; tenantId?: string; name?: string } = {},
) {
  const { data = {}, actor = SYSTEM, tenantId = ADA, name = 'settle', ...rest } = options;
  return house.database
    .plugin(PLUGIN, tenantId, (_tx, client) =>
      jobs.enqueue(client, { tenantId, plugin: PLUGIN, job: name, data, actor, requestId: 'r-1', ...rest }),
    )
    .then(({ runId }) => runId);
}

async function rowOf(runId: string) {
  const [row] = await house.owner('select * from kernel.job_run where id = $1', [runId]);
  return row;
}

const broken = () => Promise.reject(new Error('the bank is closed'));

test('a run gets its data and who enqueued it, and ends as done', async () => {
  const jobs = aNode();
  const ran = await defined(jobs);
  const person: Actor = {
    kind: 'person',
    accountId: BOB,
    credential: { kind: 'key', id: 'k' },
    permissions: new Set(['x']),
    operator: false,
  };
  const runId = await enqueued(jobs, { data: { day: 'Monday' }, actor: person });
  await jobs.settle();
  expect(ran).toHaveLength(1);
  expect(ran[0]).toMatchObject({
    tenantId: ADA,
    runId,
    data: { day: 'Monday' },
    actor: { kind: 'person', accountId: BOB },
    requestId: 'r-1',
    attempt: 1,
  });
  expect(await rowOf(runId)).toMatchObject({ state: 'done', progress: 1, attempts: 1, worker: null });
});

test('a run that was enqueued in a transaction that failed never starts', async () => {
  const jobs = aNode();
  const ran = await defined(jobs);
  const attempt = house.database.plugin(PLUGIN, ADA, async (_tx, client) => {
    await jobs.enqueue(client, {
      tenantId: ADA,
      plugin: PLUGIN,
      job: 'settle',
      data: {},
      actor: SYSTEM,
      requestId: '',
    });
    throw new Error('changed my mind');
  });
  await expect(attempt).rejects.toThrow('changed my mind');
  await jobs.advance('1d');
  expect(ran).toEqual([]);
});

test('a delayed run starts when its time has come', async () => {
  const jobs = aNode();
  const ran = await defined(jobs);
  await enqueued(jobs, { delay: '3d' });
  await jobs.advance('71h');
  expect(ran).toEqual([]);
  await jobs.advance('1h');
  expect(ran).toHaveLength(1);
});

test('the same key finds the same run until it fails', async () => {
  const jobs = aNode();
  let working = false;
  await defined(jobs, () => (working ? Promise.resolve() : broken()), { attempts: 1 });
  const first = await enqueued(jobs, { key: 'monday' });
  expect(await enqueued(jobs, { key: 'monday' })).toBe(first);
  expect(await enqueued(jobs, { key: 'monday', tenantId: BOB })).not.toBe(first);
  await jobs.settle();
  working = true;
  const second = await enqueued(jobs, { key: 'monday' });
  expect(second).not.toBe(first);
  await jobs.settle();
  expect(await enqueued(jobs, { key: 'monday' })).toBe(second);
});

test('two transactions with the same key agree on one run', async () => {
  const jobs = aNode();
  const ids = await Promise.all(Array.from({ length: 10 }, () => enqueued(jobs, { key: 'monday' })));
  expect(new Set(ids).size).toBe(1);
  expect(await house.owner('select id from kernel.job_run')).toHaveLength(1);
});

test('a failing run is tried again later and later, then it is failed and says why', async () => {
  const jobs = aNode();
  const times: number[] = [];
  await defined(
    jobs,
    () => {
      times.push(clock.now().getTime());
      return broken();
    },
    { attempts: 3 },
  );
  const runId = await enqueued(jobs);
  await jobs.advance('1d');
  const [first = 0, second = 0, third = 0] = times;
  expect(times).toHaveLength(3);
  expect(second - first).toBeGreaterThanOrEqual(1_000);
  expect(second - first).toBeLessThanOrEqual(1_200);
  expect(third - second).toBeGreaterThanOrEqual(4_000);
  expect(third - second).toBeLessThanOrEqual(4_800);
  expect(await rowOf(runId)).toMatchObject({
    state: 'failed',
    attempts: 3,
    error: expect.stringContaining('the bank is closed'),
  });
  expect(house.logged.filter((event) => event.startsWith('job-'))).toEqual(['job-failed', 'job-failed', 'job-dead']);
});

test('a failed run can be tried again with all its attempts', async () => {
  const jobs = aNode();
  const ran = await defined(jobs, broken, { attempts: 2 });
  const runId = await enqueued(jobs);
  await jobs.advance('1h');
  expect(ran).toHaveLength(2);
  await retryOf(jobs, runId);
  await jobs.advance('1h');
  expect(ran.map((run) => run.attempt)).toEqual([1, 2, 1, 2]);
});

test('steps that are finished are not repeated, and keep their results', async () => {
  const jobs = aNode();
  const done: string[] = [];
  const results: unknown[] = [];
  let attempts = 0;
  await defined(jobs, async (run) => {
    const charged = await run.step('charge', async () => {
      done.push('charge');
      return { at: new Date(0), cents: 5 };
    });
    results.push(charged);
    await run.step('thank', async () => void done.push('thank'));
    if (++attempts < 3) await broken();
    await run.step('close', async () => void done.push('close'));
  });
  await enqueued(jobs);
  await jobs.advance('1h');
  expect(done).toEqual(['charge', 'thank', 'close']);
  const asJson = { at: '1970-01-01T00:00:00.000Z', cents: 5 };
  expect(results).toEqual([asJson, asJson, asJson]);
});

test('when a run finally fails, its finished steps are undone in reverse', async () => {
  const jobs = aNode();
  const undone: unknown[] = [];
  const runs = await defined(
    jobs,
    async (run) => {
      await run.step(
        'reserve',
        async () => 'seat 5',
        async (seat) => void undone.push(seat),
      );
      await run.step('note', async () => 'nothing to undo');
      await run.step(
        'charge',
        async () => 7,
        async (cents) => void undone.push(cents),
      );
      await run.step('ship', broken, async () => void undone.push('never shipped'));
    },
    { attempts: 2 },
  );
  const runId = await enqueued(jobs);
  await jobs.advance('1h');
  expect(runs).toHaveLength(2);
  expect(undone).toEqual([7, 'seat 5']);
  expect(await rowOf(runId)).toMatchObject({ state: 'failed' });
  expect(await house.owner('select name from kernel.job_step')).toEqual([{ name: 'note' }]);
});

test('a step whose effect was committed is not repeated, also when its node died before it could say so', async () => {
  const jobs = aNode();
  let died = false;
  const results: unknown[] = [];
  await defined(jobs, async (run) => {
    const result = await run.step('charge', async () => {
      const cents = await house.database.plugin(PLUGIN, ADA, async (_tx, client) => {
        await client.query('insert into meter.effect (tenant_id, cause) values ($1, $2)', [ADA, 'charge']);
        await run.commit(client, 7);
        return 7;
      });
      if (!died) {
        died = true;
        throw new Error('died right after the commit');
      }
      return cents;
    });
    results.push(result);
  });
  await enqueued(jobs);
  await jobs.advance('1h');
  expect(await house.effects()).toEqual(['charge']);
  expect(results).toEqual([7]);
});

test('a run that takes too long is told to stop and tried again', async () => {
  const jobs = aNode();
  let first: AbortSignal | undefined;
  const ran = await defined(
    jobs,
    async (run) => {
      if (first) return;
      first = run.signal;
      await new Promise((_resolve, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason)));
    },
    { timeout: '50ms' },
  );
  const runId = await enqueued(jobs);
  await jobs.advance('1h');
  expect(first?.aborted).toBe(true);
  expect(ran).toHaveLength(2);
  expect(await rowOf(runId)).toMatchObject({ state: 'done', attempts: 2 });
});

test('a run waits while its plugin is switched off, and starts when it is on again', async () => {
  let on = false;
  const jobs = aNode({ enabled: async () => on });
  const ran = await defined(jobs);
  const runId = await enqueued(jobs);
  await jobs.advance('30d');
  expect(ran).toEqual([]);
  expect(await rowOf(runId)).toMatchObject({ state: 'waiting', attempts: 0 });
  on = true;
  await jobs.settle();
  expect(ran).toHaveLength(1);
});

test('a run waits while no node knows its job', async () => {
  const jobs = aNode();
  await enqueued(jobs);
  await jobs.settle();
  const ran = await defined(jobs);
  await jobs.settle();
  expect(ran).toHaveLength(1);

  await jobs.remove(PLUGIN);
  const runId = await enqueued(jobs);
  await jobs.settle();
  expect(ran).toHaveLength(1);
  await jobs.forget(PLUGIN);
  expect(await rowOf(runId)).toMatchObject({ state: 'cancelled' });
});

test('a repeated job runs once per interval in every tenant where it is on', async () => {
  const jobs = aNode({ enabled: (tenantId) => tenantId === ADA });
  const times: string[] = [];
  await jobs.define({
    plugin: PLUGIN,
    name: 'tally',
    job: job(Type.Object({ top: Type.Integer({ default: 10 }) }), { every: '6h' }),
    run: async (run) => {
      expect(run.data).toEqual({ top: 10 });
      times.push(`${run.tenantId === ADA ? 'Ada' : 'Bob'} ${clock.now().toISOString()}`);
    },
  });
  await jobs.advance('1d');
  expect(times).toEqual(
    ['06', '12', '18'].map((hour) => `Ada 2030-01-01T${hour}:00:00.000Z`).concat('Ada 2030-01-02T00:00:00.000Z'),
  );
});

test('a repeated job that was due many times meanwhile runs once, and keeps its beat', async () => {
  const jobs = aNode();
  const times: string[] = [];
  await defined(
    jobs,
    async (run) => {
      if (run.tenantId === ADA) times.push(clock.now().toISOString());
    },
    {
      every: '1h',
    },
  );
  await jobs.settle();
  clock.advance('250m');
  await jobs.settle();
  await jobs.advance('1h');
  expect(times).toEqual(['2030-01-01T04:10:00.000Z', '2030-01-01T05:00:00.000Z']);
});

test('several nodes do not repeat what one has enqueued', async () => {
  const nodes = [aNode(), aNode(), aNode()];
  const runs = await Promise.all(nodes.map((node) => defined(node, undefined, { every: '1h' })));
  await nodes[0]?.settle();
  for (let hour = 0; hour < 5; hour++) {
    clock.advance('1h');
    await Promise.all(nodes.map((node) => node.settle()));
  }
  expect(runs.flat().filter((run) => run.tenantId === BOB)).toHaveLength(5);
});

test('a waiting run that is cancelled never starts', async () => {
  const jobs = aNode();
  const ran = await defined(jobs);
  const runId = await enqueued(jobs, { delay: '1h' });
  await cancelOf(jobs, runId);
  await jobs.advance('1d');
  expect(ran).toEqual([]);
  expect(await rowOf(runId)).toMatchObject({ state: 'cancelled' });
});

test('a run that is cancelled between two attempts undoes what it did', async () => {
  const jobs = aNode();
  const undone: unknown[] = [];
  let beyond = 0;
  await defined(jobs, async (run) => {
    await run.step(
      'reserve',
      async () => 'seat 5',
      async (seat) => void undone.push(seat),
    );
    await run.step('charge', () => {
      beyond++;
      return broken();
    });
  });
  const runId = await enqueued(jobs);
  await jobs.settle();
  await cancelOf(jobs, runId);
  await jobs.advance('1h');
  expect(undone).toEqual(['seat 5']);
  expect(beyond).toBe(1);
  expect(await rowOf(runId)).toMatchObject({ state: 'cancelled' });
});

test('a run whose nodes keep dying ends as failed, with its steps undone', async () => {
  const jobs = aNode();
  const undone: unknown[] = [];
  let after = 0;
  await defined(
    jobs,
    async (run) => {
      await run.step(
        'reserve',
        async () => 'seat 5',
        async (seat) => void undone.push(seat),
      );
      after++;
      await run.step('explode', async () => {});
    },
    { attempts: 2 },
  );
  const runId = await enqueued(jobs);
  await house.owner(`insert into kernel.job_step values ($1, $2, 'reserve', '{"value":"seat 5"}')`, [ADA, runId]);
  await house.owner(`update kernel.job_run set attempts = 2, error = 'The node that ran it went away.' where id = $1`, [
    runId,
  ]);
  await jobs.settle();
  expect(after).toBe(1);
  expect(undone).toEqual(['seat 5']);
  expect(await rowOf(runId)).toMatchObject({ state: 'failed', error: 'The node that ran it went away.' });
});

test('progress is kept in the row and told to whoever watches', async () => {
  const notices: RunNotice[] = [];
  const jobs = aNode({ onProgress: (notice) => void notices.push(notice) });
  let seen: unknown;
  await defined(jobs, async (run) => {
    await run.progress(0.25, 'reading');
    seen = await rowOf(run.runId);
    for (let i = 0; i < 100; i++) await run.progress(0.3);
    await run.progress(7);
  });
  const runId = await enqueued(jobs);
  await jobs.settle();
  expect(seen).toMatchObject({ state: 'running', progress: 0.25, note: 'reading' });
  expect(notices.length).toBeLessThan(10);
  expect(notices[0]).toEqual({
    tenantId: ADA,
    runId,
    state: 'running',
    progress: 0.25,
    note: 'reading',
  });
  expect(notices.slice(-2).map(({ state, progress }) => [state, progress])).toEqual([
    ['running', 1],
    ['done', 1],
  ]);
});

test('what undoes the steps of a cancelled run may commit, its handler may not', async () => {
  const jobs = aNode();
  const refused: unknown[] = [];
  const effect = (run: JobRun, cause: string) =>
    house.database.plugin(PLUGIN, ADA, async (_tx, client) => {
      await client.query('insert into meter.effect (tenant_id, cause) values ($1, $2)', [ADA, cause]);
      await run.commit(client, undefined);
    });
  const running = Promise.withResolvers<void>();
  await defined(jobs, async (run) => {
    await run.step(
      'reserve',
      () => effect(run, 'reserved'),
      () => effect(run, 'undone'),
    );
    running.resolve();
    await new Promise((resolve) => run.signal.addEventListener('abort', resolve));
    await effect(run, 'too late').catch((error) => refused.push(error));
  });
  const runId = await enqueued(jobs);
  const settled = jobs.settle();
  await running.promise;
  await cancelOf(jobs, runId);
  await jobs.start?.();
  await settled;
  await jobs.stop?.();
  expect(await house.effects()).toEqual(['reserved', 'undone']);
  expect(refused).toHaveLength(1);
  expect(await rowOf(runId)).toMatchObject({ state: 'cancelled' });
});

test('runs that are through are forgotten after their time, failed ones later', async () => {
  const jobs = aNode();
  let working = true;
  await defined(
    jobs,
    async (run) => {
      await run.step('one', async () => {});
      if (!working) await broken();
    },
    {
      attempts: 1,
    },
  );
  await enqueued(jobs);
  await jobs.settle();
  working = false;
  const failed = await enqueued(jobs);
  const later = await enqueued(jobs, { delay: '365d' });
  await jobs.settle();
  const left = async () => (await house.owner('select id from kernel.job_run order by id')).map((row) => row.id);
  const upkeep = async (expected: string[]) => {
    const node = aNode();
    await node.start?.();
    await vi
      .waitFor(async () => expect(await left()).toEqual(expected), { timeout: 10_000 })
      .finally(() => node.stop?.());
  };
  clock.advance('8d');
  await upkeep([failed, later]);
  clock.advance('21d');
  await upkeep([later]);
  expect(await house.owner('select * from kernel.job_step')).toEqual([]);
});

test('a plugin of one tenant cannot enqueue in another, nor see its runs', async () => {
  const jobs = aNode();
  await enqueued(jobs);
  await expect(
    house.database.plugin(PLUGIN, BOB, (_tx, client) =>
      jobs.enqueue(client, { tenantId: ADA, plugin: PLUGIN, job: 'settle', data: {}, actor: SYSTEM, requestId: '' }),
    ),
  ).rejects.toThrow('row-level security');
  const seen = await house.database.plugin(
    PLUGIN,
    BOB,
    async (_tx, client) => (await client.query('select * from kernel.job_run')).rows,
  );
  expect(seen).toEqual([]);
});

/** A person in front of the room's routes. */
function asking(jobs: Node, path: string, actor: Actor, permissions: string[] = []) {
  const call = { tenant: { id: ADA }, actor, can: (permission: string) => permissions.includes(permission) };
  const route = jobs.contributions?.find((each) => each.kind === 'route' && `${each.method} ${each.path}` === path);
  return (params: object, query: object = {}) =>
    route?.kind === 'route' ? route.handler(call, { params, query }) : undefined;
}

const retryOf = (jobs: Node, runId: string) =>
  asking(jobs, 'POST /jobs/:runId/retry', SYSTEM, ['kernel.jobs'])({ runId });
const cancelOf = (jobs: Node, runId: string) =>
  asking(jobs, 'POST /jobs/:runId/cancel', SYSTEM, ['kernel.jobs'])({ runId });

test('a run is shown to who enqueued it and to who may see all, and to nobody else', async () => {
  const jobs = aNode();
  await defined(jobs);
  const person = (accountId: string): Actor => ({
    kind: 'person',
    accountId,
    credential: { kind: 'key', id: 'k' },
    permissions: new Set(),
    operator: false,
  });
  const runId = await enqueued(jobs, { actor: person(BOB) });
  await jobs.settle();
  const show = 'GET /jobs/:runId';
  expect(await asking(jobs, show, person(BOB))({ runId })).toMatchObject({ runId, state: 'done', progress: 1 });
  expect(await asking(jobs, show, SYSTEM, ['kernel.jobs'])({ runId })).toMatchObject({ runId });
  await expect(asking(jobs, show, person(ADA))({ runId })).rejects.toMatchObject({ code: 'kernel.not_found' });
  await expect(asking(jobs, show, person(BOB))({ runId: '-'.repeat(36) })).rejects.toMatchObject({
    code: 'kernel.not_found',
  });
  await expect(asking(jobs, 'POST /jobs/:runId/cancel', person(ADA))({ runId })).rejects.toMatchObject({
    code: 'kernel.not_found',
  });
});

test('runs are listed newest first, in pages, and a plugin sees its own only', async () => {
  const jobs = aNode();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await enqueued(jobs));
  const service = jobs.provides?.[0]?.handlers;
  const call = (caller: string) => ({ tenant: { id: ADA }, caller }) as never;
  const first = (await service?.list?.(call(PLUGIN), { limit: 3 } as never)) as {
    items: { runId: string }[];
    next: string;
  };
  const rest = (await service?.list?.(call(PLUGIN), { after: first.next } as never)) as typeof first;
  expect([...first.items, ...rest.items].map((run) => run.runId)).toEqual(ids);
  expect(rest.next).toBeUndefined();
  expect(await service?.list?.(call('other'), {} as never)).toEqual({ items: [] });
  await expect(service?.status?.(call('other'), { runId: ids[0] } as never)).rejects.toMatchObject({
    code: 'kernel.not_found',
  });
  expect(await service?.status?.(call(PLUGIN), { runId: ids[0] } as never)).toMatchObject({ state: 'waiting' });
});
