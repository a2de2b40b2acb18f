// Uploads as a page makes them, over tus, and what can go wrong with them on the way.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@plinth/sdk';
import * as tus from 'tus-js-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDiskDriver } from '../storage/disk-driver.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { aSite, type Site, type Somebody, tokenOf } from './storage-site.ts';

let site: Site;
/** What the driver does instead, while a test says so. */
let trouble: Partial<StorageDriver> = {};
beforeAll(async () => {
  site = await aSite({
    driver: (dir) => {
      const disk = openDiskDriver(dir);
      return new Proxy(disk, { get: (_target, name: keyof StorageDriver) => trouble[name] ?? disk[name] });
    },
  });
});
beforeEach(() => {
  trouble = {};
  site.quotas({});
});
afterAll(() => site.close());

const UPLOADS = '/api/kernel/storage/uploads';
const TUS = { 'tus-resumable': '1.0.0' };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const metadata = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

const create = (as: Somebody | undefined, bytes: number, fields: Record<string, string> = { filename: 'film.mp4' }) =>
  site.ask('POST', UPLOADS, {
    ...(as ? { as } : {}),
    headers: { ...TUS, 'upload-length': String(bytes), 'upload-metadata': metadata(fields) },
  });
const append = (as: Somebody, url: string, offset: number, body: Uint8Array, node: Pick<Site, 'ask'> = site) =>
  node.ask('PATCH', url, {
    as,
    body,
    headers: { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
  });
const offsetOf = async (as: Somebody, url: string) => {
  const answer = await site.ask('HEAD', url, { as, headers: TUS });
  return answer.status === 200 ? Number(answer.headers['upload-offset']) : answer.status;
};
const idOf = (url: string) => url.split('/').at(-1) ?? '';
const events = (objectId: string) =>
  site.rows<{ event: string; payload: Record<string, unknown>; actor: object }>(
    `select event, payload, actor from kernel.outbox where payload->>'objectId' = $1`,
    [objectId],
  );

/** Uploads with the client that pages use; `cutAt` pulls its plug after that many bytes. */
function uploadAsPage(who: Somebody, bytes: Buffer, options: Partial<tus.UploadOptions> = {}) {
  return new Promise<{ url: string }>((resolve, reject) => {
    const upload = new tus.Upload(Readable.from([bytes]) as never, {
      endpoint: `http://127.0.0.1:${site.port}${UPLOADS}`,
      headers: { host: `${who.tenant.facts.slug}.localhost`, authorization: `Bearer ${tokenOf(who)}` },
      uploadSize: bytes.length,
      chunkSize: 400_000,
      metadata: { filename: 'film.mp4', purpose: 'holiday' },
      retryDelays: null as never,
      onSuccess: () => resolve({ url: new URL(upload.url ?? '').pathname }),
      onError: reject,
      ...options,
    });
    upload.start();
  });
}

/** Sends part of a PATCH and vanishes. */
async function appendAndVanish(...given: Parameters<typeof appendPart>) {
  (await appendPart(...given)).destroy();
}
async function appendPart(who: Somebody, url: string, offset: number, part: Buffer, announced: number) {
  const socket = connect(site.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `PATCH ${url} HTTP/1.1\r\nHost: ${who.tenant.facts.slug}.localhost\r\nAuthorization: Bearer ${tokenOf(who)}\r\nTus-Resumable: 1.0.0\r\n` +
      `Upload-Offset: ${offset}\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ${announced}\r\n\r\n`,
  );
  socket.write(part);
  await expect.poll(async () => (await stagedBytes(url)) > offset, { timeout: 15_000 }).toBe(true);
  return socket;
}
const stagedBytes = async (url: string) =>
  (await site.driver.stat(`staging/${site.ada.facts.id}/${idOf(url)}`))?.bytes ?? 0;

describe('an upload', () => {
  test('becomes an object, and a fact in the same transaction', async () => {
    const ann = site.person();
    const bytes = randomBytes(1_000_000);
    const { url } = await uploadAsPage(ann, bytes);
    const objectId = idOf(url);
    const answer = await site.ask('GET', `/api/kernel/storage/objects/${objectId}`, { as: ann });
    expect(answer.body.equals(bytes)).toBe(true);
    expect(answer.headers['content-disposition']).toBe("attachment; filename*=UTF-8''film.mp4");
    expect(await events(objectId)).toEqual([
      {
        event: 'storage.upload-finished@1',
        payload: {
          objectId,
          accountId: ann.accountId,
          plugin: '',
          purpose: 'holiday',
          bytes: bytes.length,
          type: 'application/octet-stream',
          sha256: sha256(bytes),
        },
        actor: { kind: 'person', accountId: ann.accountId },
      },
    ]);
    expect(await site.usage(site.ada, ann.accountId)).toBe(bytes.length);
    expect((await site.files()).filter((file) => file.startsWith('staging'))).toEqual([]);
  });

  test('can be sent with the request that creates it, and can be empty', async () => {
    const ann = site.person();
    const body = randomBytes(5000);
    const whole = await site.ask('POST', UPLOADS, {
      as: ann,
      body,
      headers: { ...TUS, 'upload-length': '5000', 'content-type': 'application/offset+octet-stream' },
    });
    expect([whole.status, whole.headers['upload-offset']]).toEqual([201, '5000']);
    const empty = await create(ann, 0);
    for (const { headers } of [whole, empty]) expect(await events(idOf(headers.location ?? ''))).toHaveLength(1);
  });

  test('that is cut in the middle goes on where it stopped, also after a restart', async () => {
    const ann = site.person();
    const bytes = randomBytes(3_000_000);
    const url = (await create(ann, bytes.length)).headers.location ?? '';
    await appendAndVanish(ann, url, 0, bytes.subarray(0, 1_000_000), bytes.length);
    const first = await offsetOf(ann, url);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(1_000_000);

    await site.restart();
    expect(await offsetOf(ann, url)).toBe(first);
    await appendAndVanish(ann, url, first, bytes.subarray(first, first + 500_000), bytes.length - first);
    const second = await offsetOf(ann, url);
    expect(second).toBeGreaterThan(first);

    expect((await append(ann, url, second, bytes.subarray(second))).status).toBe(204);
    const answer = await site.ask('GET', `/api/kernel/storage/objects/${idOf(url)}`, { as: ann });
    expect(sha256(answer.body)).toBe(sha256(bytes));
    expect((await events(idOf(url)))[0]?.payload.sha256).toBe(sha256(bytes));
  });

  test('whose node went down before the object was made is finished by the next question', async () => {
    const ann = site.person();
    for (const [step, name] of [
      ['the move', 'move'],
      ['the digest', 'get'],
    ] as const) {
      const bytes = randomBytes(2000);
      const url = (await create(ann, bytes.length)).headers.location ?? '';
      // In two parts, so that the digest has to be read back.
      await append(ann, url, 0, bytes.subarray(0, 1000));
      trouble = { [name]: () => Promise.reject(new Error('the plug was pulled')) };
      expect([step, (await append(ann, url, 1000, bytes.subarray(1000))).status]).toEqual([step, 500]);
      expect(await events(idOf(url))).toEqual([]);
      trouble = {};
      await site.restart();
      expect(await offsetOf(ann, url)).toBe(2000);
      expect(await events(idOf(url))).toHaveLength(1);
    }
  });

  test('that was moved but not settled is settled, once', async () => {
    const ann = site.person();
    const bytes = randomBytes(2000);
    const url = (await create(ann, bytes.length)).headers.location ?? '';
    const disk = openDiskDriver(site.dir);
    trouble = {
      move: async (from, to) => {
        await disk.move(from, to);
        throw new Error('the plug was pulled');
      },
    };
    expect((await append(ann, url, 0, bytes)).status).toBe(500);
    trouble = {};
    expect(await Promise.all([offsetOf(ann, url), offsetOf(ann, url), offsetOf(ann, url)])).toEqual([2000, 2000, 2000]);
    expect(await events(idOf(url))).toHaveLength(1);
    expect((await site.ask('GET', `/api/kernel/storage/objects/${idOf(url)}`, { as: ann })).body.equals(bytes)).toBe(
      true,
    );
  });

  test('tells the end of it to a sender that lost the last answer', async () => {
    const ann = site.person();
    const url = (await create(ann, 10)).headers.location ?? '';
    await append(ann, url, 0, randomBytes(10));
    expect(await offsetOf(ann, url)).toBe(10);
    // It is an object now, and not to be ended by the protocol of uploads.
    expect((await site.ask('DELETE', url, { as: ann, headers: TUS })).status).toBe(404);
  });

  test('takes bytes at its end only, and no more than announced', async () => {
    const ann = site.person();
    const url = (await create(ann, 100)).headers.location ?? '';
    await append(ann, url, 0, randomBytes(40));
    expect((await append(ann, url, 0, randomBytes(40))).problem.code).toBe('kernel.upload_conflict');
    expect((await append(ann, url, 41, randomBytes(10))).problem.code).toBe('kernel.upload_conflict');
    expect((await append(ann, url, 40, randomBytes(61))).problem.code).toBe('kernel.too_large');
    expect(await offsetOf(ann, url)).toBe(40);
    expect((await append(ann, url, 40, randomBytes(60))).status).toBe(204);
  });

  test('a refused one hears why, however much it was about to send', async () => {
    const ann = site.person();
    const url = (await create(ann, 100_000_000)).headers.location ?? '';
    const answer = await append(ann, url, 7, Buffer.alloc(60_000_000));
    expect(answer.problem.code).toBe('kernel.upload_conflict');
    expect(await stagedBytes(url)).toBe(0);
  });

  test('that two connections feed at once still has the right bytes', async () => {
    const ann = site.person();
    const bytes = randomBytes(2_000_000);
    const url = (await create(ann, bytes.length)).headers.location ?? '';
    const answers = await Promise.all([append(ann, url, 0, bytes), append(ann, url, 0, bytes)]);
    expect(answers.map((answer) => answer.status).filter((status) => status === 204)).toHaveLength(1);
    const { body } = await site.ask('GET', `/api/kernel/storage/objects/${idOf(url)}`, { as: ann });
    expect(sha256(body)).toBe(sha256(bytes));
    expect(await events(idOf(url))).toHaveLength(1);
  });

  test('is written to by one node at a time', async () => {
    const ann = site.person();
    const bytes = randomBytes(2_000_000);
    const url = (await create(ann, bytes.length)).headers.location ?? '';
    const other = await site.anotherNode();
    const socket = await appendPart(ann, url, 0, bytes.subarray(0, 500_000), bytes.length);
    const asked = other.ask('HEAD', url, { as: ann, headers: TUS });
    const early = await Promise.race([asked.then(() => 'answered'), pause(600, 'waiting')]);
    expect(early).toBe('waiting');
    socket.destroy();
    const offset = Number((await asked).headers['upload-offset']);
    expect(offset).toBeGreaterThan(0);
    expect((await append(ann, url, offset, bytes.subarray(offset), other)).status).toBe(204);
    const { body } = await site.ask('GET', `/api/kernel/storage/objects/${idOf(url)}`, { as: ann });
    expect(sha256(body)).toBe(sha256(bytes));
    await other.stop();
  });

  test('is not held up for long by a node that died', async () => {
    const ann = site.person();
    const url = (await create(ann, 10)).headers.location ?? '';
    await site.rows(
      `update kernel.storage_object set lease = $2, leased_until = now() + interval '500 ms' where id = $1 returning id`,
      [idOf(url), newId()],
    );
    expect((await append(ann, url, 0, randomBytes(10))).status).toBe(204);
  });

  test('with other bytes than announced is refused and forgotten', async () => {
    const ann = site.person();
    const bytes = randomBytes(1000);
    const right = (await create(ann, 1000, { sha256: sha256(bytes) })).headers.location ?? '';
    expect((await append(ann, right, 0, bytes)).status).toBe(204);
    const wrong = (await create(ann, 1000, { sha256: sha256(bytes) })).headers.location ?? '';
    expect((await append(ann, wrong, 0, randomBytes(1000))).problem.code).toBe('kernel.checksum_mismatch');
    expect(await offsetOf(ann, wrong)).toBe(404);
    expect(await site.usage(site.ada, ann.accountId)).toBe(1000);
    expect((await create(ann, 10, { sha256: 'nonsense' })).status).toBe(400);
  });

  test('that speaks tus wrongly is told so', async () => {
    const as = site.person();
    const ask = (headers: Record<string, string>) => site.ask('POST', UPLOADS, { as, headers });
    expect((await ask({ 'upload-length': '5' })).problem.code).toBe('kernel.tus_version');
    expect((await ask(TUS)).problem.code).toBe('kernel.upload_refused');
    expect((await ask({ ...TUS, 'upload-length': '-5' })).status).toBe(400);
    expect((await ask({ ...TUS, 'upload-length': '5', 'upload-metadata': 'name not-base64!' })).status).toBe(400);
    expect((await ask({ ...TUS, 'upload-defer-length': '1' })).status).toBe(400);
    expect((await ask({ ...TUS, 'upload-length': '5' })).headers['tus-resumable']).toBe('1.0.0');
    const options = await site.ask('OPTIONS', UPLOADS);
    expect([options.status, options.headers['tus-extension']]).toEqual([
      204,
      'creation,creation-with-upload,termination,expiration',
    ]);
  });
});

describe('whose an upload is', () => {
  test('only signed-in people create one', async () => {
    expect((await create(undefined, 10)).problem.code).toBe('kernel.unauthenticated');
  });

  test('nobody else can look at it, add to it or end it, in this tenant or another', async () => {
    const ann = site.person();
    const url = (await create(ann, 10)).headers.location ?? '';
    const inOther = { tenant: site.bob, accountId: ann.accountId };
    for (const other of [site.person(), site.person(site.bob), inOther]) {
      expect(await offsetOf(other, url)).toBe(404);
      expect((await append(other, url, 0, randomBytes(10))).problem.code).toBe('kernel.object_missing');
      expect((await site.ask('DELETE', url, { as: other, headers: TUS })).status).toBe(404);
    }
    expect((await site.ask('HEAD', url, { headers: TUS })).status).toBe(401);
    expect(await offsetOf(ann, url)).toBe(0);
    expect((await site.ask('DELETE', url, { as: ann, headers: TUS })).status).toBe(204);
    expect([await offsetOf(ann, url), await site.usage(site.ada, ann.accountId)]).toEqual([404, 0]);
  });

  test('nobody else can interrupt it by asking for it', async () => {
    const ann = site.person();
    const url = (await create(ann, 2_000_000)).headers.location ?? '';
    const body = randomBytes(2_000_000);
    const [sent] = await Promise.all([
      append(ann, url, 0, body),
      ...Array.from({ length: 20 }, () => offsetOf(site.person(), url)),
    ]);
    expect(sent.status).toBe(204);
  });

  test('an unfinished one cannot be read', async () => {
    const ann = site.person();
    const url = (await create(ann, 10)).headers.location ?? '';
    await append(ann, url, 0, randomBytes(5));
    expect((await site.ask('GET', `/api/kernel/storage/objects/${idOf(url)}`, { as: ann })).status).toBe(404);
  });

  test('a plugin makes a place for the person who asks, and owns what comes', async () => {
    const ann = site.person();
    const bytes = randomBytes(100);
    const place = await site.as('feed', ann).createUpload?.({ bytes: 100, purpose: 'video', visibility: 'tenant' });
    const url = String(place?.url);
    expect(await offsetOf(site.person(), url)).toBe(404);
    await uploadAsPage(ann, bytes, { uploadUrl: `http://127.0.0.1:${site.port}${url}` });
    expect(await site.as('feed').stat?.({ objectId: place?.objectId })).toMatchObject({
      purpose: 'video',
      visibility: 'tenant',
    });
    expect((await events(String(place?.objectId)))[0]?.payload).toMatchObject({ plugin: 'feed', purpose: 'video' });
    await expect(site.as('feed').createUpload?.({ bytes: 1 })).rejects.toMatchObject({ status: 401 });
  });

  test('a plugin adopts what the person who asks uploaded, and what nobody adopts goes after a day', async () => {
    const ann = site.person();
    const { url } = await uploadAsPage(ann, randomBytes(100));
    const { url: left } = await uploadAsPage(ann, randomBytes(100));
    const objectId = idOf(url);
    for (const other of [site.person(), undefined, { tenant: site.bob, accountId: ann.accountId }]) {
      await expect(site.as('lms', other).adopt?.({ objectId })).rejects.toMatchObject({ status: 404 });
    }
    expect(await site.as('feed', ann).adopt?.({ objectId, purpose: 'avatar' })).toMatchObject({
      plugin: 'feed',
      purpose: 'avatar',
    });
    await expect(site.as('lms', ann).adopt?.({ objectId })).rejects.toMatchObject({ status: 404 });

    site.wait(25 * 3_600_000);
    await site.job('sweep');
    expect((await site.ask('GET', `/api/kernel/storage/objects/${objectId}`, { as: ann })).status).toBe(200);
    expect((await site.ask('GET', `/api/kernel/storage/objects/${idOf(left)}`, { as: ann })).status).toBe(404);
  });
});

describe('limits of uploads', () => {
  test('the room is taken when one begins, so two cannot both be promised the last of it', async () => {
    const ann = site.person();
    site.quotas({ accountBytes: 1500 });
    const answers = await Promise.all([create(ann, 1000), create(ann, 1000), create(ann, 1000)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 403, 403]);
    expect(answers.find((answer) => answer.status === 403)?.problem.code).toBe('kernel.over_quota');
  });

  test('one that is too large is refused before it begins', async () => {
    site.quotas({ maxObjectBytes: 1000 });
    expect((await create(site.person(), 1001)).problem.code).toBe('kernel.too_large');
    expect((await site.ask('OPTIONS', UPLOADS)).headers['tus-max-size']).toBe('1000');
  });

  test('one without a sign of life for a day is forgotten; each one starts the day anew', async () => {
    const ann = site.person();
    const url = (await create(ann, 100)).headers.location ?? '';
    for (let day = 0; day < 3; day++) {
      site.wait(20 * 3_600_000);
      await site.job('sweep');
      expect((await append(ann, url, day, randomBytes(1))).status).toBe(204);
    }
    // One that takes long is alive from its first byte to its last.
    const disk = openDiskDriver(site.dir);
    trouble.append = async (...given) => {
      site.wait(20 * 3_600_000);
      await site.job('sweep');
      return disk.append(...given);
    };
    expect((await append(ann, url, 3, randomBytes(1))).status).toBe(204);
    trouble = {};
    site.wait(20 * 3_600_000);
    await site.job('sweep');
    expect(await offsetOf(ann, url)).toBe(4);
    site.wait(4 * 3_600_000 + 1);
    expect(await offsetOf(ann, url)).toBe(404);
    await site.job('sweep');
    expect(await site.usage(site.ada, ann.accountId)).toBe(0);
    expect((await site.files()).filter((file) => file.endsWith(idOf(url)))).toEqual([]);
  });
});

describe('clearing away', () => {
  test('leaves bytes alone that come back at that very moment', async () => {
    const bytes = randomBytes(100);
    const object = await site.put(site.ada, bytes);
    await site.storage.delete(site.ada.facts.id, object.id);
    site.wait(3_700_000);
    const disk = openDiskDriver(site.dir);
    let again: ReturnType<Site['put']> | undefined;
    trouble.delete = async (key) => {
      again = site.put(site.ada, bytes);
      // It gets as far as it can: not past the row of the blob that is being swept.
      await Promise.race([again, pause(500)]);
      await disk.delete(key);
    };
    await site.job('sweep');
    const { id } = (await again) ?? object;
    expect(await (await site.storage.read(site.ada.facts.id, id)).toArray()).toEqual([bytes]);
  });

  test('leaves alone what was taken over while it was looking', async () => {
    const ann = site.person();
    await create(ann, 10);
    site.wait(1000);
    const { url } = await uploadAsPage(ann, randomBytes(100));
    site.wait(25 * 3_600_000);
    const disk = openDiskDriver(site.dir);
    trouble.delete = async (key) => {
      await site.as('feed', ann).adopt?.({ objectId: idOf(url) });
      await disk.delete(key);
    };
    await site.job('sweep');
    expect((await site.ask('GET', `/api/kernel/storage/objects/${idOf(url)}`, { as: ann })).status).toBe(200);
  });
});

describe('a full disk', () => {
  const full = () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));

  test('ends an upload with 507 and leaves nothing of it', async () => {
    const ann = site.person();
    for (const step of ['append', 'move'] as const) {
      const disk = openDiskDriver(site.dir);
      const url = (await create(ann, 1000)).headers.location ?? '';
      trouble = {
        [step]: async (...given: Parameters<StorageDriver['append']>) => {
          if (step === 'append') await disk.append(given[0], given[1], Readable.from([randomBytes(500)]));
          const { errors } = await import('../storage/errors.ts');
          return full().catch((cause) => {
            throw errors.storage_full({ cause });
          });
        },
      };
      const answer = await append(ann, url, 0, randomBytes(1000));
      expect([answer.status, answer.problem.code]).toEqual([507, 'kernel.storage_full']);
      trouble = {};
      expect([await offsetOf(ann, url), await site.usage(site.ada, ann.accountId)]).toEqual([404, 0]);
      expect((await site.files()).filter((file) => file.startsWith('staging') && file.endsWith(idOf(url)))).toEqual([]);
    }
  });

  test.runIf(existsSync('/dev/full'))('is understood as the system says it', async () => {
    const ann = site.person();
    const url = (await create(ann, 1000)).headers.location ?? '';
    const staged = join(site.dir, 'staging', site.ada.facts.id, idOf(url));
    mkdirSync(dirname(staged), { recursive: true });
    symlinkSync('/dev/full', staged);
    expect((await append(ann, url, 0, randomBytes(1000))).problem.code).toBe('kernel.storage_full');
    expect([existsSync(staged), await site.usage(site.ada, ann.accountId)]).toEqual([false, 0]);
  });

  // Only root may mount; everyone else has the two above.
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return;
  test('that is small, and filled by real uploads, refuses what does not fit and takes what does', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'plinth full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir]);
    const small = await aSite({ dir });
    try {
      const ann = small.person();
      const before = await small.files();
      const send = (bytes: number) =>
        small.ask('POST', UPLOADS, {
          as: ann,
          body: randomBytes(bytes),
          headers: { ...TUS, 'upload-length': String(bytes), 'content-type': 'application/offset+octet-stream' },
        });
      expect((await send(1_000_000)).status).toBe(201);
      const answer = await send(3_000_000);
      expect([answer.status, answer.problem.code]).toEqual([507, 'kernel.storage_full']);
      await expect(small.put(small.ada, randomBytes(3_000_000))).rejects.toMatchObject({ code: 'kernel.storage_full' });
      expect(await small.usage(small.ada)).toBe(1_000_000);
      expect(await small.files()).toHaveLength(before.length + 1);
      // What fits still goes in.
      expect((await send(500_000)).status).toBe(201);
    } finally {
      await small.close().catch(() => {});
      execFileSync('umount', [dir]);
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
