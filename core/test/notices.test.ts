// Notices through a whole kernel: what a plugin says reaches people as they want it, and nobody else.
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duration, definePlugin, newId } from '@plinth/sdk';
import { NoticeKinds, Notices } from '@plinth/sdk/services/notices.ts';
import fc from 'fast-check';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Push } from '../notices/push.ts';
import { quietUntil } from '../notices/quiet.ts';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';

const tips = definePlugin({
  id: 'tips',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Tips',
  summary: 'Tells people that they were tipped.',
  needs: { notices: Notices },
  capabilities: ['notices:send'],
  contributes: (plugin) => [
    plugin.fill(NoticeKinds, 'tipped', {
      label: { en: 'Somebody tips you', fr: 'On vous donne un pourboire' },
      title: { en: '{points} points', fr: '{points} points pour vous' },
      text: { en: 'From {from}.', fr: 'De {from}.' },
      channels: ['page', 'push', 'mail'],
    }),
    plugin.fill(NoticeKinds, 'alarm', {
      label: { en: 'Alarm' },
      title: { en: 'Alarm' },
      text: { en: 'Now.' },
      channels: ['push'],
      urgent: true,
    }),
    plugin.route(
      'POST /tell',
      {
        auth: 'user',
        body: Type.Object({
          accountIds: Type.Array(Type.String()),
          kind: Type.Optional(Type.String()),
          from: Type.Optional(Type.String()),
          key: Type.Optional(Type.String()),
          link: Type.Optional(Type.String()),
        }),
        reply: Type.Object({ told: Type.Integer() }),
      },
      async (ctx, { body: { accountIds, kind = 'tipped', from = 'Tom', key, link } }) =>
        ctx.notices.notify({
          accountIds,
          kind,
          data: { points: 5, from },
          ...(key === undefined ? {} : { key }),
          ...(link === undefined ? {} : { link }),
        }),
    ),
  ],
});

interface List {
  readonly items: { id: string; title: string; text: string; read: boolean; link?: string }[];
  readonly unread: number;
  readonly next?: string;
}

let kernel: TestKernel;
let site: TestTenant;
let eve: TestPerson;
let tom: TestPerson;

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tips] });
});
afterAll(() => kernel[Symbol.asyncDispose]());
beforeEach(async () => {
  site = await kernel.tenant();
  [eve, tom] = [await site.person(), await site.person()];
});

const tell = (body: Record<string, unknown> = {}) =>
  tom.post<{ told: number }>('/api/tips/tell', { accountIds: [eve.accountId], ...body });
const later = async (by: Duration) => {
  // At once: every minute of it would be lived through otherwise, with all its jobs.
  kernel.clock.advance(by);
  await kernel.settle();
};
const list = async (person: TestPerson, query = '') => (await person.get<List>(`/api/kernel/notices${query}`)).body;
const prefer = (person: TestPerson, channels: string[], more: object = {}) =>
  person.put('/api/kernel/notices/preferences', { kinds: [{ kind: 'tips.tipped', channels }], ...more });
const mailOf = async (person: TestPerson) => {
  await kernel.kernel.mail.settle();
  const { body } = await site
    .anyone()
    .get<{ items: { subject: string; html: string }[] }>(`/api/kernel/mail/mailbox?to=${person.email}`);
  return body.items.filter(({ subject }) => /points|Alarm/.test(subject));
};

