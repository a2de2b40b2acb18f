// A node with real sockets, and pages that talk to it.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Actor, type Channel, channel, newId, type Person } from '@plinth/sdk';
import { Type } from 'typebox';
import { WebSocket } from 'ws';
import type { Bus } from '../realtime/bus.ts';
import type { Registration } from '../realtime/channels.ts';
import type { RealtimeLimits } from '../realtime/limits.ts';
import { createRealtime } from '../realtime/realtime.ts';
import type { TenantState } from '../tenancy/state.ts';

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

export function aTenant(slug: string): TenantState {
  return {
    facts: { id: newId(), slug, name: slug, locale: 'en', zone: 'UTC' },
    platform: false,
    active: true,
    hosts: [`${slug}.localhost`],
    origins: [],
    enabled: new Set(),
    plugins: new Map(),
  };
}

export function aPerson(accountId: string, more: Partial<Person> = {}): Person {
  return {
    kind: 'person',
    accountId,
    credential: { kind: 'session', id: `session of ${accountId}` },
    permissions: new Set(),
    operator: false,
    ...more,
  };
}

export const Said = Type.Object({ text: Type.String() });

export function aChannel(options: Partial<Parameters<typeof channel>[2]> = {}): Channel {
  return channel('rooms/:roomId', Said, { message: Said, presence: true, history: 5, ...options });
}

export interface Frame {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** Tenants `ada` and `bob`; a token is a name, except that some have permissions or have ended. */
export async function aNode(
  options: { limits?: Partial<RealtimeLimits>; bus?: Bus; tokens?: Record<string, Actor | undefined> } = {},
) {
  const { limits, bus, tokens = {} } = options;
  const realtime = createRealtime({
    clock: { now: () => new Date('2030-01-01T00:00:00Z') },
    log: silentLog,
    limits: { presenceMs: 5, ...limits },
    ...(bus ? { bus } : {}),
  });
  const off = new Set<string>();
  const authenticate = async (token: string): Promise<Actor | undefined> =>
    token in tokens || token.startsWith('bad') ? tokens[token] : aPerson(token);
  const server: Server = createServer().on('upgrade', (request, socket, head) => {
    const tenant = tenants[(request.headers.host ?? '').split('.')[0] ?? ''];
    if (tenant) realtime.upgrade(request, socket, head, tenant, authenticate);
    else socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pages: Page[] = [];
  return {
    realtime,
    port,
    off,
    tokens,
    pages,
    register: (plugin: string, more: Partial<Registration> = {}) =>
      realtime.register({
        plugin,
        channel: aChannel(),
        auth: 'public',
        enabled: (tenantId) => !off.has(`${tenantId} ${plugin}`),
        ...more,
      }),
    say: (tenant: TenantState, path: string, text: string, plugin = 'chat') =>
      realtime.publish({ tenantId: tenant.facts.id, plugin, path, event: { text } }),
    open: async (site: string, token?: string, headers: Record<string, string> = {}) => {
      const page = new Page(
        port,
        site,
        token === undefined ? ['plinth.v1'] : ['plinth.v1', `bearer.${token}`],
        headers,
      );
      pages.push(page);
      if (token === undefined) void page.tell({ type: 'hello' });
      return page;
    },
    close: async () => {
      for (const page of pages) page.socket.terminate();
      await realtime.stop?.();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const tenants: Record<string, TenantState> = { ada: aTenant('ada'), bob: aTenant('bob') };
export const ada = tenants.ada as TenantState;
export const bob = tenants.bob as TenantState;

/** A page: keeps what it was told, in order. */
export class Page {
  readonly socket: WebSocket;
  readonly told: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(port: number, site: string, protocols: string[], headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/kernel/realtime`, protocols, {
      headers: { host: `${site}.localhost:${port}`, ...headers },
    });
    this.socket.on('message', (data) => {
      this.told.push(JSON.parse(String(data)) as Frame);
      for (const check of this.#waiting.splice(0)) check();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  async tell(message: object): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    this.socket.send(JSON.stringify(message));
  }

  /** The first message, past or future, that fits. */
  async hears(type: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    for (;;) {
      const found = this.told.find((frame) => frame.type === type && fits(frame));
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Asks and waits for the answer with the same number. */
  async ask(message: { type: string; [member: string]: unknown }): Promise<Frame> {
    this.#next += 1;
    const id = this.#next;
    await this.tell({ ...message, id });
    for (;;) {
      const answer = this.told.find((frame) => frame.id === id);
      if (answer) return answer;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  join(channel: string, more: object = {}): Promise<Frame> {
    return this.ask({ type: 'join', channel, ...more });
  }

  texts(): unknown[] {
    return this.told.filter(({ type }) => type === 'event').map(({ event }) => (event as { text: string }).text);
  }

  code(answer: Frame): unknown {
    return (answer.problem as { code: string } | undefined)?.code;
  }

  /** What was sent before has been handled when this is answered. */
  settled(): Promise<Frame> {
    const before = this.told.filter(({ type }) => type === 'pong').length;
    void this.tell({ type: 'ping' });
    return this.hears('pong', (frame) => this.told.filter(({ type }) => type === 'pong').indexOf(frame) >= before);
  }
}
