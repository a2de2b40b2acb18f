// The queue of heavy work: whose turn it is, what a dead node costs, and what is left of it.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, Problem } from '@plinth/sdk';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Work } from '../work/item.ts';
import type { Bench, WorkKind } from '../work/kind.ts';
import { createWork, type WorkDeps } from '../work/work.ts';
import { ADA, aHouse, BOB, type House } from './rooms/house.ts';

let house: House;
let dataDir: string;
const nodes: { stop?(): Promise<void> }[] = [];

beforeEach(async () => {
  house = await aHouse();
  dataDir = mkdtempSync(join(tmpdir(), 'plinth-work-'));
  return async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop?.()));
    await house.close();
    rmSync(dataDir, { recursive: true });
  };
});

const clock = { now: () => new Date() };

/** A node that is not started yet. */
function aNode(deps: Partial<WorkDeps> = {}) {
  const changes: Work[] = [];
  const work = createWork({
    ...{ database: house.database, clock, log: house.log, dataDir, slots: 1, enabled: () => true },
    onChange: (change) => changes.push(change),
    ...deps,
  });
  nodes.push(work);
  return Object.assign(work, { changes });
}

interface Start {
  readonly work: Work;
  readonly bench: Bench;
  readonly finish: (result?: unknown) => void;
  readonly fail: (error: Error) => void;
}

/** Work whose end a test decides. It stops when it is told to. */
function byHand(more: Partial<WorkKind> = {}) {
  const starts: Start[] = [];
  const kind: WorkKind = {
    kind: 'clay.pot',
    run: (work, bench) =>
      new Promise((resolve, reject) => {
        bench.signal.addEventListener('abort', () => reject(new Error('told to stop')));
        starts.push({ work, bench, finish: (result = {}) => resolve(result), fail: reject });
      }),
    ...more,
  };
  const begun = async (count: number): Promise<Start> => {
    await vi.waitFor(() => expect(starts.length).toBeGreaterThanOrEqual(count), { timeout: 10_000 });
    const start = starts[count - 1];
    if (!start) throw new Error('not begun');
    return start;
  };
  return { kind, starts, begun };
}

/** Work that is done at once, and the order in which it was. */
function atOnce() {
  const order: unknown[] = [];
  const kind: WorkKind = { kind: 'clay.pot', run: async ({ spec }) => void order.push(spec) };
  return { kind, order };
}

const pot = { kind: 'clay.pot', plugin: 'pottery', spec: {} };
const [eve, tom] = [newId(), newId()];

async function whenEnded(node: ReturnType<typeof aNode>, workId: string, tenantId = ADA): Promise<Work> {
  const ended = async () => {
    const work = await node.find(tenantId, { workId });
    expect(['done', 'failed', 'cancelled']).toContain(work.state);
    return work;
  };
  return vi.waitFor(ended, { timeout: 10_000 });
}

test('work is done, with its progress and its result, in a directory that is gone then', async () => {
  const node = aNode();
  const { kind, begun } = byHand();
  node.define(kind);
  await node.start?.();
  const { workId, state } = await node.submit(ADA, { ...pot, spec: { height: 3 } });
  expect(state).toBe('waiting');
  const { bench, work, finish } = await begun(1);
  expect(work).toMatchObject({ workId, state: 'running', attempts: 1, spec: { height: 3 } });
  writeFileSync(join(bench.directory, 'shard'), 'clay');
  bench.progress({ fraction: 0.5, note: 'half a pot', fps: 12, secondsLeft: 4 });
  await vi.waitFor(async () =>
    expect(await node.find(ADA, { workId })).toMatchObject({
      progress: 0.5,
      note: 'half a pot',
      fps: 12,
      secondsLeft: 4,
    }),
  );
  finish({ pots: 1 });
  expect(await whenEnded(node, workId)).toMatchObject({ state: 'done', progress: 1, result: { pots: 1 } });
  expect(existsSync(bench.directory)).toBe(false);
  await vi.waitFor(() => expect(node.changes.map(({ state }) => state)).toEqual(['running', 'done']));
});

