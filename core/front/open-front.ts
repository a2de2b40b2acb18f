import { wallInWords } from '@plinth/sandbox/supervisor/wall.ts';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { CallContext, type CallStart } from '../plugins/call.ts';
import type { Runtime } from '../plugins/runtime.ts';
import type { Room } from '../room.ts';
import { KERNEL, type Rooms } from '../rooms.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { forwardedBy } from './forwarded.ts';
import { Front } from './front.ts';
import { buildMachine } from './machine.ts';
import { PATIENCE } from './patience.ts';
import { type Limits, rateLimiters } from './rate-limit.ts';
import { buildRouteApp, type RouteAppDeps } from './route-app.ts';
import { buildSite } from './site.ts';

export interface OpenFront {
  readonly front: Front;
  /** What every plugin's instance is built with. */
  readonly routes: RouteAppDeps;
  close(): Promise<void>;
}

export const DEFAULT_LIMITS: Limits = { readsPerMinute: 600, writesPerMinute: 100 };

/** Builds the door with the kernel's own rooms behind it. Plugins' instances are added by the host. */
export async function openFront(config: Config, rooms: Rooms, runtime: Runtime, limits: Limits): Promise<OpenFront> {
  const { tenancy, auth, realtime } = rooms;
  const { clock, log, strict, loaded, tracing, database } = runtime;
  const metrics = createMetrics(database, rooms);
  const all: readonly Room[] = Object.values(rooms);
  const routes: RouteAppDeps = {
    ...{ clock, log, strict, tracing },
    stats: metrics.routes,
    patience: PATIENCE,
    authenticate: (tenantId, token) => auth.authenticate(tenantId, token),
    limiters: rateLimiters(limits, () => clock.now().getTime()),
  };
  const site = await buildSite({ rooms: all, loaded, log, reads: routes.limiters.reads, publicUrl: config.publicUrl });
  const machine = await buildMachine({
    notReady: () => notReady(runtime),
    metrics: () => metrics.text(),
    metricsToken: config.metricsToken,
    open: config.mode !== 'production',
    facts: () => ({
      database: config.databaseUrl === undefined ? 'embedded PostgreSQL' : 'PostgreSQL at DATABASE_URL',
      jobs: config.redisUrl === undefined ? 'PostgreSQL' : 'Redis',
      objects: config.s3 === undefined ? 'disk' : 'S3',
      events: config.natsUrl === undefined ? 'PostgreSQL' : 'NATS JetStream',
      mail: config.smtpUrl === undefined ? 'development mailbox' : 'SMTP',
      strangersCode: wallInWords(),
      plugins: [...loaded.values()].map(({ id, plugin }) => `${id} ${plugin.header.version}`),
      setAside: Object.fromEntries(runtime.setAside),
    }),
  });
  const front = new Front({
    tenancy,
    machine,
    site: () => site,
    forwardedOf: forwardedBy(config.trustedProxies),
    upgrade: (request, socket, head, tenant) =>
      realtime.upgrade(request, socket, head, tenant, (token) => auth.authenticate(tenant.facts.id, token)),
  });
  const own = all.flatMap((room) => (room.contributions ?? []).filter((each) => each.kind === 'route'));
  const makeContext = (start: CallStart) => new CallContext(start);
  front.apps.set(KERNEL, await buildRouteApp({ prefix: '/api/kernel', routes: own, makeContext }, routes));
  const close = async () => {
    const apps: FastifyInstance[] = [...front.apps.values(), site, machine];
    for (const app of apps) await app.close();
  };
  return { front, routes, close };
}

async function notReady({ database }: Runtime): Promise<string[]> {
  try {
    await database.pool.query('select 1');
    return [];
  } catch {
    return ['the database does not answer'];
  }
}
