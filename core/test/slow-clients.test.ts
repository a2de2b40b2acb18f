// Clients that dawdle: they are let go, and nobody waits for them meanwhile.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay, setInterval } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Front } from '../front/front.ts';
import { rateLimiters } from '../front/rate-limit.ts';
import { buildRouteApp } from '../front/route-app.ts';
import { CallContext } from '../plugins/call.ts';
import { kernelRoute, rawRoute } from '../room.ts';
import { RouteStats } from '../telemetry/route-stats.ts';
import type { Tenancy } from '../tenancy/tenancy.ts';
import { aTenant, silentLog } from './realtime-driver.ts';

const patience = { head: 300, request: 2000, body: 400, silence: 1000, look: 50 };
const Words = Type.Object({ words: Type.String() });
const routes = [
  kernelRoute('POST /take', { auth: 'public', body: Words, reply: Words }, async (_call, { body }) => body),
  // Of a larger body more is waited for: four times as long.
  kernelRoute(
    'POST /take-much',
    { auth: 'public', body: Words, reply: Words, bodyLimit: 4 * 1024 * 1024 },
    async (_call, { body }) => body,
  ),
  kernelRoute('POST /think', { auth: 'public', reply: Words }, async () => {
    await delay(600);
    return { words: 'Hm.' };
  }),
  ...rawRoute(['POST'], '/upload', { auth: 'public', summary: '' }, async (_call, request, reply) => {
    for await (const _ of request.raw);
    return reply.send('taken');
  }),
];

let front: Front;
let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = Fastify();
  app.get('/quick', async () => 'here');
  // More than the buffers between the two ends hold.
  app.get('/much', (_request, reply) => reply.send(Readable.from(Array(4096).fill(Buffer.alloc(16_384)))));
  await app.ready();
  const tenancy = { byHost: () => aTenant('site') } as unknown as Tenancy;
  const deps = { tenancy, machine: app, site: () => app, upgrade: () => {} };
  front = new Front(deps, patience);
  const clock = { now: () => new Date() };
  const limiters = rateLimiters({ readsPerMinute: 1000, writesPerMinute: 1000 }, Date.now);
  const kernel = await buildRouteApp(
    { prefix: '/api/kernel', routes, makeContext: (start) => new CallContext(start) },
    {
      ...{ clock, log: silentLog, strict: true, tracing: undefined, patience },
      ...{ authenticate: () => undefined, limiters, stats: new RouteStats() },
    },
  );
  front.apps.set('kernel', kernel);
  port = await front.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await front.drain(0);
  await app.close();
});

const quick = async () => (await fetch(`http://127.0.0.1:${port}/quick`)).text();

/** Sends a byte at a time until it is cut off, with somebody else served all along; answers what it was told. */
async function drip(begin: string, more: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let told = '';
  socket.on('data', (words) => {
    told += words;
  });
  socket.on('error', () => {});
  socket.write(begin);
  const closed = once(socket, 'close');
  for await (const _ of setInterval(50)) {
    if (socket.closed || socket.readableEnded) break;
    socket.write(more);
    expect(await quick()).toBe('here');
  }
  socket.destroy();
  await closed;
  return told;
}

/** Says the rest after a pause, and answers what it was told. */
async function say(begin: string, pause: number, rest: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(begin);
  await delay(pause);
  socket.write(rest);
  for await (const told of socket) return String(told);
  return '';
}

test('a head that comes a byte at a time is answered 408', async () => {
  expect(await drip('GET /quick HTTP/1.1\r\nHost: site.localhost\r\nX-Long: ', 'x')).toMatch(
    /^HTTP\/1\.1 408 [\s\S]*kernel\.too_slow/,
  );
});

const post = (path: string, length: number) =>
  `POST /api/kernel/${path} HTTP/1.1\r\nHost: site.localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
const BODY = '{"words":"I was slow, but I said it all."}';

test('a body that comes a byte at a time is answered 408 as a problem, and the connection ends', async () => {
  const told = await drip(post('take', 9000), ' ');
  expect(told).toMatch(/^HTTP\/1\.1 408 [\s\S]*problem\+json[\s\S]*"code":"kernel\.too_slow","status":408/);
  expect(told).toMatch(/\r\nconnection: close\r\n/i);
  expect(told.match(/HTTP\/1\.1/g)).toHaveLength(1);
  // By the route, not by the bound of all requests, which knows no ids.
  expect(told).toMatch(/\r\nx-request-id: /i);
});

test('a body in two parts is waited for, longer where it may be larger, and a handler is never hurried', async () => {
  const [head, tail] = [BODY.slice(0, 10), BODY.slice(10)];
  const answers = [
    say(post('take', BODY.length) + head, 150, tail),
    say(post('take-much', BODY.length) + head, 700, tail),
  ];
  for (const answer of await Promise.all([...answers, say(`${post('think', 2)}{`, 10, '}')]))
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"words":/);
});

test('an upload takes the time it needs, up to the bound of all requests', async () => {
  expect(await say(`${post('upload', BODY.length)}{`, 450, BODY.slice(1))).toMatch(/^HTTP\/1\.1 200 [\s\S]*taken/);
  expect(await drip(post('upload', 9000), ' ')).toMatch(/^HTTP\/1\.1 408 [\s\S]*kernel\.too_slow/);
});

test('a client that stops reading is let go', async () => {
  const begun = new Promise<Socket>((resolve) => {
    const hear = (message: unknown) => {
      const { request, socket } = message as { request: { url: string }; socket: Socket };
      if (request.url !== '/much') return;
      unsubscribe('http.server.request.start', hear);
      resolve(socket);
    };
    subscribe('http.server.request.start', hear);
  });
  const client = connect(port, '127.0.0.1').pause();
  client.on('error', () => {});
  client.write('GET /much HTTP/1.1\r\nHost: site.localhost\r\n\r\n');
  const held = await begun;
  expect(await quick()).toBe('here');
  if (!held.closed) await once(held, 'close');
  expect(held.bytesWritten).toBeLessThan(4096 * 16_384);
  expect(await quick()).toBe('here');
  client.destroy();
});
