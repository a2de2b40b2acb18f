// Objects as plugins and pages meet them: rights, links, ranges, types, quotas, and what is cleared away.
import { createHash, randomBytes } from 'node:crypto';
import { newId } from '@plinth/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aSite, type Site } from './storage-site.ts';

let site: Site;
beforeAll(async () => {
  site = await aSite();
});
beforeEach(() => site.quotas({}));
afterAll(() => site.close());

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const urlOf = (id: string) => `/api/kernel/storage/objects/${id}`;
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const problemWith = (code: string) => expect.objectContaining({ code: `kernel.${code}` });

describe('rights', () => {
  test('a private object is read by its owner and does not exist for anybody else', async () => {
    const owner = site.person();
    const object = await site.put(site.ada, 'mine', { accountId: owner.accountId });
    expect((await site.ask('GET', urlOf(object.id), { as: owner })).body.toString()).toBe('mine');
    for (const as of [site.person(), site.person(site.bob), undefined]) {
      const answer = await site.ask('GET', urlOf(object.id), as ? { as } : {});
      expect([answer.status, answer.problem.code]).toEqual([404, 'kernel.object_missing']);
    }
  });

  test('an object of the tenant is read by everyone signed in there, a public one by everyone', async () => {
    const object = await site.put(site.ada, 'ours');
    const visible = async (visibility: string) => {
      await site.as('feed').grant?.({ objectId: object.id, visibility });
      const person = await site.ask('GET', urlOf(object.id), { as: site.person() });
      const stranger = await site.ask('GET', urlOf(object.id));
      return [person.status, stranger.status];
    };
    expect(await visible('tenant')).toEqual([200, 404]);
    expect(await visible('public')).toEqual([200, 200]);
    expect(await visible('private')).toEqual([404, 404]);
  });

  test('a public object of one tenant is not found under the address of another', async () => {
    const object = await site.put(site.ada, 'ours', { visibility: 'public' });
    expect((await site.ask('GET', urlOf(object.id), { tenant: site.ada })).status).toBe(200);
    expect((await site.ask('GET', urlOf(object.id), { tenant: site.bob })).status).toBe(404);
  });

  test('a plugin sees and removes its own objects only', async () => {
    const object = await site.as('feed').put?.({ content: { text: 'of feed' }, name: 'note.txt' });
    const objectId = object?.id;
    expect(await site.as('feed').stat?.({ objectId })).toMatchObject({ name: 'note.txt', plugin: 'feed' });
    for (const method of ['stat', 'read', 'signUrl', 'delete', 'grant']) {
      await expect(site.as('lms')[method]?.({ objectId, visibility: 'public' })).rejects.toEqual(
        problemWith('object_missing'),
      );
    }
    expect((await site.as('lms').list?.({}))?.items).toEqual([]);
    await site.as('feed').delete?.({ objectId });
    await expect(site.as('feed').stat?.({ objectId })).rejects.toEqual(problemWith('object_missing'));
  });

  test('a plugin walks through its objects page by page', async () => {
    const person = site.person();
    for (let index = 0; index < 5; index++) await site.as('walker', person).put?.({ content: { text: `${index}` } });
    await site.as('walker').put?.({ content: { text: 'of nobody' } });
    const names: string[] = [];
    let after: string | undefined;
    do {
      const page = await site.as('walker').list?.({ accountId: person.accountId, limit: 2, after });
      names.push(...((page?.items ?? []) as { id: string }[]).map((item) => item.id));
      after = page?.next;
    } while (after);
    expect(names).toHaveLength(5);
    expect(names).toEqual([...names].sort());
  });
});