test('the site with the fewest running goes first, then the one that was served longest ago', async () => {
  const node = aNode();
  const { kind, order } = atOnce();
  node.define(kind);
  // Ten people: a site is not served more often because it has more of them.
  for (let index = 0; index < 10; index++) await node.submit(ADA, { ...pot, accountId: newId(), spec: `ada ${index}` });
  await node.submit(BOB, { ...pot, spec: 'bob 0' });
  await node.submit(BOB, { ...pot, spec: 'bob 1' });
  await node.settle();
  expect(order.slice(0, 5)).toEqual(['ada 0', 'bob 0', 'ada 1', 'bob 1', 'ada 2']);
  expect(order).toHaveLength(12);
});

test('a site that has some running waits for a site that has none, also if that was served later', async () => {
  const node = aNode({ slots: 3 });
  const { kind, begun } = byHand();
  node.define(kind);
  await node.start?.();
  for (let index = 1; index <= 2; index++) {
    await node.submit(ADA, pot);
    await begun(index);
  }
  await node.submit(BOB, pot);
  const third = await begun(3);
  await node.submit(ADA, pot);
  const { workId } = await node.submit(BOB, pot);
  third.finish();
  expect((await begun(4)).work.workId).toBe(workId);
});

test('within a site people take turns too', async () => {
  const node = aNode();
  const { kind, order } = atOnce();
  node.define(kind);
  for (let index = 0; index < 3; index++) await node.submit(ADA, { ...pot, accountId: eve, spec: `eve ${index}` });
  await node.submit(ADA, { ...pot, accountId: tom, spec: 'tom 0' });
  await node.submit(ADA, { ...pot, spec: 'the site' });
  await node.settle();
  expect(order).toEqual(['eve 0', 'tom 0', 'the site', 'eve 1', 'eve 2']);
});

test('what waits and is cancelled never starts', async () => {
  const node = aNode();
  const { kind, order } = atOnce();
  node.define(kind);
  const { workId } = await node.submit(ADA, pot);
  expect(await node.cancel(ADA, { workId })).toMatchObject({
    state: 'cancelled',
    error: { code: 'kernel.work_cancelled' },
  });
  await node.settle();
  expect(order).toEqual([]);
  // It stays as it is.
  expect(await node.cancel(ADA, { workId })).toMatchObject({ state: 'cancelled' });
});

test('what runs on another node stops when it is cancelled, and leaves nothing', async () => {
  const [front, back] = [aNode({ slots: 0 }), aNode()];
  const { kind, begun } = byHand();
  for (const node of [front, back]) {
    node.define(kind);
    await node.start?.();
  }
  const { workId } = await front.submit(ADA, pot);
  const { bench } = await begun(1);
  writeFileSync(join(bench.directory, 'shard'), 'clay');
  await front.cancel(ADA, { workId });
  expect(await whenEnded(front, workId)).toMatchObject({ state: 'cancelled' });
  expect(bench.signal.aborted).toBe(true);
  expect(existsSync(bench.directory)).toBe(false);
});

test('what was done but cancelled in the same moment is discarded', async () => {
  const node = aNode();
  const discarded: unknown[] = [];
  const { kind, begun } = byHand({ discard: async (_work, result) => void discarded.push(result) });
  node.define(kind);
  await node.start?.();
  const { workId } = await node.submit(ADA, pot);
  const { finish } = await begun(1);
  // Told through the row alone, as by a node whose ring was lost.
  await house.owner('update kernel.work set cancelling = true');
  finish({ pots: 1 });
  expect(await whenEnded(node, workId)).toMatchObject({ state: 'cancelled' });
  await vi.waitFor(() => expect(discarded).toEqual([{ pots: 1 }]));
});

