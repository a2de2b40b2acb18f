import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { errors } from '../errors.ts';
import type { TenantState } from '../tenancy/state.ts';
import { isEnabled, type Tenancy } from '../tenancy/tenancy.ts';
import { arrive } from './arrival.ts';
import { answerPreflight, corsHeaders } from './cors.ts';
import type { ForwardedOf } from './forwarded.ts';
import { refuse } from './pages/refusal.ts';
import { PATIENCE, type Patience } from './patience.ts';
import { problemOf } from './problems.ts';

export interface FrontDeps {
  readonly tenancy: Tenancy;
  /** Health and metrics: answered for any host name, so that probes need to know none. */
  readonly machine: FastifyInstance;
  /** Everything outside `/api/<plugin>`: pages, the OpenAPI document. */
  readonly site: () => FastifyInstance;
  /** Absent where no proxy is trusted. */
  readonly forwardedOf?: ForwardedOf | undefined;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, tenant: TenantState) => void;
}

/** The door: host → tenant → plugin bit → that plugin's own Fastify instance. */
export class Front {
  /** One instance per plugin. Replacing an entry replaces the plugin for the next request. */
  readonly apps = new Map<string, FastifyInstance>();
  readonly #deps: FrontDeps;
  readonly #server: Server;
  #draining = false;

  constructor(deps: FrontDeps, { head, request, silence, look }: Patience = PATIENCE) {
    this.#deps = deps;
    this.#server = createServer({
      maxHeaderSize: 16 * 1024,
      headersTimeout: head,
      requestTimeout: request,
      connectionsCheckingInterval: look,
      keepAliveTimeout: 65_000,
    });
    this.#server.setTimeout(silence);
    this.#server.on('request', this.handle);
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    this.#server.on('clientError', refuseGarbage);
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = requestIdOf(request);
    if (this.#draining) {
      response.setHeader('connection', 'close');
      if (!request.url?.startsWith('/health')) return refuse(request, response, errors.draining(), requestId);
    }
    const url = request.url ?? '/';
    if (url.startsWith('/health') || url.startsWith('/metrics')) return this.#deps.machine.routing(request, response);
    if (url.startsWith('/assets/')) return this.#deps.site().routing(request, response);
    try {
      const tenant = this.#deps.tenancy.byHost(request.headers.host ?? '');
      if (!(tenant instanceof Promise)) return this.#enter(request, response, url, requestId, tenant);
      tenant.then(
        (found) => this.#enter(request, response, url, requestId, found),
        (error) => refuse(request, response, problemOf(error), requestId),
      );
    } catch (error) {
      refuse(request, response, problemOf(error), requestId);
    }
  };

  #enter(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
    requestId: string,
    tenant: TenantState | undefined,
  ): void {
    if (!tenant?.active) return refuse(request, response, errors.no_tenant(), requestId);
    const cors = request.headers.origin === undefined ? undefined : corsHeaders(request, tenant);
    if (cors) for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'])
      return answerPreflight(response, cors);
    arrive(request, { tenant, requestId, at: performance.now(), forwarded: this.#deps.forwardedOf?.(request) });
    const plugin = pluginOf(url);
    if (plugin === undefined) return this.#deps.site().routing(request, response);
    const app = this.apps.get(plugin);
    // A plugin that is off answers exactly like one that does not exist.
    if (!app || !(plugin === 'kernel' || isEnabled(tenant, plugin)))
      return refuse(request, response, errors.not_found(), requestId);
    app.routing(request, response);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const tenant = await this.#deps.tenancy.byHost(request.headers.host ?? '');
      if (this.#draining || !tenant?.active || request.url?.split('?')[0] !== '/api/kernel/realtime') {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#deps.upgrade(request, socket, head, tenant);
    } catch {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
    }
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Stops taking new work and lets what is under way finish, within a bound. */
  async drain(patience = 10_000): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), patience);
    await closed;
    clearTimeout(timer);
  }
}

/** `/api/tip-jar/jars` is the plugin `tip-jar`'s; `/api/openapi.json` is nobody's. */
function pluginOf(url: string): string | undefined {
  if (!url.startsWith('/api/')) return undefined;
  const end = url.indexOf('/', 5);
  return end === -1 ? undefined : url.slice(5, end);
}

// Unique within a process by counting, across processes by the random prefix.
const process8 = randomBytes(6).toString('base64url');
let counted = 0;

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given)) return given;
  counted += 1;
  return `${process8}-${counted.toString(36)}`;
}

/** What is not HTTP, or has too large a head, gets one line and a closed connection. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, problem] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          '431 Request Header Fields Too Large',
          errors.too_large({ detail: 'The head of the request is larger than 16 KiB.' }),
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', errors.too_slow()]
        : ['400 Bad Request', errors.bad_request({ detail: 'That is not HTTP.' })];
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