describe('in the page', () => {
  test('a notice is listed to whom it is for, newest first, in their language', async () => {
    expect((await tell({ link: '/jars/1' })).body).toEqual({ told: 1 });
    await tell({ from: 'Kim' });
    const { items, unread } = await list(eve);
    expect(items.map(({ text }) => text).sort()).toEqual(['From Kim.', 'From Tom.']);
    expect([items[0]?.title, unread]).toEqual(['5 points', 2]);
    expect((await list(eve, '?locale=fr-CA')).items.map(({ text }) => text)).toContain('De Kim.');
    expect(items.find(({ text }) => text === 'From Tom.')?.link).toBe('/jars/1');
    expect((await list(tom)).items).toEqual([]);
  });

  test('pages through, and marks as read only one’s own', async () => {
    for (let n = 0; n < 5; n++) {
      kernel.clock.advance('1s');
      await tell({ from: `n${n}` });
    }
    const first = await list(eve, '?limit=3');
    const second = await list(eve, `?limit=3&after=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toHaveLength(5);
    expect(second.next).toBeUndefined();
    const [one] = first.items;
    await tom.post('/api/kernel/notices/read', { ids: [one?.id] });
    expect((await list(eve)).unread).toBe(5);
    await eve.post('/api/kernel/notices/read', { ids: [one?.id] });
    expect((await list(eve)).unread).toBe(4);
    await eve.post('/api/kernel/notices/read', {});
    expect((await list(eve)).unread).toBe(0);
  });

  test('a key tells nobody twice', async () => {
    expect((await tell({ key: 'event-1' })).body.told).toBe(1);
    expect((await tell({ key: 'event-1', accountIds: [eve.accountId, tom.accountId] })).body.told).toBe(1);
    expect((await list(eve)).items).toHaveLength(1);
  });

  test('a notice leads to its own site, and is of a kind that its plugin has', async () => {
    expect((await tell({ link: 'https://evil.example' })).status).toBe(400);
    expect((await tell({ kind: 'unknown' })).status).toBe(400);
  });

  test('what a plugin said falls silent with it', async () => {
    await tell();
    await site.disable('tips');
    expect(await list(eve)).toMatchObject({ items: [], unread: 0 });
    const { body } = await eve.get<{ kinds: unknown[] }>('/api/kernel/notices/preferences');
    expect(body.kinds).toEqual([]);
    await site.enable('tips');
    expect((await list(eve)).items).toHaveLength(1);
  });

  test('another tenant’s people see nothing of it', async () => {
    const other = await (await kernel.tenant()).person();
    await tell({ accountIds: [other.accountId] });
    expect((await list(other)).items).toEqual([]);
  });

  test('is forgotten after a while', async () => {
    await tell();
    await later('1d');
    expect((await list(eve)).items).toHaveLength(1);
    await later('92d');
    expect((await list(eve)).items).toHaveLength(0);
  });
});

describe('by mail', () => {
  test('a notice that was not read in the page is mailed after a while, once', async () => {
    await tell({ link: '/jars/1' });
    await later('9m');
    expect(await mailOf(eve)).toEqual([]);
    await later('2m');
    await later('1d');
    const mails = await mailOf(eve);
    expect(mails.map(({ subject }) => subject)).toEqual(['5 points']);
    expect(mails[0]?.html).toMatch(/href="http:\/\/[^"]*\/jars\/1"/);
  });

  test('one that was read is not', async () => {
    await tell();
    await eve.post('/api/kernel/notices/read', {});
    await later('1h');
    expect(await mailOf(eve)).toEqual([]);
  });
});

describe('preferences', () => {
  test('decide where a kind goes, each kind by itself', async () => {
    await prefer(eve, ['mail']);
    await tell();
    await later('1h');
    expect((await list(eve)).items).toEqual([]);
    expect(await mailOf(eve)).toHaveLength(1);
    await prefer(eve, []);
    await tell();
    await later('1h');
    expect([(await list(eve)).items.length, (await mailOf(eve)).length]).toEqual([0, 1]);
    const { body } = await eve.get<{ kinds: object[] }>('/api/kernel/notices/preferences?locale=fr');
    expect(body.kinds).toEqual([
      { kind: 'tips.alarm', label: 'Alarm', channels: ['push'] },
      { kind: 'tips.tipped', label: 'On vous donne un pourboire', channels: [] },
    ]);
  });

  test('refuse what is not there', async () => {
    expect(
      (await eve.put('/api/kernel/notices/preferences', { kinds: [{ kind: 'no.kind', channels: [] }] })).status,
    ).toBe(400);
    for (const quiet of [
      { starts: '24:00', ends: '07:00', zone: 'UTC' },
      { starts: '22:00', ends: '07:00', zone: 'Mars/Base' },
    ]) {
      expect((await prefer(eve, [], { quiet })).status).toBe(400);
    }
  });

  test('quiet hours hold back what rings, until they end in the person’s zone', async () => {
    // Midnight UTC is nine in the morning in Tokyo.
    kernel.clock.set('2031-01-10T13:30:00Z');
    await prefer(eve, ['page', 'mail'], { quiet: { starts: '22:00', ends: '07:00', zone: 'Asia/Tokyo' } });
    await tell();
    expect((await list(eve)).unread).toBe(1);
    await later('8h');
    expect(await mailOf(eve)).toEqual([]);
    await later('31m');
    expect(await mailOf(eve)).toHaveLength(1);
    const { body } = await eve.get('/api/kernel/notices/preferences');
    expect(body.quiet).toEqual({ starts: '22:00', ends: '07:00', zone: 'Asia/Tokyo' });
  });
});

describe('quiet hours', () => {
  const zones = ['UTC', 'Europe/Lisbon', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
  const clock = (at: Date, timeZone: string) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  const time = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));

  test('are an hour shorter in the night when clocks go forward, and longer when they go back', () => {
    const night = { starts: '22:00', ends: '07:00', zone: 'Europe/Lisbon' };
    expect(quietUntil(new Date('2026-03-28T23:00:00Z'), night)).toEqual(new Date('2026-03-29T06:00:00Z'));
    expect(quietUntil(new Date('2026-10-24T22:00:00Z'), night)).toEqual(new Date('2026-10-25T07:00:00Z'));
    expect(quietUntil(new Date('2026-01-10T12:00:00Z'), night)).toBeUndefined();
  });

  test('end when the person’s clock says so, also when clocks are changed', () => {
    const instant = fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, time, time, fc.constantFrom(...zones), (now, starts, ends, zone) => {
        const until = quietUntil(now, { starts, ends, zone });
        const local = clock(now, zone);
        const within = starts <= ends ? local >= starts && local < ends : local >= starts || local < ends;
        expect(until !== undefined).toBe(within);
        if (!until) return;
        expect(until.getTime()).toBeGreaterThan(now.getTime());
        expect(until.getTime() - now.getTime()).toBeLessThanOrEqual(25.5 * 3_600_000);
        // A time that is skipped when clocks go forward never comes; then it is the hour after.
        if (clock(until, zone) !== ends)
          expect(clock(new Date(until.getTime() - 3_600_000), zone) < ends || ends < '03:00').toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('by push', () => {
  let service: Server;
  let endpoint: string;
  let pushed: { headers: NodeJS.Dict<string | string[]>; body: Buffer }[];
  let answer: number;

  beforeEach(async () => {
    pushed = [];
    answer = 201;
    service = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        pushed.push({ headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(answer).end();
      });
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}/push/`;
    return () => new Promise((resolve) => service.close(resolve));
  });

  /** A browser that subscribed; it can read what was encrypted for it. */
  async function aBrowser(person: TestPerson, name: string) {
    const pair = createECDH('prime256v1');
    pair.generateKeys();
    const auth = randomBytes(16);
    const { status, body } = await person.post<{ id: string }>('/api/kernel/notices/push-subscriptions', {
      endpoint: endpoint + name,
      keys: { p256dh: pair.getPublicKey('base64url'), auth: auth.toString('base64url') },
    });
    expect(status).toBe(201);
    return {
      id: body.id,
      read: (message: Buffer) => JSON.parse(decrypt(message, pair, auth)) as Record<string, string>,
    };
  }

  test('a notice reaches every browser of the person, encrypted for it and signed by the site', async () => {
    const [phone, laptop] = [await aBrowser(eve, 'phone'), await aBrowser(eve, 'laptop')];
    await aBrowser(tom, 'other');
    await tell({ link: '/jars/1' });
    await kernel.settle();
    expect(pushed).toHaveLength(2);
    const read = pushed.map(({ body }) => [phone, laptop].map((browser) => tryRead(browser, body)).find(Boolean));
    expect(read[0]).toMatchObject({ title: '5 points', text: 'From Tom.', link: '/jars/1', kind: 'tips.tipped' });
    expect(read[1]).toEqual(read[0]);
    const { body } = await site.anyone().get<{ publicKey: string }>('/api/kernel/notices/push-key');
    expect(pushed[0]?.headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '86400', urgency: 'normal' });
    expect(verifyVapid(String(pushed[0]?.headers.authorization), body.publicKey)).toMatchObject({
      aud: new URL(endpoint).origin,
      sub: expect.stringMatching(/^mailto:/),
    });
  });

  test('a service that is busy is tried again; a browser that is gone is forgotten', async () => {
    await aBrowser(eve, 'phone');
    answer = 503;
    await tell();
    await kernel.settle();
    expect(pushed).toHaveLength(1);
    answer = 201;
    await later('1m');
    expect(pushed).toHaveLength(2);
    await later('1d');
    expect(pushed).toHaveLength(2);
    answer = 410;
    await tell();
    await kernel.settle();
    answer = 201;
    await tell();
    await kernel.settle();
    expect(pushed).toHaveLength(3);
  });

  test('quiet hours hold it back, but not what is urgent', async () => {
    kernel.clock.set('2032-01-10T23:00:00Z');
    await aBrowser(eve, 'phone');
    await prefer(eve, ['push'], { quiet: { starts: '22:00', ends: '07:00', zone: 'UTC' } });
    await tell();
    await tell({ kind: 'alarm' });
    await kernel.settle();
    expect(pushed.map(({ headers }) => headers.urgency)).toEqual(['high']);
    await later('8h');
    expect(pushed).toHaveLength(2);
  });

  test('a browser rings for whoever is signed in there last, and no more when it is removed', async () => {
    await aBrowser(eve, 'shared');
    const { id } = await aBrowser(tom, 'shared');
    await tell();
    await kernel.settle();
    expect(pushed).toEqual([]);
    expect((await eve.delete(`/api/kernel/notices/push-subscriptions/${id}`)).status).toBe(404);
    expect((await tom.delete(`/api/kernel/notices/push-subscriptions/${id}`)).status).toBe(204);
    await tell({ accountIds: [tom.accountId] });
    await kernel.settle();
    expect(pushed).toEqual([]);
  });

  test('one person has so many browsers and no more', async () => {
    for (let n = 0; n < 13; n++) {
      kernel.clock.advance('1s');
      await aBrowser(eve, `browser-${n}`);
    }
    await tell();
    await kernel.settle();
    expect(pushed).toHaveLength(10);
  });

  test('only services on the open internet are called', async () => {
    const push = new Push('secret', 'mailto:a@b.example');
    const refused = [
      'http://push.example/x',
      'https://127.0.0.1/x',
      'https://10.1.2.3',
      'https://[::1]/x',
      'https://[fd00::1]/x',
      'https://169.254.169.254/latest',
      'https://0x7f000001/',
      'ftp://push.example',
      'x',
    ];
    expect(refused.filter((url) => push.accepts(url))).toEqual([]);
    expect(push.accepts('https://fcm.googleapis.com/fcm/send/x')).toBe(true);
    const keys = createECDH('prime256v1');
    const p256dh = keys.generateKeys('base64url');
    const inside = push.send(
      { endpoint: 'https://localhost/x', p256dh, auth: randomBytes(16).toString('base64url') },
      'x',
      false,
    );
    await expect(inside).rejects.toThrow('not on the open internet');
  });

  const tryRead = (browser: { read(message: Buffer): Record<string, string> }, body: Buffer) => {
    try {
      return browser.read(body);
    } catch {
      return undefined;
    }
  };
});