describe('signed links', () => {
  test('a link lets anyone read until it ends', async () => {
    const object = await site.put(site.ada, PNG);
    const { url, expiresAt } = site.storage.signUrl(site.ada.facts.id, object, { seconds: 600 });
    const answer = await site.ask('GET', url);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'image/png']);
    expect(answer.headers['cache-control']).toMatch(/^public, max-age=\d+, immutable$/);
    expect(answer.body.equals(PNG)).toBe(true);
    const life = expiresAt.getTime() - site.now().getTime();
    expect(life).toBeLessThanOrEqual(600_000);
    expect(life).toBeGreaterThan(299_000);

    site.wait(life + 1);
    expect((await site.ask('GET', url)).problem.code).toBe('kernel.link_invalid');
  });

  test('everyone who asks within a while gets the same link, so that it can be cached', async () => {
    const object = await site.put(site.ada, PNG);
    const links = Array.from(
      { length: 3 },
      () => site.storage.signUrl(site.ada.facts.id, object, { seconds: 86_400 }).url,
    );
    expect(new Set(links).size).toBe(1);
  });

  test('nothing in a link can be changed', async () => {
    const [object, other] = [await site.put(site.ada, 'one'), await site.put(site.ada, 'other')];
    const { url } = site.storage.signUrl(site.ada.facts.id, object);
    const until = /until=(\d+)/.exec(url)?.[1] ?? '';
    const forged = [
      url.replace(object.id, other.id),
      url.replace(object.id, newId()),
      url.replace(until, String(Number(until) + 1)),
      url.replace('signature=', 'as=attachment&signature='),
      url.replace(/signature=./, (start) => (start.endsWith('A') ? 'signature=B' : 'signature=A')),
      url.replace(/signature=.*/, 'signature='),
      url.replace(/signature=(.*)/, 'signature=$1&signature=$1'),
      url.replace('until=', 'until=x'),
    ];
    for (const link of forged) expect([link, (await site.ask('GET', link)).status]).toEqual([link, 403]);
    // The owner's own tenant only, though the object and signature are right.
    expect((await site.ask('GET', url, { tenant: site.bob })).status).toBe(403);
    expect((await site.ask('GET', url)).status).toBe(200);
  });

  test('a link is dead once its object is deleted', async () => {
    const object = await site.put(site.ada, 'soon gone');
    const { url } = site.storage.signUrl(site.ada.facts.id, object);
    await site.storage.delete(site.ada.facts.id, object.id);
    expect((await site.ask('GET', url)).status).toBe(404);
  });

  test('a blob that went missing is a problem that no cache keeps', async () => {
    const object = await site.put(site.ada, `lost ${newId()}`);
    const { url } = site.storage.signUrl(site.ada.facts.id, object);
    const file = (await site.files()).find((path) => path.endsWith(object.sha256)) ?? '';
    await site.driver.delete(file);
    const answer = await site.ask('GET', url);
    expect([answer.status, answer.headers['cache-control'], answer.headers.etag]).toEqual([404, undefined, undefined]);
  });
});

