// A browser rings for the sign-in that asked it to, and for nobody once that has ended.
import { createECDH, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { definePlugin } from '@plinth/sdk';
import { NoticeKinds, Notices } from '@plinth/sdk/services/notices.ts';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestKernel, TestCaller, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const alarms = definePlugin({
  ...{ id: 'alarms', version: '1.0.0', kernel: '^1.0.0', title: 'Alarms', summary: 'Rings.' },
  needs: { notices: Notices },
  capabilities: ['notices:send'],
  contributes: (plugin) => [
    plugin.fill(NoticeKinds, 'alarm', {
      ...{ label: { en: 'Alarm' }, title: { en: 'Alarm' }, text: { en: 'Now.' } },
      channels: ['push'],
      urgent: true,
    }),
    plugin.route(
      'POST /ring',
      { auth: 'public', body: Type.Object({ accountId: Type.String() }) },
      async (ctx, { body: { accountId } }) => {
        await ctx.notices.notify({ accountIds: [accountId], kind: 'alarm', data: {} });
      },
    ),
  ],
});

const AUTH = '/api/kernel/auth';
const PASSWORD = 'a quiet harbour at dusk';
let kernel: TestKernel;
let site: TestTenant;
let service: Server;
let eve: string;
let rung: string[];

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [alarms] });
  site = await kernel.tenant();
  service = createServer((request, response) => {
    rung.push(request.url?.slice(1) ?? '');
    request.resume();
    response.writeHead(201).end();
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  service.close();
});
beforeEach(async () => {
  rung = [];
  eve = await anAccount();
});

let people = 0;
async function anAccount() {
  people += 1;
  const account = { password: PASSWORD, displayName: 'Eve', verified: true };
  return kernel.kernel.auth.createAccount(site.id, { ...account, email: `eve-${people}@example.org` });
}

interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
}

/** A browser in which Eve has signed in and let herself be rung. */
async function aBrowser(name: string) {
  const login = { email: `eve-${people}@example.org`, password: PASSWORD };
  const { body } = await site.anyone().post<SignedIn>(`${AUTH}/sessions`, login);
  const page = new TestCaller(kernel, site.host, body.accessToken);
  const subscribe = () => {
    const { port } = service.address() as AddressInfo;
    const keys = {
      p256dh: createECDH('prime256v1').generateKeys('base64url'),
      auth: randomBytes(16).toString('base64url'),
    };
    return page.post('/api/kernel/notices/push-subscriptions', { endpoint: `http://127.0.0.1:${port}/${name}`, keys });
  };
  expect((await subscribe()).status).toBe(201);
  return { ...body, page, subscribe };
}

/** Which browsers ring. */
async function ring(accountId = eve) {
  rung = [];
  expect((await site.anyone().post('/api/alarms/ring', { accountId })).status).toBe(204);
  await kernel.settle();
  return rung.sort();
}

test('signing out silences that browser, and no other', async () => {
  const library = await aBrowser('library');
  await aBrowser('phone');
  expect(await ring()).toEqual(['library', 'phone']);
  await library.page.delete(`${AUTH}/sessions/current`);
  expect(await ring()).toEqual(['phone']);
});

test('so does ending it from another device, and signing out everywhere ends all', async () => {
  const library = await aBrowser('library');
  const phone = await aBrowser('phone');
  expect((await phone.page.delete(`${AUTH}/sessions/${library.sessionId}`)).status).toBe(204);
  expect(await ring()).toEqual(['phone']);
  await aBrowser('tablet');
  await phone.page.delete(`${AUTH}/sessions`);
  expect(await ring()).toEqual([]);
});

test('a new password leaves the browser ringing that it was set in', async () => {
  await aBrowser('library');
  const phone = await aBrowser('phone');
  const change = { current: PASSWORD, password: 'another harbour at dawn' };
  expect((await phone.page.post(`${AUTH}/password`, change)).status).toBe(204);
  expect(await ring()).toEqual(['phone']);
});

test('a refresh leaves it ringing, a refresh token that is used twice does not', async () => {
  const phone = await aBrowser('phone');
  const refresh = (refreshToken: string) => site.anyone().post<SignedIn>(`${AUTH}/sessions/refresh`, { refreshToken });
  const next = (await refresh(phone.refreshToken)).body.refreshToken;
  expect((await refresh(next)).status).toBe(200);
  expect(await ring()).toEqual(['phone']);
  expect((await refresh(phone.refreshToken)).status).toBe(401);
  expect(await ring()).toEqual([]);
});

test('a sign-in that has run out rings no more, also before it is swept away', async () => {
  await aBrowser('phone');
  kernel.clock.advance('29d');
  expect(await ring()).toEqual(['phone']);
  kernel.clock.advance('2d');
  expect(await ring()).toEqual([]);
});

test('a browser in which somebody else signs in rings for them, whoever leaves', async () => {
  const first = await aBrowser('shared');
  const eveBefore = eve;
  eve = await anAccount();
  await aBrowser('shared');
  await first.page.delete(`${AUTH}/sessions/current`);
  expect(await ring(eveBefore)).toEqual([]);
  expect(await ring()).toEqual(['shared']);
});

test('a deleted account rings nowhere, and leaves no browser behind', async () => {
  const phone = await aBrowser('phone');
  await aBrowser('library');
  expect((await phone.page.post(`${AUTH}/me/deletion`, { immediate: true })).status).toBe(202);
  expect(await kernel.count(`select from kernel.push_subscription where account_id = '${eve}'`)).toBe(0);
});

test('a session that ended a moment ago lets no browser ring', async () => {
  const phone = await aBrowser('phone');
  // As on a node that has not heard of it yet: the row is gone, and the token still known.
  await kernel.kernel.database.tenant(site.id, (_, client) =>
    client.query('delete from kernel.session where id = $1', [phone.sessionId]),
  );
  expect((await phone.subscribe()).status).toBe(401);
});
