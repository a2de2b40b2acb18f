// `renders@1` as a plugin uses it: on real clips, through the real sandbox and FFmpeg.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { descendants } from '@plinth/sandbox/test/clips.ts';
import type { Render } from '@plinth/sdk/services/renders.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { Page } from '../testing/page.ts';
import { aClip, FAILING, filmLab, SLOW, SQUARE, submit, toldTo } from './renders-site.ts';

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
let dataDir: string;
let port: number;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'plinth-renders-'));
  const plugins = [filmLab(), filmLab('other-lab')];
  kernel = await createTestKernel({ plugins, config: { workSlots: 1, dataDir } });
  site = await kernel.tenant();
  ana = await site.person();
  ({ port } = await kernel.kernel.listen());
});
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true, force: true });
});

const look = async (renderId: string, person = ana) =>
  (await person.get<Render>(`/api/film-lab/renders/${renderId}`)).body;

async function done(renderId: string, person = ana): Promise<Render> {
  await kernel.settle();
  return look(renderId, person);
}

const begun = (renderId: string, person = ana) =>
  vi.waitFor(async () => expect((await look(renderId, person)).progress).toBeGreaterThan(0), { timeout: 20_000 });

const objectsOf = async (tenant = site) =>
  (await kernel.kernel.storage.listOf(tenant.id, 'film-lab')).map(({ id }) => id);

