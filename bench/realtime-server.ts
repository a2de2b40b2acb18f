// One of the two servers that `bench/realtime.ts` compares: the kernel's sockets, or `ws` and a set per channel.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { channel } from '@plinth/sdk';
import { Type } from 'typebox';
import { type WebSocket, WebSocketServer } from 'ws';
import { createRealtime } from '../core/realtime/realtime.ts';
import { SILENT } from '../core/telemetry/log.ts';
import type { TenantState } from '../core/tenancy/state.ts';

const TEXT = 'x'.repeat(120);
const server = createServer();
const say = process.argv[2] === 'kernel' ? kernel() : bare();

function bare(): (sentAt: number) => void {
  const channels = new Map<string, Set<WebSocket>>();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
    socket.on('message', (data) => {
      const { channel: name, id } = JSON.parse(String(data)) as { channel?: string; id?: number };
      if (name === undefined) return socket.send('{"type":"welcome"}');
      const members = channels.get(name) ?? new Set();
      channels.set(name, members.add(socket));
      socket.send(JSON.stringify({ type: 'joined', id }));
    });
  });
  return (sentAt) => {
    const event = { sentAt, text: TEXT };
    const message = JSON.stringify({ type: 'event', channel: 'chat/rooms/0', sequence: 1, at: new Date(), event });
    for (const socket of channels.get('chat/rooms/0') ?? []) socket.send(message);
  };
}

function kernel(): (sentAt: number) => void {
  const realtime = createRealtime({ clock: { now: () => new Date() }, log: SILENT });
  const Said = Type.Object({ sentAt: Type.Number(), text: Type.String() });
  realtime.register({
    plugin: 'chat',
    channel: channel('rooms/:roomId', Said, { presence: true, history: 20 }),
    auth: 'public',
    enabled: () => true,
  });
  const tenant: TenantState = {
    facts: { id: '00000000-0000-7000-8000-000000000000', slug: 'bench', name: 'Bench', locale: 'en', zone: 'UTC' },
    platform: false,
    active: true,
    hosts: ['bench.localhost'],
    origins: [],
    enabled: new Set(['chat']),
    plugins: new Map(),
  };
  const credential = { kind: 'session', id: 'session' } as const;
  server.on('upgrade', (request, socket, head) =>
    realtime.upgrade(request, socket, head, tenant, (accountId) => ({
      kind: 'person',
      accountId,
      credential,
      permissions: new Set<string>(),
      operator: false,
    })),
  );
  return (sentAt) =>
    realtime.publish({ tenantId: tenant.facts.id, plugin: 'chat', path: 'rooms/0', event: { sentAt, text: TEXT } });
}

process.on('message', async (question: 'usage' | { events: number; everyMs: number }) => {
  if (question === 'usage') {
    global.gc?.();
    const { user, system } = process.cpuUsage();
    const { heapUsed, external, rss } = process.memoryUsage();
    return process.send?.({ heap: heapUsed + external, rss, cpu: user + system });
  }
  for (let event = 0; event < question.events; event++) {
    // The monotonic clock is the whole machine's, so another process can subtract it.
    say(Number(process.hrtime.bigint()));
    await sleep(question.everyMs);
  }
  process.send?.('said');
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
