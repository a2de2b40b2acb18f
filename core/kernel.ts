import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Log, Plugin } from '@plinth/sdk';
import { type AuthApi, createAuth } from './auth/auth.ts';
import type { Config } from './config.ts';
import { Database } from './database/database.ts';
import { Listener } from './database/listen.ts';
import { type MigrationUnit, migrate } from './database/migrate.ts';
import { type Connections, openConnections } from './database/open.ts';
import { createEvents, type EventsApi } from './events/events.ts';
import { markHandled } from './events/inbox.ts';
import { Front } from './front/front.ts';
import { buildMachine } from './front/machine.ts';
import { RateLimiter } from './front/rate-limit.ts';
import { buildRouteApp, type RouteAppDeps } from './front/route-app.ts';
import { buildSite } from './front/site.ts';
import { createLedger, type LedgerApi } from './ledger/ledger.ts';
import { createMail, type MailApi } from './mail/mail.ts';
import { CallContext } from './plugins/call.ts';
import { checkOwnEvent } from './plugins/check-own-event.ts';
import { PluginHost } from './plugins/host.ts';
import { KERNEL, openRoom } from './plugins/open-room.ts';
import type { Runtime } from './plugins/runtime.ts';
import { Switchboard, tenancyService } from './plugins/switchboard.ts';
import { createRealtime, type RealtimeApi } from './realtime/realtime.ts';
import type { Provided, Room } from './room.ts';
import { openDiskDriver } from './storage/disk-driver.ts';
import { createStorage, type StorageApi } from './storage/storage.ts';
import { createLog } from './telemetry/log.ts';
import { Tenancy } from './tenancy/tenancy.ts';

export interface KernelOptions {
  readonly plugins?: readonly Plugin[];
  readonly clock?: Clock;
  readonly log?: Log;
  /** Test kernels bring a database of their own. */
  readonly connections?: Connections;
  /** Services offered beside the kernel's own. */
  readonly provides?: readonly Provided[];
  readonly limits?: { readonly readsPerMinute: number; readonly writesPerMinute: number };
}

/** A running kernel. */
export interface Kernel {
  readonly tenancy: Tenancy;
  readonly host: PluginHost;
  readonly switchboard: Switchboard;
  readonly database: Database;
  readonly runtime: Runtime;
  readonly auth: AuthApi;
  readonly events: EventsApi;
  readonly jobs: any;
  readonly ledger: LedgerApi;
  readonly storage: StorageApi;
  readonly realtime: RealtimeApi;
  readonly mail: MailApi;
  /** Answers a request as the HTTP server would. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  listen(): Promise<{ port: number }>;
  /** Finishes what is under way, then stops everything it started. */
  stop(): Promise<void>;
}

