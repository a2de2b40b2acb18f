// A render in parts, by one slot and by two nodes: the same film as in one piece, and nothing left of the parts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Render } from '@plinth/sdk/services/renders.ts';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Kernel } from '../kernel.ts';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { aNodeBeside } from './renders-beside.ts';
import { aClip, filmLab, SLOW, SQUARE, submit } from './renders-site.ts';

vi.setConfig({ testTimeout: 90_000 });

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
let dataDir: string;
let others: Kernel[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'plinth-parts-'));
  others = [];
});
afterEach(async () => {
  await Promise.all(others.map((other) => other.stop()));
  await kernel?.[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A site on a node with one slot; and as many other nodes like it. */
async function open(parts: number, nodes = 0): Promise<void> {
  kernel = await createTestKernel({ plugins: [filmLab()], config: { workSlots: 1, dataDir }, renderParts: parts });
  site = await kernel.tenant();
  ana = await site.person();
  for (let node = 0; node < nodes; node++) others.push(await aNodeBeside(kernel, dataDir, parts));
}

const patience = { timeout: 60_000, interval: 50 };
const look = async (renderId: string) => (await ana.get<Render>(`/api/film-lab/renders/${renderId}`)).body;

async function ended(renderId: string): Promise<Render> {
  await vi.waitFor(async () => expect(['waiting', 'running']).not.toContain((await look(renderId)).state), patience);
  return look(renderId);
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly worker: string | undefined;
  readonly key: string | undefined;
}

async function query<R>(sql: string): Promise<R[]> {
  const client = new pg.Client(kernel.owner);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const partRows = () => query<Row>("select * from kernel.work where kind = 'renders.part' order by id");
const statesOf = (rows: readonly Row[]) => rows.map(({ state }) => state);
const objects = () => query("select id from kernel.storage_object where plugin = 'kernel'");
const directories = () =>
  readdirSync(join(dataDir, 'work')).flatMap((node) => readdirSync(join(dataDir, 'work', node)));

async function fileOf({ result }: Render): Promise<string> {
  const file = join(dataDir, `${result?.objectId}.mp4`);
  const read = await kernel.kernel.storage.read(site.id, result?.objectId ?? '');
  writeFileSync(file, Buffer.concat(await read.toArray()));
  return file;
}

/** Of each frame, in decibels. */
function likeness(one: string, other: string): number[] {
  const args = ['-v', 'info', '-i', one, '-i', other, '-lavfi', '[0:v][1:v]psnr=stats_file=-', '-f', 'null', '-'];
  const said = execFileSync('ffmpeg', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return [...said.matchAll(/psnr_avg:(\S+)/g)].map(([, value]) => (value === 'inf' ? 100 : Number(value)));
}

const soundOf = (file: string) =>
  execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a', '-f', 's16le', '-'], { maxBuffer: 1e8 });

/** A square that moves: a frame that is missing or told twice shows. */
const MOVING = {
  ...SQUARE,
  text: SQUARE.text.replace('rect(0, 0,', 'rect(index % 40, 0,').replace('{ canvas }', '{ canvas, index }'),
};

test('one slot alone finishes a render in parts, and nobody sees them', async () => {
  await open(3);
  const objectId = await aClip(kernel, site, { seconds: 2, sound: true });
  const { renderId } = await submit(ana, { effects: [MOVING], objectId });
  const render = await ended(renderId);
  expect(render).toMatchObject({ state: 'done', result: { frames: 50 } });
  expect(render.result?.why).toMatch(/^In 3 parts/);
  // Nobody had begun them, so they were taken back.
  expect(statesOf(await partRows())).toEqual(['cancelled', 'cancelled']);
  for (const url of ['/api/film-lab/renders', '/api/kernel/work'])
    expect((await ana.get<{ items: unknown[] }>(url)).body.items).toHaveLength(1);
  expect((await ana.get(`/api/kernel/work/${(await partRows())[0]?.id}`)).status).toBe(404);
  expect(directories()).toEqual([]);
});

test('two nodes share the parts, and the film is the same as in one piece', async () => {
  await open(3, 1);
  const objectId = await aClip(kernel, site, { seconds: 2, sound: true });
  const split = await ended((await submit(ana, { effects: [MOVING, SLOW], objectId })).renderId);
  expect(split).toMatchObject({ state: 'done', result: { frames: 50 } });
  expect(statesOf(await partRows())).toContain('done');
  await vi.waitFor(async () => expect(await objects()).toEqual([]), patience);
  expect(directories()).toEqual([]);

  await kernel.kernel.work.drain?.();
  await others[0]?.stop();
  others = [await aNodeBeside(kernel, dataDir, 1)];
  const whole = await ended((await submit(ana, { effects: [MOVING, SLOW], objectId })).renderId);
  expect(whole.result?.why).not.toMatch(/parts/);
  const [one, other] = [await fileOf(split), await fileOf(whole)];
  const alike = likeness(one, other);
  expect(alike).toHaveLength(50);
  expect(Math.min(...alike)).toBeGreaterThan(32);
  expect(soundOf(one).equals(soundOf(other))).toBe(true);
  expect(split.result?.provenance).toEqual(whole.result?.provenance);
});

test('a render that is cancelled takes its parts with it', async () => {
  await open(4, 1);
  const objectId = await aClip(kernel, site, { seconds: 8 });
  const { renderId } = await submit(ana, { effects: [SLOW], objectId });
  await vi.waitFor(async () => expect(statesOf(await partRows())).toContain('running'), patience);
  await vi.waitFor(async () => expect((await look(renderId)).progress).toBeGreaterThan(0), patience);
  await ana.post(`/api/film-lab/renders/${renderId}/cancel`);
  expect(await ended(renderId)).toMatchObject({ state: 'cancelled' });
  await vi.waitFor(async () => expect(new Set(statesOf(await partRows()))).toEqual(new Set(['cancelled'])), patience);
  await vi.waitFor(() => expect(directories()).toEqual([]), patience);
  expect(await objects()).toEqual([]);
});

test('what fails in a part of another node fails the render, with its place and its frame', async () => {
  await open(2, 1);
  const text = `import { effect } from '@plinth/sdk/effect';

export default effect({
  title: 'Failing',
  frame({ index, pixels: { data } }) {
    for (let turn = 0; turn < 4e6; turn++) data[0] = turn & 255;
    if (index === 40) throw new Error('no such frame');
  },
});`;
  const objectId = await aClip(kernel, site, { seconds: 2 });
  const { renderId } = await submit(ana, { effects: [{ file: 'failing.ts', text }], objectId });
  const place = { file: 'failing.ts', line: 7 };
  const error = { code: 'render.effect_failed', detail: 'Error: no such frame', frame: 40, place };
  expect(await ended(renderId)).toMatchObject({ state: 'failed', error });
  expect(statesOf(await partRows())).toEqual(['failed']);
  await vi.waitFor(() => expect(directories()).toEqual([]), patience);
});

test('what was made before its node went away is used by the next start', async () => {
  await open(3, 1);
  const objectId = await aClip(kernel, site, { seconds: 2 });
  const { renderId } = await submit(ana, { effects: [SLOW], objectId });
  await vi.waitFor(async () => expect(statesOf(await partRows())).toContain('done'), patience);
  const [made] = (await partRows()).filter(({ state }) => state === 'done');
  await query(`update kernel.work set worker = gen_random_uuid() where id = '${renderId}' and state = 'running'`);
  expect(await ended(renderId)).toMatchObject({ state: 'done', result: { frames: 50 } });
  const same = (await partRows()).filter(({ key }) => key === made?.key);
  expect(same.map(({ id, state }) => [id, state])).toEqual([[made?.id, 'done']]);
  await vi.waitFor(async () => expect(await objects()).toEqual([]), patience);
});

test('a part whose node goes away is made by another', async () => {
  await open(2, 1);
  const objectId = await aClip(kernel, site, { seconds: 4 });
  const { renderId } = await submit(ana, { effects: [SLOW], objectId });
  await vi.waitFor(async () => expect(statesOf(await partRows())).toEqual(['running']), patience);
  // As if it were in the hands of a node that says nothing any more.
  await query("update kernel.work set worker = gen_random_uuid() where kind = 'renders.part'");
  expect(await ended(renderId)).toMatchObject({ state: 'done', result: { frames: 100 } });
  await vi.waitFor(() => expect(directories()).toEqual([]), patience);
});

test('parts count against nobody’s quota, and another site is not behind them', async () => {
  await open(8);
  const objectId = await aClip(kernel, site, { seconds: 8 });
  const elsewhere = await kernel.tenant();
  const eve = await elsewhere.person();
  const hers = await aClip(kernel, elsewhere);
  const { renderId } = await submit(ana, { effects: [SLOW], objectId });
  await vi.waitFor(async () => expect(await partRows()).toHaveLength(7), patience);
  // With the render itself these are as many as one person may have.
  const later = { kind: 'renders.later', plugin: 'film-lab', accountId: ana.accountId, spec: {} };
  await Promise.all(Array.from({ length: 19 }, () => kernel.kernel.work.submit(site.id, later)));
  const asked = await submit(eve, { effects: [SQUARE], objectId: hers });
  others.push(await aNodeBeside(kernel, dataDir, 8));
  const look = async () => (await eve.get<Render>(`/api/film-lab/renders/${asked.renderId}`)).body.state;
  await vi.waitFor(async () => expect(await look()).toBe('done'), patience);
  const parts = (await partRows()).filter(({ key }) => key?.startsWith(renderId));
  expect(statesOf(parts)).not.toContain('done');
  await ana.post(`/api/film-lab/renders/${renderId}/cancel`);
  await ended(renderId);
});