describe('parts of an object', () => {
  const bytes = randomBytes(100_000);
  const get = async (headers: Record<string, string> = {}, method = 'GET') => {
    const object = await site.put(site.ada, bytes, { visibility: 'public' });
    return site.ask(method, urlOf(object.id), { headers });
  };

  test('one range is answered with just that', async () => {
    const cases: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=10-19', 10, 19],
      ['bytes=99990-', 99_990, 99_999],
      ['bytes=-5', 99_995, 99_999],
      ['bytes=-200000', 0, 99_999],
      ['bytes=50-999999999', 50, 99_999],
    ];
    for (const [range, start, end] of cases) {
      const answer = await get({ range });
      expect([range, answer.status, answer.headers['content-range']]).toEqual([
        range,
        206,
        `bytes ${start}-${end}/100000`,
      ]);
      expect(answer.headers['content-length']).toBe(String(end - start + 1));
      expect(answer.body.equals(bytes.subarray(start, end + 1))).toBe(true);
    }
  });

  test('what is no single range is answered with the whole', async () => {
    for (const range of ['bytes=5-2', 'bytes=0-1,5-6', 'bytes=a-b', 'lines=1-2', 'bytes=-', '', 'bytes=1-2x']) {
      const answer = await get({ range });
      expect([range, answer.status, answer.body.length]).toEqual([range, 200, 100_000]);
    }
  });

  test('a range outside is refused, with the length that there is', async () => {
    for (const range of ['bytes=100000-', 'bytes=100000-100001', 'bytes=-0']) {
      const answer = await get({ range });
      expect([range, answer.status, answer.headers['content-range']]).toEqual([range, 416, 'bytes */100000']);
    }
  });

  test('a range holds only for the version that the reader has', async () => {
    const { headers } = await get({}, 'HEAD');
    expect((await get({ range: 'bytes=0-9', 'if-range': headers.etag ?? '' })).status).toBe(206);
    expect((await get({ range: 'bytes=0-9', 'if-range': '"another"' })).status).toBe(200);
  });

  test('a reader that has it already is told so', async () => {
    const { headers } = await get({}, 'HEAD');
    const etag = headers.etag ?? '';
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await get({ 'if-none-match': tags });
      expect([tags, answer.status, answer.body.length]).toEqual([tags, 304, 0]);
    }
    expect((await get({ 'if-none-match': '"another"' })).status).toBe(200);
  });

  test('HEAD tells everything but the bytes', async () => {
    const answer = await get({ range: 'bytes=0-9' }, 'HEAD');
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '100000', 0]);
    expect(answer.headers['accept-ranges']).toBe('bytes');
  });

  test('every way to cut an object in two gives it back whole', async () => {
    const object = await site.put(site.ada, bytes, { visibility: 'public' });
    const part = (range: string) => site.ask('GET', urlOf(object.id), { headers: { range } });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 99_999 }), async (cut) => {
        const [head, tail] = await Promise.all([part(`bytes=0-${cut - 1}`), part(`bytes=${cut}-`)]);
        expect(Buffer.concat([head.body, tail.body]).equals(bytes)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('an empty object is read as nothing', async () => {
    const object = await site.put(site.ada, '', { visibility: 'public' });
    const answer = await site.ask('GET', urlOf(object.id));
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '0', 0]);
    expect((await site.ask('GET', urlOf(object.id), { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });
});

describe('what bytes are', () => {
  const served = async (bytes: string | Uint8Array, name: string) => {
    const object = await site.put(site.ada, bytes, { visibility: 'public', name });
    const { headers } = await site.ask('GET', urlOf(object.id));
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toMatch(/^sandbox; default-src 'none'/);
    return [headers['content-type'], headers['content-disposition']?.split(';')[0]];
  };

  test('is found in them, not in their name', async () => {
    expect(await served(PNG, 'page.html')).toEqual(['image/png', 'inline']);
    expect(await served('just text', 'photo.png')).toEqual(['application/octet-stream', 'attachment']);
  });

  test('markup of any kind is a download of plain bytes', async () => {
    const pages = [
      '<!doctype html><script>alert(1)</script>',
      '<html><body onload=alert(1)>',
      '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
      '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
      'alert(1)',
    ];
    for (const page of pages)
      expect([page, ...(await served(page, 'a.png'))]).toEqual([page, 'application/octet-stream', 'attachment']);
    expect(await served('%PDF-1.4\n%âãÏÓ\n', 'a.pdf')).toEqual(['application/pdf', 'attachment']);
  });

  test('code may say which harmless text it is, where the bytes do not tell', async () => {
    const feed = site.as('feed');
    const list = await feed.put?.({ content: { text: '#EXTM3U\n', type: 'application/vnd.apple.mpegurl' } });
    const plain = await feed.put?.({ content: { text: '<b>shown as text</b>' } });
    const picture = await feed.put?.({ content: { base64: PNG.toString('base64') } });
    expect([list?.type, plain?.type, picture?.type]).toEqual([
      'application/vnd.apple.mpegurl',
      'text/plain',
      'image/png',
    ]);
  });
});

describe('names', () => {
  test('a hostile name never becomes part of a path, a header of its own, or an error', async () => {
    const nasty = [
      '../../../etc/passwd',
      '..\\..\\boot.ini',
      '/dev/null',
      'a\0b',
      'x"; filename="y',
      'a\r\nset-cookie: x=1',
      '%2e%2e%2f',
      '\u202egpj.exe',
      '.',
      'a'.repeat(5000),
      'CON',
      '\ud800',
      "it's (*)",
    ];
    const name = fc.oneof(
      fc.constantFrom(...nasty),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ maxLength: 300 }),
    );
    const before = await site.files();
    await fc.assert(
      fc.asyncProperty(name, name, async (given, purpose) => {
        const object = await site.put(site.ada, 'the same bytes', { visibility: 'public', name: given, purpose });
        const answer = await site.ask('GET', urlOf(object.id));
        expect([answer.status, answer.headers['set-cookie']]).toEqual([200, undefined]);
        expect(answer.headers['content-disposition']).toMatch(
          /^attachment(; filename\*=UTF-8''([\w.~!-]|%[0-9a-fA-F]{2})+)?$/,
        );
      }),
      { numRuns: 30 },
    );
    const added = (await site.files()).filter((file) => !before.includes(file));
    const digest = sha256('the same bytes');
    expect(added).toEqual([`blobs/${site.ada.facts.id}/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest}`]);
  });

  test('no id that anybody can send leads out of the directory', async () => {
    const ids = ['..%2f..%2fetc%2fpasswd', '%2e%2e', '..', 'x', newId().toUpperCase(), `${newId()}%00`, "' or 1=1"];
    for (const id of ids) {
      const answer = await site.ask('GET', urlOf(encodeURI(id)));
      expect([id, answer.status]).toEqual([id, 404]);
    }
    for (const key of ['../x', 'blobs/../../x', '/etc/passwd', 'blobs/a/../../b', 'other/1', 'blobs//a', 'blobs/a\0']) {
      expect(() => site.driver.stat(key)).toThrow('no key');
    }
  });
});

