import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Actor, Clock, Log } from '@plinth/sdk';
import { WebSocketServer } from 'ws';
import { errors as kernel } from '../errors.ts';
import { isOriginOf } from '../front/cors.ts';
import type { Room } from '../room.ts';
import type { TenantState } from '../tenancy/state.ts';
import { type Bus, nobody } from './bus.ts';
import type { Registration } from './channels.ts';
import { Connection } from './connection.ts';
import { LIMITS, type RealtimeLimits } from './limits.ts';
import { CLOSE } from './protocol.ts';
import { Street } from './street.ts';

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
    authenticate: (token: string) => Promise<Actor | undefined> | Actor | undefined,
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
  const street = new Street(limits, log, bus);
  const { channels } = street;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    // Never the one that carries the token: answers are logged on the way.
    handleProtocols: (offered) => (offered.has('plinth.v1') ? 'plinth.v1' : false),
  });
  let draining = false;
  return {
    name: 'realtime',
    upgrade: (request, socket, head, tenant, authenticate) => {
      const { origin } = request.headers;
      // A page of another site may not speak as its reader. Programs send no origin: the token alone decides.
      if (origin !== undefined && !isOriginOf(origin, tenant)) return refuse(socket, '403 Forbidden');
      if (draining || street.sockets >= limits.sockets) return refuse(socket, '503 Service Unavailable');
      server.handleUpgrade(request, socket, head, (ws) => {
        const greeting = { token: bearerOf(request), authenticate };
        new Connection(ws, socket, street.nextNumber(), street.houseOf(tenant.facts.id), greeting).open();
      });
    },
    register: (registration) => channels.add(registration),
    unregister: (plugin, keep) => {
      channels.remove(plugin, keep);
      for (const house of street.houses) house.close((entry) => !channels.has(entry));
    },
    publish: ({ tenantId, plugin, path, event }) => {
      const json = JSON.stringify(event);
      if (Buffer.byteLength(json) > limits.eventBytes)
        throw kernel.too_large({ detail: `An event has ${limits.eventBytes} bytes at most.` });
      street.tellAll({ kind: 'event', tenantId, channel: `${plugin}/${path}`, at: clock.now().toISOString(), json });
    },
    revoke: (tenantId, subjectId) => {
      if (tenantId !== undefined && subjectId !== undefined) street.end(tenantId, subjectId);
      else void street.recheck(tenantId);
    },
    switchedOff: (tenantId, plugin) => street.houseOf(tenantId).close((entry) => entry.current.plugin === plugin),
    counts: () => ({
      sockets: street.sockets,
      channels: [...street.houses].reduce((sum, house) => sum + house.topics, 0),
      dropped: street.dropped,
    }),
    drain: async () => {
      draining = true;
      for (const connection of street.connections()) {
        connection.close(CLOSE.restart, JSON.stringify({ retryMs: Math.round(Math.random() * RETURN_WITHIN_MS) }));
      }
    },
    stop: () => street.stop(),
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