/** The one place where rooms meet. Read it from top to bottom to know how Plinth starts. */
export async function startKernel(config: Config, options: KernelOptions = {}): Promise<Kernel> {
  const log = options.log ?? createLog(config.logLevel);
  const clock = options.clock ?? { now: () => new Date() };
  const strict = config.mode !== 'production';

  const connections = options.connections ?? (await openConnections(config, (line) => log.info('postgres', { line })));
  const database = new Database(connections.app, connections.roles);
  const tenancy = new Tenancy({ database, platformHost: config.platformHost });
  // The kernel's own consumers and jobs are on in every tenant.
  const enabled = (tenantId: string, plugin: string) => plugin === KERNEL || tenancy.enabled(tenantId, plugin);
  const publicUrlOf = async (tenantId: string) => publicUrl(config, (await tenancy.byId(tenantId))?.hosts ?? []);

  const mail = createMail({
    database,
    clock,
    log,
    mode: config.mode,
    transport: config.smtpUrl === undefined ? { kind: 'mailbox' } : { kind: 'smtp', url: config.smtpUrl },
    from: config.mailFrom,
    brandOf: async (tenantId) => {
      const facts = (await tenancy.byId(tenantId))?.facts;
      return { siteName: facts?.name ?? 'Plinth', zone: facts?.zone ?? 'UTC', url: await publicUrlOf(tenantId) };
    },
    recipientOf: (tenantId, accountId) => auth.recipientOf(tenantId, accountId),
  });
  const auth = createAuth({ database, clock, mail, log, secret: config.secret, publicUrlOf });
  const events = createEvents({ database, clock, log, enabled });
  const jobs: any = { name: 'jobs', define() {}, remove() {}, nudge() {}, enqueue: async () => ({ runId: '' }) };
  const storage = createStorage({
    database,
    clock,
    log,
    secret: config.secret,
    driver: openDiskDriver(`${config.dataDir}/objects`),
  });
  const ledger = createLedger({
    database,
    clock,
    log,
    checkEvent: (plugin, id, payload) => checkOwnEvent(runtime, plugin, id, payload),
    nudge: () => events.nudge(),
  });
  const realtime = createRealtime({ clock, log });
  const rooms: Room[] = [tenancy, auth, mail, events, jobs, storage, ledger, realtime];

  const migrateUnits = (units: readonly MigrationUnit[]) =>
    migrate(connections.owner, connections.roles, units, connections.appPassword);
  await migrateUnits(kernelMigrations());

  const runtime: Runtime = {
    database,
    clock,
    log,
    tenancy,
    strict,
    loaded: new Map(),
    kernelServices: new Map(),
    storeQuota: { documents: 100_000, bytes: 256 * 1024 * 1024 },
    markHandled,
    enqueue: (client, run) => jobs.enqueue(client, run),
    publish: (message) => realtime.publish(message),
    nudge: (what) => (what === 'events' ? events.nudge() : jobs.nudge()),
  };
  const offers = [...rooms.flatMap((room) => room.provides ?? []), ...(options.provides ?? [])];
  for (const offer of offers) runtime.kernelServices.set(offer.service.id, offer);

  const routes: RouteAppDeps = {
    clock,
    log,
    strict,
    authenticate: (tenantId, token) => auth.authenticate(tenantId, token),
    limiter: new RateLimiter(() => clock.now().getTime()),
    limits: options.limits ?? { readsPerMinute: 600, writesPerMinute: 100 },
  };
  const site = await buildSite({ rooms, loaded: runtime.loaded, log, publicUrl: config.publicUrl });
  const machine = await buildMachine({
    notReady: () => notReady(database),
    metrics: async () => '',
    metricsToken: config.metricsToken,
  });
  const front = new Front({
    tenancy,
    machine,
    site: () => site,
    upgrade: (request, socket, head, tenant) =>
      realtime.upgrade(request, socket, head, tenant, (token) => auth.authenticate(tenant.facts.id, token)),
  });
  front.apps.set(
    'kernel',
    await buildRouteApp(
      { prefix: '/api/kernel', routes: rooms.flatMap(routesOf), makeContext: (start) => new CallContext(start) },
      routes,
    ),
  );
  const host = new PluginHost({
    runtime,
    apps: front.apps,
    routes,
    migrate: migrateUnits,
    events,
    jobs,
    channels: realtime,
    permissions: auth,
  });
  for (const room of rooms) await openRoom(room, runtime, events, jobs);
  const switches = { tenancy, loaded: runtime.loaded, createOwner: auth.createOwner };
  const switchboard = new Switchboard(switches);
  const tenancyOffer = tenancyService(switches, switchboard);
  runtime.kernelServices.set(tenancyOffer.service.id, tenancyOffer);
  await host.installAll(options.plugins ?? []);

  const listener = new Listener(connections.app, log, () => {
    tenancy.forget();
    auth.forgetAll();
  })
    .on('plinth_tenancy', (notice) => {
      const [tenantId = '', off] = notice.split(' ');
      tenancy.forget(tenantId);
      if (off) realtime.switchedOff(tenantId, off);
    })
    .on('plinth_auth', (payload) => auth.heard(payload));
  await listener.start();
  auth.onRevoked((tenantId, subjectId) => {
    if (tenantId && subjectId) realtime.revoke(tenantId, subjectId);
  });
  for (const room of rooms) await room.start?.();

  return {
    tenancy,
    host,
    switchboard,
    database,
    runtime,
    auth,
    events,
    jobs,
    ledger,
    storage,
    realtime,
    mail,
    handle: front.handle,
    listen: async () => ({ port: await front.listen(config.port, config.host) }),
    async stop() {
      await front.drain();
      for (const room of rooms.toReversed()) await room.drain?.();
      for (const room of rooms.toReversed()) await room.stop?.();
      for (const app of [...front.apps.values(), site, machine]) await app.close();
      await listener.stop();
      await database.close();
      await connections.stop();
    },
  };
}

/** The kernel's own migrations, in the order of its rooms. */
export function kernelMigrations(): MigrationUnit[] {
  return ROOMS.map((name) => ({
    id: `kernel/${name}`,
    schema: name === 'ledger' ? 'ledger' : 'kernel',
    folder: new URL(`./${name}/migrations/`, import.meta.url),
  }));
}

/** Rooms with tables: each may refer to those before it. */
const ROOMS = ['tenancy', 'auth', 'mail', 'events', 'jobs', 'storage', 'ledger'] as const;

const routesOf = (room: Room) => (room.contributions ?? []).filter((each) => each.kind === 'route');

/** How a tenant is reached from outside: its first own host, else its sub-domain. */
function publicUrl({ publicUrl: pattern }: Config, hosts: readonly string[]): string {
  return pattern.replace('*', hosts[1] ?? hosts[0] ?? 'localhost');
}

async function notReady(database: Database): Promise<string[]> {
  try {
    await database.pool.query('select 1');
    return [];
  } catch {
    return ['the database does not answer'];
  }
}
