// Media work that is called off, given away or fails at its very end: whose files stay, and that no others do.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@plinth/sdk';
import type { MediaWork } from '@plinth/sdk/services/media.ts';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { shelfOf } from '../media/shelf.ts';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { aFilm, anObject, darkroom, transcode } from './media-site.ts';

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [darkroom()], config: { workSlots: 2 } });
  site = await kernel.tenant();
  ana = await site.person();
});
afterAll(() => kernel?.[Symbol.asyncDispose]());
afterEach(() => vi.restoreAllMocks());

const sql = (text: string, values: unknown[] = []) =>
  kernel.kernel.database.spanning((_tx, client) => client.query(text, values));

/** What happens when the work has stored its `nth` file, and before it goes on. */
function afterPut(then: (nth: number) => Promise<unknown>): void {
  const { storage } = kernel.kernel;
  const put = storage.put;
  let count = 0;
  vi.spyOn(storage, 'put').mockImplementation(async (...args) => {
    const object = await put(...args);
    count += 1;
    await then(count);
    return object;
  });
}

const kept = async () => (await kernel.kernel.storage.listOf(site.id, 'darkroom')).length;
const statusOf = async (mediaId: string) => (await ana.get<MediaWork>(`/api/darkroom/media/${mediaId}`)).body;

test('nothing is left of what was called off when it was all but done', async () => {
  const objectId = await anObject(kernel, site, aFilm());
  const before = await kept();
  // Told through the row alone, as by a node whose ring was lost.
  afterPut(() => sql('update kernel.work set cancelling = true where tenant_id = $1', [site.id]));
  const { mediaId } = await transcode(ana, objectId, { kind: 'image' });
  await kernel.settle();
  expect(await statusOf(mediaId)).toMatchObject({ state: 'cancelled' });
  expect(await kept()).toBe(before);
});

test('who comes late takes nothing from who did it again meanwhile', async () => {
  const objectId = await anObject(kernel, site, aFilm());
  const before = await kept();
  const late = Promise.withResolvers<void>();
  afterPut(async (nth) => {
    if (nth > 1) return;
    // As if a node had it that says nothing any more.
    await sql('update kernel.work set worker = gen_random_uuid() where tenant_id = $1 and state = $2', [
      site.id,
      'running',
    ]);
    await late.promise;
  });
  const { mediaId } = await transcode(ana, objectId, { kind: 'image' });
  const done = async () => expect(await statusOf(mediaId)).toMatchObject({ state: 'done' });
  await vi.waitFor(done, { timeout: 15_000 });
  late.resolve();
  await kernel.settle();
  const [file] = (await statusOf(mediaId)).result?.files ?? [];
  expect(await kernel.kernel.storage.stat(site.id, file?.objectId ?? '')).toMatchObject({ name: file?.name });
  expect(await kept()).toBe(before + 1);
  const { body } = await ana.post<{ url: string }>(`/api/darkroom/media/${mediaId}/link`, {});
  expect((await site.anyone().get(body.url)).status).toBe(200);
});

test('where one file cannot be stored, those beside it go as well', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-shelf-'));
  const objects = new Set<string>();
  const [slow, through] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const storage = {
    async put(_tenant: string, source: AsyncIterable<Uint8Array>, { name = '' }) {
      for await (const _ of source);
      if (name === 'refused') throw new Error('no room');
      await slow.promise;
      objects.add(name);
      through.resolve();
      return { id: name } as never;
    },
    delete: async (_tenant: string, id: string) => void objects.delete(id),
  };
  const shelf = shelfOf({
    ...{ storage, directory, purpose: undefined, visibility: undefined, until: new Date() },
    work: { tenantId: newId(), plugin: 'darkroom' },
    signal: new AbortController().signal,
  });
  const files = ['refused', 'slow'].map((name) => ({ name, type: 'video/mp4', bytes: 1, main: false }));
  for (const { name } of files) writeFileSync(join(directory, name), '.');
  await expect(shelf.put(files)).rejects.toThrow('no room');
  const cleared = shelf.clear();
  slow.resolve();
  await Promise.all([cleared, through.promise]);
  rmSync(directory, { recursive: true });
  expect([...objects]).toEqual([]);
});

test('a file is closed again also where its store refuses it before the first byte', async () => {
  const file = createReadStream(aFilm());
  // A tenant that cannot be the name of a directory is refused before anything is read.
  await expect(kernel.kernel.storage.put('../elsewhere', file, { plugin: 'darkroom' })).rejects.toThrow();
  expect(file.destroyed).toBe(true);
});