test('a failure is final, and told in the words of the problem', async () => {
  const node = aNode();
  const { kind, begun, starts } = byHand();
  node.define(kind);
  await node.start?.();
  const fail = async (error: Error, count: number) => {
    const { workId } = await node.submit(ADA, pot);
    (await begun(count)).fail(error);
    return whenEnded(node, workId);
  };
  const spec = { status: 422, title: 'The pot broke.', fix: 'Use less water.' };
  const error = { code: 'sandbox.threw', message: 'crack', file: 'pot.ts', line: 3, column: 7 };
  const broke = new Problem('clay.broke', spec, { detail: 'It was wet.', error, frame: 12 });
  expect(await fail(broke, 1)).toMatchObject({
    state: 'failed',
    attempts: 1,
    error: {
      ...{ code: 'clay.broke', title: 'The pot broke.', detail: 'It was wet.', fix: 'Use less water.', frame: 12 },
      place: { file: 'pot.ts', line: 3, column: 7 },
    },
  });
  // What is nobody's business stays in the log.
  const ours = await fail(new Error('ENOENT: /var/lib/secret'), 2);
  expect(JSON.stringify(ours)).not.toContain('secret');
  expect(ours).toMatchObject({ state: 'failed', error: { code: 'kernel.internal' } });
  expect(starts).toHaveLength(2);
});

test('work of a node that went away is begun again, and given up when three have', async () => {
  const node = aNode();
  const { kind, begun } = byHand();
  const ended: string[] = [];
  node.define({ ...kind, ended: async (_client, { state }) => void ended.push(state) });
  await node.start?.();
  const { workId } = await node.submit(ADA, pot);
  expect((await begun(1)).work.attempts).toBe(1);
  // As if nodes had it that say nothing any more: first one, then the third.
  await house.owner("update kernel.work set worker = gen_random_uuid() where state = 'running'");
  expect((await begun(2)).work.attempts).toBe(2);
  await house.owner("update kernel.work set worker = gen_random_uuid(), attempts = 3 where state = 'running'");
  expect(await whenEnded(node, workId)).toMatchObject({ state: 'failed', error: { code: 'kernel.work_lost' } });
  expect(ended).toEqual(['failed']);
});

test('a node that stops gives back what it has in hand, and that start does not count', async () => {
  const [first, second] = [aNode(), aNode()];
  const { kind, begun } = byHand();
  first.define(kind);
  await first.start?.();
  const { workId } = await first.submit(ADA, pot);
  const { bench } = await begun(1);
  await first.stop?.();
  expect(bench.signal.aborted).toBe(true);
  expect(await second.find(ADA, { workId })).toMatchObject({ state: 'waiting', attempts: 0 });
  second.define(kind);
  await second.start?.();
  const again = await begun(2);
  expect(again.work).toMatchObject({ workId, attempts: 1 });
  again.finish();
  await whenEnded(second, workId);
  expect(readdirSync(join(dataDir, 'work'))).toHaveLength(1);
});

test('what a dead node left on the disk is removed', async () => {
  const left = join(dataDir, 'work', newId(), 'abcdef');
  mkdirSync(left, { recursive: true });
  await aNode().start?.();
  await vi.waitFor(() => expect(existsSync(left)).toBe(false), { timeout: 5_000 });
});

test('work of a plugin that is off waits, and lets others pass', async () => {
  const off = new Set(['pottery']);
  const node = aNode({ enabled: (tenantId, plugin) => !(tenantId === ADA && off.has(plugin)) });
  const { kind, order } = atOnce();
  node.define(kind);
  await node.submit(ADA, { ...pot, spec: 'ada' });
  await node.submit(ADA, { ...pot, plugin: 'glass', spec: 'glass' });
  await node.submit(BOB, { ...pot, spec: 'bob' });
  await node.settle();
  expect(order).toEqual(['glass', 'bob']);
  off.clear();
  await node.settle();
  expect(order).toEqual(['glass', 'bob', 'ada']);
});

