// `media@1` as a plugin uses it: on real files, through the real jail and FFmpeg.
import type { MediaWork } from '@plinth/sdk/services/media.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { aFilm, anObject, aTornFilm, darkroom, transcode } from './media-site.ts';

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [darkroom()], config: { workSlots: 2 } });
  site = await kernel.tenant();
  ana = await site.person();
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

test('a film becomes a ladder that a player can follow from one link', async () => {
  const objectId = await anObject(kernel, site, aFilm(5));
  const { mediaId, state } = await transcode(ana, objectId, { kind: 'hls', heights: [96, 108] }, { purpose: 'ladder' });
  expect(state).toBe('waiting');
  const work = await done(mediaId);
  expect(work).toMatchObject({ state: 'done', progress: 1, what: 'transcode', result: { source: { duration: 5 } } });
});

test('a torn file fails with a sentence, and nothing of it is left', async () => {
  const objectId = await anObject(kernel, site, aTornFilm());
  const before = await objectsOf();
  const { mediaId } = await transcode(ana, objectId, { kind: 'mp4' });
  expect(await done(mediaId)).toMatchObject({ state: 'failed', error: { code: 'render.damaged' } });
  expect(await objectsOf()).toBe(before);
});
