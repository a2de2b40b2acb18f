// `media@1` as a plugin uses it: on real files, through the real jail and FFmpeg.
import { execFile } from 'node:child_process';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { IMAGE_BYTES } from '@plinth/sandbox/limits.ts';
import { newId } from '@plinth/sdk';
import type { MediaWork } from '@plinth/sdk/services/media.ts';
import type { Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { Page } from '../testing/page.ts';
import { WORK_QUOTAS } from '../work/quotas.ts';
import { aFilm, aMark, anObject, aText, aTornFilm, darkroom, pixelOf, transcode } from './media-site.ts';

const run = promisify(execFile);

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
let port: number;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [darkroom()], config: { workSlots: 2 } });
  site = await kernel.tenant();
  ana = await site.person();
  ({ port } = await kernel.kernel.listen());
});
afterAll(() => kernel?.[Symbol.asyncDispose]());

async function done(mediaId: string, person = ana): Promise<MediaWork> {
  await kernel.settle();
  return (await person.get<MediaWork>(`/api/darkroom/media/${mediaId}`)).body;
}

const objectsOf = async (plugin = 'darkroom') => (await kernel.kernel.storage.listOf(site.id, plugin)).length;

test('a plugin learns at once what a file is', async () => {
  const objectId = await anObject(kernel, site, aFilm());
  const { body } = await ana.get(`/api/darkroom/facts/${objectId}`);
  expect(body).toMatchObject({
    ...{ kind: 'video', duration: 1, width: 192, height: 108, video: { codec: 'h264', fps: 25, frames: 25 } },
    audio: [{ codec: 'aac', sampleRate: 48_000, channels: 1 }],
  });
});

interface Link {
  readonly url: string;
  readonly expiresAt: string;
}
const linkTo = async (mediaId: string, body: object = {}, person = ana) =>
  (await person.post<Link>(`/api/darkroom/media/${mediaId}/link`, body)).body;

describe('a film becomes a ladder', () => {
  let work: MediaWork;
  beforeAll(async () => {
    const objectId = await anObject(kernel, site, aFilm(5));
    const recipe: Recipe = { kind: 'hls', heights: [96, 108] };
    const { mediaId, state } = await transcode(ana, objectId, recipe, { purpose: 'ladder' });
    expect(state).toBe('waiting');
    work = await done(mediaId);
  });

  test('whose files are objects of the plugin, for good', async () => {
    expect(work).toMatchObject({ state: 'done', progress: 1, what: 'transcode', accountId: ana.accountId });
    const { files = [], source, bytes = 0 } = work.result ?? {};
    expect(source).toMatchObject({ kind: 'video', duration: 5 });
    expect(files.map(({ name }) => name)).toEqual([
      ...['master.m3u8', 'a-low.m3u8', 'a-high.m3u8', 'v96.m3u8', 'v108.m3u8'],
    ]);
    const [master] = files;
    const object = await kernel.kernel.storage.stat(site.id, master?.objectId ?? '');
    expect(object).toMatchObject({ plugin: 'darkroom', purpose: 'ladder', name: 'master.m3u8', visibility: 'private' });
    const ladder = (await kernel.kernel.storage.listOf(site.id, 'darkroom')).filter(
      ({ purpose }) => purpose === 'ladder',
    );
    // Of each of four streams the playlist, the beginning and two segments.
    expect(ladder).toHaveLength(1 + 4 * 4);
    expect(ladder.every(({ expiresAt }) => expiresAt === undefined)).toBe(true);
    expect(ladder.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes);
  });

  test('that a player follows from one link, without an account', async () => {
    const { url } = await linkTo(work.mediaId);
    const args = [
      '-v',
      'error',
      '-xerror',
      '-headers',
      `Host: ${site.host}\r\n`,
      '-i',
      `http://127.0.0.1:${port}${url}`,
    ];
    const counted = await run('ffmpeg', [...args, '-map', '0:v', '-map', '0:a', '-f', 'framecrc', '-']);
    const frames = (stream: number) => counted.stdout.match(new RegExp(`^${stream}, `, 'gm'))?.length ?? 0;
    expect([frames(0), frames(1)]).toEqual([125, 125]);
    expect(counted.stderr).toBe('');
  });

  test('served as what it is, to be kept by caches until the link ends', async () => {
    const { url } = await linkTo(work.mediaId, { seconds: 600 });
    const master = await site.anyone().get<string>(url);
    expect(master).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'application/vnd.apple.mpegurl',
        'cache-control': expect.stringMatching(/^public, max-age=\d+, immutable$/),
        'cross-origin-resource-policy': 'cross-origin',
      },
    });
    expect(master.body).toContain('#EXT-X-STREAM-INF');
    const beside = (name: string) => url.replace('master.m3u8', name);
    expect((await site.anyone().get(beside('v96-0000.m4s'))).headers['content-type']).toBe('video/mp4');
    const part = await site.anyone().get(beside('v96-0001.m4s'), { range: 'bytes=0-9' });
    expect(part).toMatchObject({ status: 206, headers: { 'content-length': '10' } });
    expect((await site.anyone().get(beside('nothing.m4s'))).status).toBe(404);
  });

  test('and nobody follows a link that was altered, is another site’s, or has ended', async () => {
    const { url, expiresAt } = await linkTo(work.mediaId, { seconds: 60 });
    const status = async (path: string) => (await site.anyone().get(path)).status;
    const other = await kernel.tenant();
    expect((await other.anyone().get(url)).status).toBe(403);
    const [, until = ''] = /\/(\d+)-/.exec(url) ?? [];
    expect(await status(url.replace(until, `${Number(until) + 60}`))).toBe(403);
    expect(await status(url.replace(work.mediaId, newId()))).toBe(403);
    expect(await status(url.replace(/-([\w-]{5})/, '-AAAAA'))).toBe(403);
    expect(await status(url)).toBe(200);
    // A link to the set is none to an object of the same id, and the other way round.
    const objects = `/api/kernel/storage/objects/${work.mediaId}?until=${until}&signature=${/-([\w-]{43})/.exec(url)?.[1]}`;
    expect(await status(objects)).toBe(403);
    kernel.clock.set(new Date(Date.parse(expiresAt) + 1_000).toISOString());
    expect(await status(url)).toBe(403);
  });

  test('of which the plugin is told, and can have all removed', async () => {
    const { body } = await ana.get<unknown[]>(`/api/darkroom/told/${work.mediaId}`);
    expect(body).toMatchObject([
      null,
      { event: { plugin: 'darkroom', what: 'transcode', result: { bytes: work.result?.bytes } } },
      null,
    ]);
    const { url } = await linkTo(work.mediaId);
    expect((await ana.delete(`/api/darkroom/media/${work.mediaId}`)).status).toBe(200);
    expect((await site.anyone().get(url)).status).toBe(404);
    const left = (await kernel.kernel.storage.listOf(site.id, 'darkroom')).filter(
      ({ purpose }) => purpose === 'ladder',
    );
    expect(left).toEqual([]);
  });
});

