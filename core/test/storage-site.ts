// Two tenants with people, and one storage: what the storage tests stand on.
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Call, type Clock, newId, type Person } from '@plinth/sdk';
import Fastify, { type FastifyInstance } from 'fastify';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { databaseRoles } from '../database/roles.ts';
import { errors } from '../errors.ts';
import { PROBLEM_TYPE, problemOf } from '../front/problems.ts';
import { CallContext } from '../plugins/call.ts';
import type { RawRoute, Room } from '../room.ts';
import { openDiskDriver } from '../storage/disk-driver.ts';
import type { StorageDriver } from '../storage/driver.ts';
import type { ObjectFacts } from '../storage/object.ts';
import { DEFAULT_QUOTAS, type StorageQuotas } from '../storage/quota.ts';
import { createStorage } from '../storage/storage.ts';
import { SILENT } from '../telemetry/log.ts';
import type { TenantState } from '../tenancy/state.ts';
import { Tenancy } from '../tenancy/tenancy.ts';
import { testDatabase } from '../testing/database.ts';

export type Site = Awaited<ReturnType<typeof aSite>>;

export async function aSite(options: { driver?: (dir: string) => StorageDriver; dir?: string } = {}) {
  const place = await testDatabase();
  const roles = databaseRoles(`plinth_${place.name}`);
  const folder = (room: string) => new URL(`../${room}/migrations/`, import.meta.url);
  const unit = (room: string) => ({ id: `kernel/${room}`, schema: 'kernel', folder: folder(room) });
  await migrate(place.connection, roles, ['tenancy', 'events', 'storage'].map(unit));
  const database = new Database({ ...place.connection, user: roles.app }, roles);
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'plinth storage-'));

  let offset = 0;
  const clock = { now: () => new Date(Date.now() + offset) };
  const quotas: StorageQuotas = { ...DEFAULT_QUOTAS };
  const driver = options.driver?.(dir) ?? openDiskDriver(dir);
  const makeStorage = () => createStorage({ database, clock, driver, secret: 'a secret', quotas });
  let storage = makeStorage();

  const tenancy = new Tenancy({ database, platformHost: 'localhost' });
  const ada = await tenancy.create({ slug: 'ada', name: 'Ada TV' });
  const bob = await tenancy.create({ slug: 'bob', name: 'Bob TV' });

  const tenants = new Map([ada, bob].map((tenant) => [`${tenant.facts.slug}.localhost`, tenant]));
  const open = async (served: Room = storage) => {
    const app = await serve(served, tenants, clock);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const address = app.server.address();
    const stop = async () => {
      app.server.closeAllConnections();
      await app.close();
    };
    return { stop, port: typeof address === 'object' && address ? address.port : 0 };
  };
  let { stop, port } = await open();

  const site = {
    database,
    driver,
    dir,
    connection: place.connection,
    ada,
    bob,
    get port() {
      return port;
    },
    get storage() {
      return storage;
    },
    now: () => clock.now(),
    wait(milliseconds: number) {
      offset += milliseconds;
    },
    quotas(change: Partial<StorageQuotas>) {
      Object.assign(quotas, DEFAULT_QUOTAS, change);
    },
    /** A new process would know no more than this: what was in memory is gone. */
    async restart() {
      await stop();
      storage = makeStorage();
      ({ stop, port } = await open());
    },
    person: (tenant: TenantState = ada) => ({ tenant, accountId: newId() }),
    put: (tenant: TenantState, bytes: Uint8Array | string, facts: Partial<ObjectFacts> = {}) =>
      storage.put(tenant.facts.id, Readable.from([Buffer.from(bytes)]), { plugin: 'feed', ...facts }),
    /** A call of `storage@1` by a plugin, on behalf of somebody or nobody. */
    as: (plugin: string, who?: Somebody) => {
      const start = {
        tenant: who?.tenant ?? ada,
        actor: who ? aPerson(who.accountId) : ({ kind: 'system' } as const),
        requestId: 'request-1',
        clock,
        log: SILENT,
        caller: plugin,
      };
      const handlers = storage.provides?.[0]?.handlers as Record<
        string,
        (call: Call, input: unknown) => Promise<never>
      >;
      return new Proxy({} as Record<string, (input: unknown) => Promise<Record<string, never>>>, {
        get: (_target, method: string) => (input: unknown) => {
          const handler = handlers[method];
          if (!handler) throw new Error(`storage@1 has no ${method}`);
          return handler(new CallContext(start), input);
        },
      });
    },
    async job(name: 'sweep' | 'reconcile', tenant: TenantState = ada) {
      const found = storage.contributions?.find((each) => each.kind === 'job' && each.name === name);
      if (found?.kind !== 'job') throw new Error(`no job ${name}`);
      await found.handler({ tenant: tenant.facts }, {});
    },
    ask: (method: string, path: string, given: Ask = {}) => ask(port, method, path, given),
    /** Another node over the same database and the same bytes. */
    async anotherNode() {
      const other = await open(makeStorage());
      return {
        port: other.port,
        ask: (method: string, path: string, given: Ask = {}) => ask(other.port, method, path, given),
        stop: other.stop,
      };
    },
    files: async () => (await filesBelow(dir)).map((path) => path.slice(dir.length + 1)),
    rows: async <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
      database.spanning(async (_tx, client) => (await client.query(sql, values)).rows as T[]),
    async usage(tenant: TenantState, owner = ''): Promise<number> {
      const [row] = await site.rows<{ bytes: string }>(
        'select bytes from kernel.storage_usage where tenant_id = $1 and owner = $2',
        [tenant.facts.id, owner],
      );
      return Number(row?.bytes ?? 0);
    },
    async close() {
      await stop();
      await database.close();
      await place.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return site;
}

/** Raw routes as the front serves them, less what storage has nothing to do with. */
async function serve(room: Room, tenants: ReadonlyMap<string, TenantState>, clock: Clock): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    return reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem.toJSON());
  });
  for (const route of room.contributions ?? []) {
    if (route.kind !== 'route' || !('raw' in route)) continue;
    const { raw } = route as RawRoute;
    app.route({
      method: route.method,
      url: `/api/kernel${route.path}`,
      handler: (request, reply) => {
        const tenant = tenants.get(request.hostname);
        if (!tenant) throw errors.no_tenant();
        // A token is who it speaks for: `<tenant id>.<account id>`.
        const [of, accountId = ''] = request.headers.authorization?.replace('Bearer ', '').split('.') ?? [];
        const actor = of === tenant.facts.id ? aPerson(accountId) : ({ kind: 'anonymous' } as const);
        if (route.options.auth === 'user' && actor.kind !== 'person') throw errors.unauthenticated();
        return raw(new CallContext({ tenant, actor, requestId: 'request-1', clock, log: SILENT }), request, reply);
      },
    });
  }
  await app.ready();
  return app;
}

export interface Somebody {
  readonly tenant: TenantState;
  readonly accountId: string;
}

export const tokenOf = ({ tenant, accountId }: Somebody) => `${tenant.facts.id}.${accountId}`;

function aPerson(accountId: string): Person {
  const credential = { kind: 'session', id: newId() } as const;
  return { kind: 'person', accountId, credential, permissions: new Set(), operator: false };
}

export interface Ask {
  readonly as?: Somebody;
  readonly tenant?: TenantState;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly problem: { code?: string; status?: number };
}

function ask(
  port: number,
  method: string,
  path: string,
  { as, tenant = as?.tenant, headers, body }: Ask,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const host = `${tenant?.facts.slug ?? 'ada'}.localhost`;
    const authorization = as ? { authorization: `Bearer ${tokenOf(as)}` } : {};
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        agent: false,
        headers: { host, ...authorization, ...length, ...headers },
      },
      (response) => {
        response.toArray().then((chunks) => {
          const bytes = Buffer.concat(chunks);
          const isProblem = response.headers['content-type']?.startsWith('application/problem+json');
          const problem = isProblem && bytes.length > 0 ? JSON.parse(bytes.toString()) : {};
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes, problem });
        }, reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
