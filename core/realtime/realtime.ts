import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Log } from '@plinth/sdk';
import { WebSocketServer } from 'ws';
import { errors as kernel } from '../errors.ts';
import { isOriginOf } from '../front/cors.ts';
import type { Room } from '../room.ts';
import type { TenantState } from '../tenancy/state.ts';
import { type Bus, nobody } from './bus.ts';
import type { Registration } from './channels.ts';
import { type Authenticate, Connection, type Node } from './connection.ts';
import { LIMITS, type RealtimeLimits } from './limits.ts';
import { CLOSE } from './protocol.ts';
import { Topics } from './topics.ts';

export interface RealtimeDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The other nodes; none when absent. */
  readonly bus?: Bus;
  readonly limits?: Partial<RealtimeLimits>;
}

export interface RealtimeApi {
  /** Takes over a connection that asks to become a socket. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    tenant: TenantState,
    authenticate: Authenticate,
  ): void;
  /** Adds a channel; one that is there already is taken over with everybody in it. */
  register(registration: Registration): void;
  /** A plugin is gone; or its new version lacks some channels: those whose path is not in `keep` are closed. */
  unregister(plugin: string, keep?: ReadonlySet<string>): void;
  /** To everybody in `<plugin>/<path>` of this tenant, on every node. Silent where the plugin is off. */
  publish(message: { tenantId: string; plugin: string; path: string; event: unknown }): void;
  /**
   * A credential or an account has ended or changed: closes its sockets. Without a subject anything may have: asks
   * again who everybody is, and closes where the answer is another one. Called on every node.
   */
  revoke(tenantId?: string, subjectId?: string): void;
  /** A tenant switched a plugin off: closes its channels there. Called on every node. */
  switchedOff(tenantId: string, plugin: string): void;
  /** For metrics. */
  counts(): { sockets: number; channels: number; dropped: number };
}

/** Pages come back spread over this time, not all at once. */
const RETURN_WITHIN_MS = 5000;

/** One WebSocket per page, channels with presence, typing and bounded history. */
export function createRealtime({ clock, log, bus = nobody, limits: changed }: RealtimeDeps): Room & RealtimeApi {
  const limits = { ...LIMITS, ...changed };
  const topics = new Topics(limits, bus);
  const connections = new Set<Connection>();
  const node: Node = { limits, log, topics, connections, dropped: 0 };
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    // Never the one that carries the token: answers are logged on the way.
    handleProtocols: (offered) => (offered.has('plinth.v1') ? 'plinth.v1' : false),
  });
  let draining = false;

  /** One after the other: the answers come from the database, which may just have come back. */
  async function recheck(tenantId: string | undefined): Promise<void> {
    for (const each of connections) if (tenantId === undefined || each.tenantId === tenantId) await each.recheck();
  }

  return {
    name: 'realtime',
    upgrade: (request, socket, head, tenant, authenticate) => {
      const { origin } = request.headers;
      // A page of another site may not speak as its reader. Programs send no origin: the token alone decides.
      if (origin !== undefined && !isOriginOf(origin, tenant)) return refuse(socket, '403 Forbidden');
      if (draining || connections.size >= limits.sockets) return refuse(socket, '503 Service Unavailable');
      server.handleUpgrade(request, socket, head, (ws) => {
        const connection = new Connection(ws, socket, tenant, node, authenticate);
        const token = bearerOf(request);
        if (token !== undefined) connection.hear({ type: 'hello', token });
      });
    },
    register: (registration) => topics.channels.add(registration),
    unregister: (plugin, keep) => {
      topics.channels.remove(plugin, keep);
      topics.close(({ entry }) => !topics.channels.has(entry));
    },
    publish: ({ tenantId, plugin, path, event }) => {
      const json = JSON.stringify(event);
      if (Buffer.byteLength(json) > limits.eventBytes)
        throw kernel.too_large({ detail: `An event has ${limits.eventBytes} bytes at most.` });
      topics.tellAll({ kind: 'event', tenantId, channel: `${plugin}/${path}`, at: clock.now().toISOString(), json });
    },
    revoke: (tenantId, subjectId) => {
      if (subjectId === undefined) return void recheck(tenantId);
      for (const each of connections) if (each.tenantId === tenantId) each.end(subjectId);
    },
    switchedOff: (tenantId, plugin) =>
      topics.close((topic) => topic.tenantId === tenantId && topic.entry.current.plugin === plugin),
    counts: () => ({ sockets: connections.size, channels: topics.size, dropped: node.dropped }),
    drain: async () => {
      draining = true;
      for (const connection of connections) {
        connection.close(CLOSE.restart, JSON.stringify({ retryMs: Math.round(Math.random() * RETURN_WITHIN_MS) }));
      }
    },
    stop: () => topics.stop(),
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Browsers cannot set headers on a socket; a token in the address would be logged. */
function bearerOf(request: IncomingMessage): string | undefined {
  const offered = request.headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered
    .map((protocol) => protocol.trim())
    .find((protocol) => protocol.startsWith('bearer.'))
    ?.slice(7);
}