test('the lowest rung can be watched before the others are there', async () => {
  const objectId = await anObject(kernel, site, aFilm(3, '1280x720'));
  const recipe: Recipe = { kind: 'hls', heights: [96, 720], lowestFirst: true };
  const { mediaId } = await transcode(ana, objectId, recipe);
  const working = kernel.kernel.work.settle();
  const { url } = await vi.waitFor(
    async () => {
      const link = await linkTo(mediaId);
      expect(link.url).toBeDefined();
      return link;
    },
    { timeout: 15_000 },
  );
  const early = await site.anyone().get<string>(url);
  expect(early.headers['cache-control']).toBe('no-cache');
  expect(early.body.match(/^v\d+\.m3u8/gm)).toEqual(['v96.m3u8']);
  const before = (await ana.get<MediaWork>(`/api/darkroom/media/${mediaId}`)).body;
  expect(before.state).toBe('running');
  await working;
  await kernel.settle();
  const late = await site.anyone().get<string>(url);
  expect(late.body.match(/^v\d+\.m3u8/gm)).toEqual(['v96.m3u8', 'v720.m3u8']);
  const { body } = await ana.get<unknown[]>(`/api/darkroom/told/${mediaId}`);
  expect(body).toMatchObject([{ event: { mediaId, what: 'transcode' } }, { event: { mediaId } }, null]);
  // The playlist that was replaced is nobody's any more.
  const masters = (await kernel.kernel.storage.listOf(site.id, 'darkroom')).filter(
    ({ name }) => name === 'master.m3u8',
  );
  expect(masters).toHaveLength(1);
});

test('findings come together, in the result and as files', async () => {
  const objectId = await anObject(kernel, site, aFilm(2));
  const analysers = ['palette', 'audio.loudness', 'scenes', 'hash'];
  const { body } = await ana.post<MediaWork>('/api/darkroom/analyses', { objectId, analysers });
  const { result, ...work } = await done(body.mediaId);
  expect(work).toMatchObject({ state: 'done', what: 'analyse' });
  expect(Object.keys(result?.findings ?? {}).toSorted()).toEqual(analysers.toSorted());
  expect(result?.files.map(({ name }) => name)).toEqual(analysers.map((name) => `${name}.json`));
  const { url } = await linkTo(body.mediaId, { file: 'palette.json' });
  expect((await site.anyone().get(url)).body).toEqual(result?.findings?.palette);
  const wrong = await ana.post('/api/darkroom/analyses', { objectId, analysers: ['palette', 'horoscope'] });
  expect(wrong).toMatchObject({ status: 422, body: { code: 'kernel.no_analyser', detail: '"horoscope" is none.' } });
});