const filesAtWork = () =>
  readdirSync(join(dataDir, 'work'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

test('a plugin has a clip rendered, and gets an object of its own', async () => {
  const objectId = await aClip(kernel, site);
  const { renderId, state } = await submit(ana, { effects: [SQUARE], objectId });
  expect(state).toBe('waiting');
  const render = await done(renderId);
  expect(render).toMatchObject({ state: 'done', progress: 1, result: { width: 64, height: 48, frames: 25, fps: 25 } });
  const { result } = render;
  const object = await kernel.kernel.storage.stat(site.id, result?.objectId ?? '');
  const facts = { plugin: 'film-lab', accountId: ana.accountId, visibility: 'private', type: 'video/mp4' };
  expect(object).toMatchObject(facts);
  // What is made is kept for an hour, until the row says that it is done.
  expect(object?.expiresAt).toBeUndefined();
  expect(await topLeft(result?.objectId ?? '')).toEqual('red');
  expect(await toldTo(site, renderId)).toMatchObject({
    event: { renderId, plugin: 'film-lab', result },
    by: { kind: 'system', onBehalfOf: ana.accountId },
  });
  expect(await toldTo(site, renderId, 'other-lab')).toBeUndefined();
  expect((await ana.get(`/api/kernel/work/${renderId}`)).body).toMatchObject({
    result: { objectId: result?.objectId },
  });
  const { body: listed } = await ana.get<{ items: object[] }>('/api/kernel/work');
  expect(listed.items[0]).toMatchObject({ workId: renderId, state: 'done' });
  expect(listed.items[0]).not.toHaveProperty('result');
});

async function topLeft(objectId: string): Promise<string> {
  const file = join(dataDir, 'look.mp4');
  writeFileSync(file, Buffer.concat(await (await kernel.kernel.storage.read(site.id, objectId)).toArray()));
  const one = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const rgb = execFileSync('ffmpeg', ['-v', 'error', '-i', file, ...one]);
  const [red = 0, green = 0, blue = 0] = rgb.subarray(3 * (5 * 64 + 5));
  return red > 200 && green < 60 && blue < 60 ? 'red' : `${red} ${green} ${blue}`;
}

test('a part of a clip, in another size, or one picture of it', async () => {
  const objectId = await aClip(kernel, site);
  const part = { from: 0.2, to: 0.6, size: { width: 32, height: 24 }, keepSeconds: 3600, name: 'part.mp4' };
  const [video, picture] = [
    await submit(ana, { effects: [SQUARE], objectId, more: part }),
    await submit(ana, { effects: [SQUARE], objectId, more: { at: 0.5 } }),
  ];
  const { result } = await done(video.renderId);
  expect(result).toMatchObject({ width: 32, height: 24, frames: 10, seconds: 0.4 });
  const object = await kernel.kernel.storage.stat(site.id, result?.objectId ?? '');
  expect(object).toMatchObject({ name: 'part.mp4', expiresAt: result?.expiresAt });
  expect(await done(picture.renderId)).toMatchObject({ state: 'done', result: { type: 'image/png', frames: 1 } });
});

test('several effects are played one over the other, each with its own params', async () => {
  const objectId = await aClip(kernel, site);
  const green = {
    file: 'green.py',
    text: 'from plinth import effect, color\n@effect(title="Green", params={"fill": color("#0000ff")})\ndef frame(f):\n    f.canvas.rect(0, 0, 16, 16, fill=f.params.fill)\n',
    params: { fill: '#ff0000' },
  };
  const { renderId } = await submit(ana, {
    effects: [{ ...SQUARE, text: SQUARE.text.replace('#f00', '#0f0') }, green],
    objectId,
  });
  const { result, error } = await done(renderId);
  expect(error).toBeUndefined();
  expect(await topLeft(result?.objectId ?? '')).toEqual('red');
});

test('a param names a picture by its object, and nobody else’s', async () => {
  const objectId = await aClip(kernel, site);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="red"/></svg>';
  const put = (plugin: string) => kernel.kernel.storage.put(site.id, Readable.from([Buffer.from(svg)]), { plugin });
  const logo = {
    file: 'logo.ts',
    text: `import { effect, image } from '@plinth/sdk/effect';
export default effect({ title: 'Logo', params: { logo: image() }, frame({ canvas, params }) { canvas.image(params.logo, 0, 0, 16, 16); } });`,
  };
  const render = async (picture: { readonly id: string }) => {
    const effects = [{ ...logo, images: { logo: picture.id } }];
    return done((await submit(ana, { effects, objectId })).renderId);
  };
  const { result } = await render(await put('film-lab'));
  expect(await topLeft(result?.objectId ?? '')).toEqual('red');
  expect(await render(await put('other-lab'))).toMatchObject({
    ...{ state: 'failed', error: { code: 'kernel.picture_missing', detail: 'It is that of the param "logo".' } },
  });
});

test('whoever submitted a render sees how far it is, and nobody else does', async () => {
  const tom = await site.person();
  const open = (token: string | undefined) =>
    new Page(port, site.host.replace('.localhost', ''), ['plinth.v1', `bearer.${token}`]);
  const objectId = await aClip(kernel, site, { seconds: 2 });
  const { renderId } = await submit(ana, { effects: [SLOW], objectId });
  const [hers, his] = [open(ana.token), open(tom.token)];
  const name = `kernel/renders/${renderId}`;
  expect(await hers.join(name)).toMatchObject({ type: 'joined' });
  expect(await his.join(name)).toMatchObject({ type: 'error' });
  const told = (fits: (event: { state: string; progress: number; fps?: number }) => boolean) =>
    hers.hears('event', ({ event }) => fits(event as { state: string; progress: number; fps?: number }));
  await told(({ state, progress, fps = 0 }) => state === 'running' && progress > 0 && progress < 1 && fps > 0);
  await told(({ state, progress }) => state === 'done' && progress === 1);
  expect(his.told.filter(({ type }) => type === 'event')).toEqual([]);
  for (const page of [hers, his]) page.socket.terminate();
});

test('a render that is cancelled stops at once, and nothing of it is left', async () => {
  const before = {
    processes: descendants(),
    objects: [...(await objectsOf()), await aClip(kernel, site, { seconds: 8 })],
  };
  const { renderId } = await submit(ana, { effects: [SLOW], objectId: before.objects.at(-1) });
  await begun(renderId);
  expect(descendants().length).toBeGreaterThan(before.processes.length);
  expect(filesAtWork().length).toBeGreaterThan(0);
  const asked = performance.now();
  await ana.post(`/api/film-lab/renders/${renderId}/cancel`);
  await vi.waitFor(async () => expect((await look(renderId)).state).toBe('cancelled'), {
    timeout: 10_000,
    interval: 20,
  });
  const took = performance.now() - asked;
  if (process.env.SHOW_FIGURES) process.stderr.write(`cancelled within ${took.toFixed(0)} ms\n`);
  expect(took).toBeLessThan(5_000);
  expect(descendants().filter((pid) => !before.processes.includes(pid))).toEqual([]);
  expect(filesAtWork()).toEqual([]);
  expect((await objectsOf()).toSorted()).toEqual(before.objects.toSorted());
  await kernel.settle();
  expect(await toldTo(site, renderId)).toMatchObject({
    event: { state: 'cancelled', error: { code: 'kernel.work_cancelled' } },
  });
});

test('a failing effect says its file, line and column', async () => {
  const objectId = await aClip(kernel, site);
  const failed = await submit(ana, { effects: [FAILING], objectId });
  const unread = await submit(ana, {
    effects: [{ file: 'torn.ts', text: 'export default effect({\n  title: }' }],
    objectId,
  });
  const place = { file: 'failing.ts', line: 6, column: 28 };
  const error = { code: 'render.effect_failed', detail: 'Error: no third frame', frame: 3, place };
  expect(await done(failed.renderId)).toMatchObject({ state: 'failed', error });
  expect(await toldTo(site, failed.renderId)).toMatchObject({ event: { state: 'failed', error } });
  expect(await look(unread.renderId)).toMatchObject({ error: { place: { file: 'torn.ts', line: 2, column: 10 } } });
  // Nobody tries that again.
  expect(await kernel.count(`select from kernel.work where state = 'failed' and attempts > 1`)).toBe(0);
});

test('what is no video is refused with a sentence', async () => {
  const text = Readable.from([Buffer.from('once upon a time')]);
  const { id } = await kernel.kernel.storage.put(site.id, text, { plugin: 'film-lab' });
  const { renderId } = await submit(ana, { effects: [SQUARE], objectId: id });
  expect(await done(renderId)).toMatchObject({
    error: { code: 'render.not_a_video', detail: 'It is a text file.', fix: expect.any(String) },
  });
});

test('an effect is checked without a clip', async () => {
  const check = async (effect: object) => (await ana.post('/api/film-lab/checks', effect)).body;
  expect(await check(SQUARE)).toMatchObject({ ok: true, title: 'Square', drawnFrames: 30, pixelFrames: 0 });
  expect(await check(FAILING)).toMatchObject({ ok: false, error: { frame: 3, place: { line: 6 } } });
});

test('a plugin renders only what is its own, and sees only its own renders', async () => {
  const objectId = await aClip(kernel, site, { plugin: 'other-lab' });
  const asked = { effects: [SQUARE], objectId };
  expect(await ana.post('/api/film-lab/renders', asked)).toMatchObject({
    status: 404,
    body: { code: 'kernel.clip_missing' },
  });
  const { renderId } = await submit(ana, asked, 'other-lab');
  expect(await ana.get(`/api/film-lab/renders/${renderId}`)).toMatchObject({ status: 404 });
  expect(await ana.post(`/api/film-lab/renders/${renderId}/cancel`)).toMatchObject({ status: 404 });
  await kernel.settle();
  const { body } = await ana.get<{ items: Render[] }>('/api/film-lab/renders');
  expect(body.items.map((render) => render.renderId)).not.toContain(renderId);
});

test('one site can neither see, cancel nor use what is of another', async () => {
  const elsewhere = await kernel.tenant();
  const eve = await elsewhere.person({ roles: ['owner'] });
  const objectId = await aClip(kernel, site);
  const { renderId } = await submit(ana, { effects: [SQUARE], objectId });
  for (const url of [`/api/film-lab/renders/${renderId}`, `/api/kernel/work/${renderId}`])
    expect([(await eve.get(url)).status, (await eve.post(`${url}/cancel`)).status]).toEqual([404, 404]);
  expect(await eve.post('/api/film-lab/renders', { effects: [SQUARE], objectId })).toMatchObject({ status: 404 });
  expect((await eve.get('/api/kernel/work')).body).toMatchObject({ items: [] });
  const page = new Page(port, elsewhere.host.replace('.localhost', ''), ['plinth.v1', `bearer.${eve.token}`]);
  expect(await page.join(`kernel/renders/${renderId}`)).toMatchObject({ type: 'error' });
  page.socket.terminate();
  const { result } = await done(renderId);
  expect(result).toBeDefined();
  expect(await kernel.kernel.storage.stat(elsewhere.id, result?.objectId ?? '')).toBeUndefined();
  expect(await toldTo(elsewhere, renderId)).toBeUndefined();
});

test('people see and cancel their own; whoever looks after the site sees all', async () => {
  const [tom, owner] = [await site.person(), await site.person({ roles: ['owner'] })];
  await site.disable('film-lab');
  const objectId = await aClip(kernel, site);
  const asked = { kind: 'renders.render', plugin: 'film-lab', spec: { effects: [SQUARE], objectId } };
  const { workId } = await kernel.kernel.work.submit(site.id, { ...asked, accountId: tom.accountId });
  const url = `/api/kernel/work/${workId}`;
  expect(await tom.get(url)).toMatchObject({ status: 200, body: { workId, kind: 'renders.render', state: 'waiting' } });
  expect((await ana.get(url)).status).toBe(404);
  expect((await owner.get(url)).status).toBe(200);
  const listed = async (person: TestPerson) =>
    (await person.get<{ items: { accountId?: string }[] }>('/api/kernel/work?limit=200')).body.items;
  expect(new Set((await listed(tom)).map(({ accountId }) => accountId))).toEqual(new Set([tom.accountId]));
  expect((await listed(owner)).length).toBeGreaterThan((await listed(tom)).length);
  expect((await ana.post(`${url}/cancel`)).status).toBe(404);
  expect(await tom.post(`${url}/cancel`)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  await site.enable('film-lab');
});

test('who has too much on the way is refused, and told what to do', async () => {
  const eager = await site.person();
  const { work } = kernel.kernel;
  // Of a kind that nobody does, so that they wait.
  const waiting = { kind: 'renders.later', plugin: 'film-lab', accountId: eager.accountId, spec: {} };
  const all = await Promise.all(Array.from({ length: 20 }, () => work.submit(site.id, waiting)));
  const asked = { effects: [SQUARE], objectId: await aClip(kernel, site) };
  const refused = await eager.post('/api/film-lab/renders', asked);
  expect(refused).toMatchObject({
    status: 403,
    body: { code: 'kernel.over_quota', fix: expect.stringContaining('cancel') },
  });
  await work.cancel(site.id, { workId: all[0]?.workId ?? '' });
  expect((await submit(eager, asked)).state).toBe('waiting');
});

test('where its plugin is switched off, a render waits until it is on again', async () => {
  const objectId = await aClip(kernel, site);
  const other = await kernel.tenant();
  const blocker = await submit(await other.person(), { effects: [SLOW], objectId: await aClip(kernel, other) });
  const { renderId } = await submit(ana, { effects: [SQUARE], objectId });
  await site.disable('film-lab');
  await kernel.settle();
  const rows = (state: string) =>
    kernel.count(`select from kernel.work where id in ('${renderId}', '${blocker.renderId}') and state = '${state}'`);
  expect([await rows('done'), await rows('waiting')]).toEqual([1, 1]);
  await site.enable('film-lab');
  expect(await done(renderId)).toMatchObject({ state: 'done' });
});
