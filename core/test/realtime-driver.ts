// A node with real sockets, and pages that talk to it.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Actor, type Channel, channel, newId, type Person } from '@plinth/sdk';
import { Type } from 'typebox';
import type { Bus } from '../realtime/bus.ts';
import type { Registration } from '../realtime/channels.ts';
import type { RealtimeLimits } from '../realtime/limits.ts';
import { createRealtime } from '../realtime/realtime.ts';
import type { TenantState } from '../tenancy/state.ts';
import { Page } from '../testing/page.ts';

export { Page };

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

export function aTenant(slug: string): TenantState {
  return {
    facts: { id: newId(), slug, name: slug, locale: 'en', zone: 'UTC' },
    // Operators are let in on one site only.
    platform: slug === 'ada',
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