test('a picture has a palette too, and other rooms may look as well', async () => {
  const seen: number[] = [];
  kernel.kernel.media.register('pictures', {
    takes: ['pictures'],
    begin: ({ frames }) => ({ see: (_, frame) => void seen.push(frame), end: () => ({ frames, seen: seen.length }) }),
  });
  const picture = await anObject(kernel, site, aMark());
  const analysers = ['palette', 'hash', 'pictures'];
  const { body } = await ana.post<MediaWork>('/api/darkroom/analyses', { objectId: picture, analysers });
  const { state, result } = await done(body.mediaId);
  expect([state, result?.source.kind]).toEqual(['done', 'picture']);
  expect(JSON.stringify(result?.findings?.palette)).toMatch(/#f[c-f]0[0-3]f[c-f]/i);
  expect(result?.findings?.pictures).toEqual({ frames: 1, seen: 1 });
});

test('a page hears how far it is, and only the page of whoever asked', async () => {
  const tom = await site.person();
  const open = ({ token }: TestPerson) =>
    new Page(port, site.host.replace('.localhost', ''), ['plinth.v1', `bearer.${token}`]);
  const { mediaId } = await transcode(ana, await anObject(kernel, site, aFilm(2, '640x360')), { kind: 'mp4' });
  const [hers, his] = [open(ana), open(tom)];
  const ask = { type: 'join', channel: `kernel/media/${mediaId}` };
  expect(await hers.ask(ask)).toMatchObject({ type: 'joined' });
  expect(await his.ask(ask)).toMatchObject({ type: 'error' });
  await kernel.settle();
  const told = (state: string) => hers.hears('event', ({ event }) => (event as { state: string }).state === state);
  expect(await told('running')).toMatchObject({ event: { progress: expect.any(Number) } });
  expect(await told('done')).toMatchObject({ event: { progress: 1 } });
  for (const page of [hers, his]) page.socket.terminate();
});

describe('of work that comes to nothing, nothing is left', () => {
  test('a torn file fails with a sentence', async () => {
    const objectId = await anObject(kernel, site, aTornFilm());
    const before = await objectsOf();
    const { mediaId } = await transcode(ana, objectId, { kind: 'mp4' });
    expect(await done(mediaId)).toMatchObject({ state: 'failed', error: { code: 'render.damaged' } });
    expect(await objectsOf()).toBe(before);
    const { body } = await ana.get<unknown[]>(`/api/darkroom/told/${mediaId}`);
    expect(body).toMatchObject([null, null, { event: { state: 'failed', error: { code: 'render.damaged' } } }]);
    const text = await aText(kernel, site, 'Dear diary');
    expect((await ana.get(`/api/darkroom/facts/${text}`)).body).toMatchObject({
      code: 'render.not_media',
      status: 415,
    });
  });

  test('what is called off stops within a second, also when its lowest rung is there already', async () => {
    const objectId = await anObject(kernel, site, aFilm(6, '1280x720'));
    const before = await objectsOf();
    const recipe: Recipe = { kind: 'hls', heights: [96, 720], lowestFirst: true };
    const { mediaId } = await transcode(ana, objectId, recipe);
    const working = kernel.kernel.work.settle();
    await vi.waitFor(async () => expect((await linkTo(mediaId)).url).toBeDefined(), { timeout: 15_000 });
    expect(await objectsOf()).toBeGreaterThan(before);
    const asked = performance.now();
    await ana.post(`/api/darkroom/media/${mediaId}/cancel`);
    await working;
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect((await done(mediaId)).state).toBe('cancelled');
    expect(await objectsOf()).toBe(before);
    expect(await linkTo(mediaId)).toMatchObject({ code: 'kernel.media_file_missing' });
  });
});

describe('one plugin, one site and one person at a time', () => {
  test('what is another plugin’s or another site’s is not there', async () => {
    const objectId = await anObject(kernel, site, aFilm(), 'somebody-else');
    const missing = { status: 404, body: { code: 'kernel.media_missing' } };
    expect(await ana.post('/api/darkroom/transcodes', { objectId, recipe: { kind: 'mp4' } })).toMatchObject(missing);
    expect(await ana.post('/api/darkroom/analyses', { objectId, analysers: ['palette'] })).toMatchObject(missing);
    expect(await ana.get(`/api/darkroom/facts/${objectId}`)).toMatchObject(missing);
    const own = await anObject(kernel, site, aFilm());
    const watermark = { mark: { objectId } };
    expect(
      await ana.post('/api/darkroom/transcodes', { objectId: own, recipe: { kind: 'mp4', watermark } }),
    ).toMatchObject(missing);

    const stranger = await (await kernel.tenant()).person();
    expect(await stranger.get(`/api/darkroom/facts/${own}`)).toMatchObject(missing);
    const { mediaId } = await transcode(ana, own, { kind: 'image' });
    await kernel.settle();
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/cancel'],
      ['POST', '/link'],
    ] as const) {
      const body = method === 'POST' ? {} : undefined;
      expect((await stranger.send(method, `/api/darkroom/media/${mediaId}${path}`, body)).status).toBe(404);
    }
    await stranger.delete(`/api/darkroom/media/${mediaId}`);
    expect((await linkTo(mediaId)).url).toBeDefined();
    expect((await stranger.get<{ items: unknown[] }>('/api/darkroom/media')).body.items).toEqual([]);
  });

  test('a watermark of one’s own is burnt in', async () => {
    const mark = await anObject(kernel, site, aMark());
    const objectId = await anObject(kernel, site, aFilm());
    const watermark = { mark: { objectId: mark }, size: 0.5, opacity: 1, moving: false };
    const { mediaId } = await transcode(ana, objectId, { kind: 'mp4', watermark });
    const { result } = await done(mediaId);
    const bytes = await (await kernel.kernel.storage.read(site.id, result?.files[0]?.objectId ?? '')).toArray();
    expect(pixelOf(Buffer.concat(bytes), 140, 20)).toEqual([
      expect.closeTo(255, -1),
      expect.closeTo(0, -1.5),
      expect.closeTo(255, -1),
    ]);
  });

  test('a watermark has the size of a picture, not of a film', async () => {
    const huge = Readable.from([Buffer.alloc(IMAGE_BYTES + 1)]);
    const { id: mark } = await kernel.kernel.storage.put(site.id, huge, { plugin: 'darkroom' });
    const objectId = await anObject(kernel, site, aFilm());
    const recipe = { kind: 'mp4', watermark: { mark: { objectId: mark } } };
    expect(await ana.post('/api/darkroom/transcodes', { objectId, recipe })).toMatchObject({
      status: 413,
      body: { code: 'kernel.too_large' },
    });
  });

  test('the same key answers the same work', async () => {
    const objectId = await anObject(kernel, site, aFilm());
    const asked = [1, 2].map(() => transcode(ana, objectId, { kind: 'image' }, { key: 'poster-1' }));
    const [one, other] = await Promise.all(asked);
    expect(one?.mediaId).toBe(other?.mediaId);
  });

  test('a result may go by itself', async () => {
    const objectId = await anObject(kernel, site, aFilm());
    const { mediaId } = await transcode(ana, objectId, { kind: 'image' }, { keepSeconds: 3_600 });
    const { result } = await done(mediaId);
    const image = result?.files[0]?.objectId ?? '';
    expect(await kernel.kernel.storage.stat(site.id, image)).toBeDefined();
    await kernel.advance('2h');
    expect(await kernel.kernel.storage.stat(site.id, image)).toBeUndefined();
    expect(await linkTo(mediaId)).toMatchObject({ code: 'kernel.media_file_missing' });
  });

  test('nobody has more on its way than the quota lets them', async () => {
    const eve = await site.person();
    const objectId = await anObject(kernel, site, aFilm());
    const limit = WORK_QUOTAS.media?.person.open ?? 0;
    const asked = Array.from({ length: limit }, () => transcode(eve, objectId, { kind: 'image' }));
    const works = await Promise.all(asked);
    const refused = await eve.post('/api/darkroom/transcodes', { objectId, recipe: { kind: 'image' } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'kernel.over_quota', limit } });
    await transcode(ana, objectId, { kind: 'image' });
    for (const { mediaId } of works) await eve.post(`/api/darkroom/media/${mediaId}/cancel`);
  });
});

test('recipes are held against their schema', async () => {
  const objectId = await anObject(kernel, site, aFilm());
  for (const recipe of [
    { kind: 'gif' },
    { kind: 'mp4', height: 9 },
    { kind: 'hls', heights: [] },
    { kind: 'mp4', filter: 'x' },
  ]) {
    const { status, body } = await ana.post('/api/darkroom/transcodes', { objectId, recipe });
    expect([status, body.code], JSON.stringify(recipe)).toEqual([400, 'kernel.invalid_input']);
  }
});