test('a deleted account leaves nothing behind', async () => {
  await tell();
  await prefer(eve, ['page'], { quiet: { starts: '22:00', ends: '07:00', zone: 'UTC' } });
  const { database } = kernel.kernel;
  const left = () =>
    database.tenant(site.id, async (_, client) => {
      const { rows } = await client.query<{ n: number }>(
        `select (select count(*) from kernel.notice where account_id = $1)::int + (select count(*) from kernel.notice_preference where account_id = $1)::int
           + (select count(*) from kernel.notice_quiet where account_id = $1)::int as n`,
        [eve.accountId],
      );
      return rows[0]?.n;
    });
  expect(await left()).toBe(3);
  await database.tenant(site.id, (_, client) =>
    client.query(
      `insert into kernel.outbox (tenant_id, id, event, payload) values ($1, $2, 'kernel.account-deleted@1', $3)`,
      [site.id, newId(), JSON.stringify({ accountId: eve.accountId })],
    ),
  );
  await kernel.settle();
  expect(await left()).toBe(0);
});

/** RFC 8291, from the browser's side, written out from the document. */
function decrypt(message: Buffer, pair: ReturnType<typeof createECDH>, auth: Buffer): string {
  const salt = message.subarray(0, 16);
  const sender = message.subarray(21, 21 + (message[20] ?? 0));
  const secret = pair.computeSecret(sender);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), sender]);
  const key = hkdf(auth, secret, info, 32);
  const content = hkdf(salt, key, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = hkdf(salt, key, Buffer.from('Content-Encoding: nonce\0'), 12);
  const sealed = message.subarray(21 + sender.length);
  const decipher = createDecipheriv('aes-128-gcm', content, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  // The last record is closed by a 2, then padding.
  return plain.subarray(0, plain.lastIndexOf(2)).toString();
}

const hkdf = (salt: Buffer, key: Buffer, info: Buffer, length: number) =>
  Buffer.from(hkdfSync('sha256', key, salt, info, length));

/** RFC 8292: what the signature says, if it is the site's. */
function verifyVapid(header: string, publicKey: string): Record<string, unknown> | undefined {
  const [, token = '', key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(header) ?? [];
  if (key !== publicKey) return undefined;
  const [head, claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(publicKey, 'base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const signed = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  return signed ? (JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>) : undefined;
}