test('a key makes a second submission find the first, until that failed', async () => {
  const node = aNode();
  const { kind, begun } = byHand();
  node.define(kind);
  const first = await node.submit(ADA, { ...pot, key: 'vase' });
  expect(await node.submit(ADA, { ...pot, key: 'vase' })).toEqual(first);
  expect((await node.submit(BOB, { ...pot, key: 'vase' })).workId).not.toBe(first.workId);
  await node.start?.();
  (await begun(1)).fail(new Error('no'));
  await whenEnded(node, first.workId);
  expect((await node.submit(ADA, { ...pot, key: 'vase' })).workId).not.toBe(first.workId);
});

test('so many may be on their way for one person, and one site', async () => {
  const node = aNode({ slots: 0 });
  const submit = (accountId: string | undefined, tenantId = ADA) => node.submit(tenantId, { ...pot, accountId });
  for (let index = 0; index < 20; index++) await submit(eve);
  await expect(submit(eve)).rejects.toMatchObject({
    code: 'kernel.over_quota',
    fix: expect.stringContaining('cancel'),
  });
  const { items } = await node.list(ADA, { accountId: eve });
  await node.cancel(ADA, { workId: items[0]?.workId ?? '' });
  await submit(eve);
  // Each would fit, but not all: they take turns at what is left.
  await node.cancel(ADA, { workId: items[1]?.workId ?? '' });
  const all = await Promise.allSettled(Array.from({ length: 10 }, () => submit(eve)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await submit(tom);
  for (let index = 21; index < 200; index++) await submit(undefined);
  await expect(submit(undefined)).rejects.toMatchObject({ code: 'kernel.over_quota', extensions: { limit: 200 } });
  await submit(undefined, BOB);
});

test('so much may be made in a day, as far as it was made', async () => {
  let today = new Date('2030-05-05T12:00:00Z');
  const node = aNode({ clock: { now: () => today } });
  const hours = (spec: unknown) => 3_600 * Number(spec);
  node.define({
    kind: 'clay.pot',
    async run({ spec }, { spend, progress }) {
      await spend(hours(spec));
      if (hours(spec) === 7_200) {
        progress({ fraction: 0.5 });
        await vi.waitFor(async () => expect((await node.list(ADA, { state: 'running' })).items[0]?.progress).toBe(0.5));
        throw new Error('half way');
      }
    },
  });
  const make = async (spec: number) => {
    const { workId } = await node.submit(ADA, { ...pot, accountId: eve, spec });
    await node.settle();
    return node.find(ADA, { workId });
  };
  expect((await make(1)).state).toBe('done');
  // It broke when one of its two hours was made.
  expect((await make(2)).state).toBe('failed');
  expect(await make(3)).toMatchObject({
    state: 'failed',
    error: { code: 'kernel.over_quota', detail: 'You have 7200 s of 14400 s left today.', fix: expect.any(String) },
  });
  expect((await make(1.5)).state).toBe('done');
  expect((await make(0.5)).state).toBe('done');
  await expect(make(1)).rejects.toMatchObject({ code: 'kernel.over_quota' });
  today = new Date('2030-05-06T00:00:01Z');
  expect((await make(3)).state).toBe('done');
});

test('progress that is no number spoils nobody’s day', async () => {
  const node = aNode();
  node.define({
    kind: 'clay.pot',
    async run(_work, { spend, progress }) {
      await spend(60);
      progress({ fraction: Number.NaN, note: 'nothing of nothing' });
      await vi.waitFor(async () => expect((await node.list(ADA, {})).items[0]?.note).toBeDefined());
      throw new Error('broken');
    },
  });
  const { workId } = await node.submit(ADA, { ...pot, accountId: eve });
  await node.settle();
  expect(await node.find(ADA, { workId })).toMatchObject({ state: 'failed', progress: 0 });
  expect((await node.submit(ADA, { ...pot, accountId: eve })).state).toBe('waiting');
});

test('whoever deletes their account has nothing on its way any more', async () => {
  const node = aNode();
  const { kind, starts, begun } = byHand();
  node.define(kind);
  const mine = [await node.submit(ADA, { ...pot, accountId: eve }), await node.submit(ADA, { ...pot, accountId: eve })];
  const toms = await node.submit(ADA, { ...pot, accountId: tom });
  await node.start?.();
  const { bench } = await begun(1);
  await node.forgetPerson(ADA, eve);
  await vi.waitFor(() => expect(bench.signal.aborted).toBe(true));
  await begun(2);
  expect(starts.map(({ work }) => work.workId)).toEqual([mine[0]?.workId, toms.workId]);
  expect((await node.list(ADA, { accountId: eve, state: 'waiting' })).items).toEqual([]);
});

test('texts that PostgreSQL would refuse go in and out', async () => {
  const node = aNode();
  const odd = 'zero \0 and half \ud800';
  node.define({ kind: 'clay.pot', run: async ({ spec }) => ({ same: spec === odd, [odd]: odd }) });
  const { workId } = await node.submit(ADA, { ...pot, spec: odd });
  await node.settle();
  const clean = 'zero  and half \ufffd';
  expect(await node.find(ADA, { workId })).toMatchObject({ state: 'done', result: { same: true, [clean]: clean } });
});

test('two nodes share the work, and each is done once', async () => {
  const done: string[] = [];
  const kind: WorkKind = { kind: 'clay.pot', run: async ({ workId }) => void done.push(workId) };
  const both = [aNode({ slots: 2 }), aNode({ slots: 2 })];
  for (const node of both) {
    node.define(kind);
    await node.start?.();
  }
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, index) => both[index % 2]?.submit(index % 3 ? ADA : BOB, pot)),
  );
  await vi.waitFor(() => expect(done).toHaveLength(40), { timeout: 15_000 });
  expect(new Set(done)).toEqual(new Set(all.map((work) => work?.workId)));
});

