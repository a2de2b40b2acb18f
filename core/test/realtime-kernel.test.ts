// Sockets through a whole kernel: who is let in, what ends them, and how a node stops with pages still there.
import type { Socket } from 'node:net';
import { channel, definePlugin } from '@plinth/sdk';
import { NoticeKinds, Notices } from '@plinth/sdk/services/notices.ts';
import { Type } from 'typebox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';
import { Page } from './realtime-driver.ts';

const room = definePlugin({
  id: 'room',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Room',
  summary: 'Says what it is told.',
  needs: { notices: Notices },
  capabilities: ['notices:send'],
  channels: {
    talk: channel('talks/:talkId', Type.Object({ text: Type.String() }), {
      message: Type.Object({ text: Type.String() }),
      presence: true,
    }),
  },
  contributes: (plugin) => [
    plugin.fill(NoticeKinds, 'said', { label: { en: 'Talk' }, title: { en: 'Talk' }, text: { en: '{text}' } }),
    plugin.socket('talk', {
      auth: 'user',
      receive: async (ctx, { params, message }) => {
        await ctx.publish.talk(params, message);
        await ctx.notices.notify({ accountIds: [ctx.actor.accountId], kind: 'said', data: message });
      },
    }),
  ],
});

let kernel: TestKernel;
let site: TestTenant;
let eve: TestPerson;
let port: number;
const pages: Page[] = [];

const open = (host: string, token: string | undefined) => {
  const page = new Page(
    port,
    host.replace('.localhost', ''),
    token === undefined ? ['plinth.v1'] : ['plinth.v1', `bearer.${token}`],
  );
  pages.push(page);
  return page;
};

beforeEach(async () => {
  kernel = await createTestKernel({ plugins: [room] });
  site = await kernel.tenant();
  eve = await site.person();
  ({ port } = await kernel.kernel.listen());
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.socket.terminate();
  await kernel[Symbol.asyncDispose]();
});

test('a person talks in a channel of a plugin, and hears of their notices', async () => {
  const page = open(site.host, eve.token);
  expect(await page.hears('welcome')).toMatchObject({ accountId: eve.accountId });
  expect((await page.join('room/talks/1')).type).toBe('joined');
  expect((await page.join(`kernel/notices/${eve.accountId}`)).type).toBe('joined');
  expect(page.code(await page.join('kernel/notices/01900000-0000-7000-8000-000000000000'))).toBe('kernel.forbidden');
  expect((await page.ask({ type: 'send', channel: 'room/talks/1', message: { text: 'hi' } })).type).toBe('ack');
  await page.hears('event', ({ channel: name }) => name === 'room/talks/1');
  const notice = await page.hears('event', ({ channel: name }) => name === `kernel/notices/${eve.accountId}`);
  expect(notice.event).toMatchObject({ kind: 'room.said' });
});

test('a token of one site opens nothing on another', async () => {
  const other = await kernel.tenant();
  expect((await open(other.host, eve.token).closed).code).toBe(4001);
  expect((await open('nobody.localhost', eve.token).closed).code).toBe(1006);
});

test('signing out closes the sockets of that session', async () => {
  const page = open(site.host, eve.token);
  await page.join('room/talks/1');
  expect((await eve.delete('/api/kernel/auth/sessions/current')).status).toBeLessThan(300);
  expect((await page.closed).code).toBe(4001);
});

test('switching a plugin off closes its channels', async () => {
  const page = open(site.host, eve.token);
  await page.join('room/talks/1');
  await site.disable('room');
  expect((await page.hears('closed')).channel).toBe('room/talks/1');
  expect(page.code(await page.join('room/talks/1'))).toBe('kernel.not_found');
});

test('a kernel stops with pages connected, and tells them to come back', async () => {
  const other = await createTestKernel({ plugins: [room] });
  const there = await other.tenant();
  const { port: at } = await other.kernel.listen();
  const page = new Page(at, there.host.replace('.localhost', ''), [
    'plinth.v1',
    `bearer.${(await there.person()).token}`,
  ]);
  await page.join('room/talks/1');
  // This one does not answer any more.
  const stuck = new Page(at, there.host.replace('.localhost', ''), ['plinth.v1']);
  await stuck.tell({ type: 'hello' });
  await stuck.hears('welcome');
  (stuck.socket as unknown as { _socket: Socket })._socket.pause();
  const stopped = other[Symbol.asyncDispose]();
  expect((await page.closed).code).toBe(1012);
  await stopped;
  stuck.socket.terminate();
});