describe('quotas', () => {
  test('of two uploads that fit one by one but not together, one is refused', async () => {
    const account = site.person();
    for (const limit of [{ tenantBytes: (await site.usage(site.ada)) + 1500 }, { accountBytes: 1500 }]) {
      site.quotas(limit);
      const { accountId } = account;
      const results = await Promise.allSettled(
        Array.from({ length: 6 }, () => site.put(site.ada, randomBytes(1000), { accountId })),
      );
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused.map(({ reason }) => reason)).toEqual(Array(5).fill(problemWith('over_quota')));
      site.quotas({});
      const stored = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value.id);
      for (const id of stored) await site.storage.delete(site.ada.facts.id, id);
    }
  });

  test('what is refused leaves no row, no room taken and no file', async () => {
    const before = [await site.usage(site.ada), (await site.files()).length];
    site.quotas({ tenantBytes: 10 });
    await expect(site.put(site.ada, randomBytes(1000))).rejects.toEqual(problemWith('over_quota'));
    site.quotas({ maxObjectBytes: 999 });
    await expect(site.put(site.ada, randomBytes(1000))).rejects.toEqual(problemWith('too_large'));
    expect([await site.usage(site.ada), (await site.files()).length]).toEqual(before);
  });

  test('the same bytes twice are stored once and counted twice', async () => {
    const { accountId } = site.person();
    const bytes = randomBytes(1000);
    const [one, two] = [await site.put(site.ada, bytes, { accountId }), await site.put(site.ada, bytes, { accountId })];
    expect(await site.usage(site.ada, accountId)).toBe(2000);
    expect((await site.files()).filter((file) => file.endsWith(one.sha256))).toHaveLength(1);
    await site.storage.delete(site.ada.facts.id, one.id);
    expect(await site.usage(site.ada, accountId)).toBe(1000);
    expect(await (await site.storage.read(site.ada.facts.id, two.id)).toArray()).toEqual([bytes]);
  });

  test('tenants share no bytes, so that none can learn what another has', async () => {
    const bytes = randomBytes(1000);
    await site.put(site.ada, bytes);
    await site.put(site.bob, bytes);
    expect((await site.files()).filter((file) => file.endsWith(sha256(bytes)))).toHaveLength(2);
  });

  test('whatever is put and deleted, usage and references stay what they are said to be', async () => {
    const people = [site.person(), site.person()];
    const step = fc.record({ put: fc.boolean(), person: fc.nat(1), content: fc.nat(3), pick: fc.nat(20) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const ids: string[] = [];
        await Promise.all(
          steps.map(async ({ put, person, content, pick }) => {
            const accountId = people[person]?.accountId;
            if (put) ids.push((await site.put(site.bob, `content ${content}`.repeat(content), { accountId })).id);
            else await site.storage.delete(site.bob.facts.id, ids[pick % ids.length] ?? newId()).catch(() => undefined);
          }),
        );
        const wrong = await site.rows(
          `select 'usage', u.owner from kernel.storage_usage u where u.bytes <> (select coalesce(sum(bytes), 0)
             from kernel.storage_object o where o.tenant_id = u.tenant_id and u.owner in ('', o.account_id::text))
           union all
           select 'refs', b.sha256 from kernel.storage_blob b where b.refs <> (select count(*)
             from kernel.storage_object o where o.tenant_id = b.tenant_id and o.sha256 = b.sha256)`,
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the end of an object', () => {
  test('bytes outlive their last reference by a grace, and then go', async () => {
    const object = await site.put(site.ada, randomBytes(100));
    const isThere = async () => (await site.files()).some((file) => file.endsWith(object.sha256));
    await site.storage.delete(site.ada.facts.id, object.id);
    await site.job('sweep');
    expect(await isThere()).toBe(true);
    site.wait(3_700_000);
    await site.job('sweep');
    expect(await isThere()).toBe(false);
  });

  test('bytes that came back within the grace stay', async () => {
    const bytes = randomBytes(100);
    const object = await site.put(site.ada, bytes);
    await site.storage.delete(site.ada.facts.id, object.id);
    const again = await site.put(site.ada, bytes);
    site.wait(3_700_000);
    await site.job('sweep');
    expect(Buffer.concat(await (await site.storage.read(site.ada.facts.id, again.id)).toArray()).equals(bytes)).toBe(
      true,
    );
  });

  test('sweeping while the same bytes come and go never takes bytes that somebody has', async () => {
    const bytes = randomBytes(100);
    for (let round = 0; round < 15; round++) {
      const old = await site.put(site.ada, bytes);
      await site.storage.delete(site.ada.facts.id, old.id);
      site.wait(3_700_000);
      const [fresh] = await Promise.all([site.put(site.ada, bytes), site.job('sweep'), site.job('sweep')]);
      expect(Buffer.concat(await (await site.storage.read(site.ada.facts.id, fresh.id)).toArray()).equals(bytes)).toBe(
        true,
      );
      await site.storage.delete(site.ada.facts.id, fresh.id);
    }
  });

  test('a temporary object cannot be read any more from the moment it expires, and is then cleared away', async () => {
    const { accountId, ...rest } = site.person();
    const object = await site
      .as('feed', { accountId, ...rest })
      .put?.({ content: { text: 'brief' }, visibility: 'public', keepSeconds: 60 });
    const url = urlOf(object?.id ?? '');
    expect((await site.ask('GET', url)).status).toBe(200);
    site.wait(61_000);
    expect((await site.ask('GET', url)).status).toBe(404);
    await site.job('sweep');
    expect(await site.usage(site.ada, accountId)).toBe(0);
  });

  test('files that a crash left without a row are found and cleared away', async () => {
    const tenant = site.ada.facts.id;
    const kept = await site.put(site.ada, 'kept');
    const stray = sha256('stray');
    const blob = `blobs/${tenant}/${stray.slice(0, 2)}/${stray.slice(2, 4)}/${stray}`;
    const staged = `staging/${tenant}/${newId()}`;
    for (const key of [blob, staged])
      await site.driver.append(
        key,
        0,
        (async function* () {
          yield Buffer.from('stray');
        })(),
      );

    await site.job('reconcile');
    await site.job('sweep');
    expect(await site.files()).toEqual(expect.arrayContaining([blob, staged]));
    site.wait(49 * 3_600_000);
    await site.job('reconcile');
    await site.job('sweep');
    const files = await site.files();
    expect(files).not.toContain(blob);
    expect(files).not.toContain(staged);
    expect(files.some((file) => file.endsWith(kept.sha256))).toBe(true);
  });

  test('everything of a plugin can be removed at once', async () => {
    const { accountId } = site.person();
    await site.put(site.ada, 'one', { accountId, plugin: 'gone' });
    await site.put(site.ada, 'two', { accountId });
    await site.put(site.ada, 'three', { plugin: 'gone' });
    expect(await site.storage.deleteAllOf(site.ada.facts.id, 'gone')).toBe(2);
    expect(await site.usage(site.ada, accountId)).toBe(3);
  });
});
