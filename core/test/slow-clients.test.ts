// Clients that dawdle: they are let go, and nobody waits for them meanwhile.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setInterval } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Front } from '../front/front.ts';
import type { Tenancy } from '../tenancy/tenancy.ts';
import { aTenant } from './realtime-driver.ts';

let front: Front;
let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = Fastify();
  app.get('/quick', async () => 'here');
  app.post('/take', async ({ body }) => body);
  // More than the buffers between the two ends hold.
  app.get('/much', (_request, reply) => reply.send(Readable.from(Array(4096).fill(Buffer.alloc(16_384)))));
  await app.ready();
  const tenancy = { byHost: () => aTenant('site') } as unknown as Tenancy;
  const deps = { tenancy, machine: app, site: () => app, upgrade: () => {} };
  front = new Front(deps, { head: 300, request: 600, silence: 500, look: 50 });
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

test('a head that comes a byte at a time is answered 408', async () => {
  expect(await drip('GET /quick HTTP/1.1\r\nHost: site.localhost\r\nX-Long: ', 'x')).toMatch(
    /^HTTP\/1\.1 408 [\s\S]*kernel\.bad_request/,
  );
});

test('a body that comes a byte at a time is answered 408', async () => {
  const head =
    'POST /take HTTP/1.1\r\nHost: site.localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n';
  expect(await drip(head, ' ')).toMatch(/^HTTP\/1\.1 408 [\s\S]*kernel\.bad_request/);
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