test('two nodes that take something in the same moment do not both serve the same site', async () => {
  const nodes = [aNode(), aNode()];
  const { kind, starts, begun } = byHand();
  for (const node of nodes) {
    node.define(kind);
    await node.start?.();
  }
  for (let round = 1; round <= 8; round++) {
    const [crowded, small] = [newId(), newId()];
    // In one commit: nobody is to see less than all three.
    await house.database.spanning(async (_tx, client) => {
      await nodes[0]?.submitIn(client, crowded, { ...pot, accountId: eve });
      await nodes[0]?.submitIn(client, crowded, { ...pot, accountId: tom });
      await nodes[0]?.submitIn(client, small, { ...pot, accountId: eve });
    });
    for (const node of nodes) node.nudge();
    await begun(3 * round - 1);
    const served = starts.slice(3 * round - 3, 3 * round - 1).map(({ work }) => work.tenantId);
    expect(new Set(served)).toEqual(new Set([crowded, small]));
    for (let count = 3 * round - 2; count <= 3 * round; count++) (await begun(count)).finish();
    await vi.waitFor(async () =>
      expect(await house.owner("select from kernel.work where state <> 'done'")).toEqual([]),
    );
  }
});

test('figures say what waits, and for how long', async () => {
  const node = aNode({ slots: 0 });
  node.define({ kind: 'clay.pot', run: async () => undefined });
  expect(await node.figures()).toEqual([{ kind: 'clay.pot', waiting: 0, running: 0, oldestMs: 0 }]);
  await node.submit(ADA, pot);
  await house.owner("update kernel.work set created_at = now() - interval '1 minute'");
  const [figures] = await node.figures();
  expect(figures).toMatchObject({ kind: 'clay.pot', waiting: 1, running: 0 });
  expect(figures?.oldestMs).toBeGreaterThan(59_000);
});
