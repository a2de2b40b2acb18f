// Files through a whole kernel: its front, its accounts, a plugin, events and jobs.
import { randomBytes } from 'node:crypto';
import { definePlugin, event } from '@plinth/sdk';
import { Storage, UploadFinished } from '@plinth/sdk/services/storage.ts';
import { Type } from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const heard: { objectId: string; plugin: string }[] = [];
const album = definePlugin({
  id: 'album',
  version: '1.0.0',
  kernel: '*',
  title: 'Album',
  summary: 'Keeps pictures.',
  needs: { storage: Storage },
  emits: { kept: event('album.kept@1', Type.Object({})) },
  capabilities: ['storage:read', 'storage:write'],
  contributes: (plugin) => [
    plugin.on(UploadFinished, 'keep', async (_ctx, { objectId, plugin: owner }) => {
      heard.push({ objectId, plugin: owner });
    }),
    plugin.route(
      'POST /pictures',
      {
        auth: 'user',
        body: Type.Object({ bytes: Type.Integer() }),
        reply: Type.Object({ objectId: Type.String(), url: Type.String(), expiresAt: Type.String() }),
      },
      (ctx, { body }) => ctx.storage.createUpload({ bytes: body.bytes, purpose: 'picture', keepSeconds: 3600 }),
    ),
    plugin.route(
      'GET /pictures/:id/link',
      { auth: 'user', reply: Type.Object({ url: Type.String(), expiresAt: Type.String() }) },
      (ctx, { params }) => ctx.storage.signUrl({ objectId: params.id, seconds: 600 }),
    ),
  ],
});

let kernel: TestKernel;
let site: TestTenant;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [album] });
  site = await kernel.tenant();
});
afterAll(() => kernel[Symbol.asyncDispose]());

test('a picture goes from a page to a plugin and back to anyone with a link, until it expires', async () => {
  const ann = await site.person();
  const bytes = randomBytes(50_000);
  const made = await ann.post<{ objectId: string; url: string }>('/api/album/pictures', { bytes: bytes.length });
  const { objectId, url } = made.body;
  const sent = await ann.send('PATCH', url, bytes, {
    'tus-resumable': '1.0.0',
    'upload-offset': '0',
    'content-type': 'application/offset+octet-stream',
  });
  expect([sent.status, sent.headers['upload-offset']]).toEqual([204, '50000']);
  await kernel.settle();
  expect(heard).toEqual([{ objectId, plugin: 'album' }]);

  const link = await ann.get<{ url: string }>(`/api/album/pictures/${objectId}/link`);
  const whole = await site.anyone().get(link.body.url, { 'accept-encoding': 'gzip, br' });
  // Types like this one are compressed elsewhere; here a length, an ETag and ranges are about the bytes as they are.
  expect(whole).toMatchObject({
    status: 200,
    headers: { 'content-length': '50000', 'x-content-type-options': 'nosniff' },
  });
  expect(whole.headers['content-encoding']).toBeUndefined();
  const part = await site.anyone().get(link.body.url, { range: 'bytes=10-19' });
  expect(part).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 10-19/50000' } });
  expect((await site.anyone().get(`/api/kernel/storage/objects/${objectId}`)).status).toBe(404);
  expect((await (await kernel.tenant()).anyone().get(link.body.url)).status).toBe(403);

  await kernel.advance('80m');
  expect(await kernel.kernel.storage.stat(site.id, objectId)).toBeUndefined();
});
