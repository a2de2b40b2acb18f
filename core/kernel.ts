import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Log, Plugin } from '@plinth/sdk';
import { completeExport } from './account-export.ts';
import { closing } from './closing.ts';
import type { Config } from './config.ts';
import { Database } from './database/database.ts';
import { Listener } from './database/listen.ts';
import { type MigrationUnit, migrate } from './database/migrate.ts';
import { type Connections, openConnections } from './database/open.ts';
import { markHandled } from './events/inbox.ts';
import { DEFAULT_LIMITS, openFront } from './front/open-front.ts';
import { checkOwnEvent } from './plugins/check-own-event.ts';
import { dropPlugin } from './plugins/drop-plugin.ts';
import { SourceFollower } from './plugins/follow-sources.ts';
import { PluginHost } from './plugins/host.ts';
import { createLifecycle } from './plugins/lifecycle.ts';
import { listSlot } from './plugins/list-slot.ts';
import { openRoom } from './plugins/open-room.ts';
import type { Runtime } from './plugins/runtime.ts';
import { SOURCES_CHANNEL } from './plugins/sources.ts';
import { Switchboard, tenancyService } from './plugins/switchboard.ts';
import { openBus } from './realtime/bus.ts';
import type { Provided, Room } from './room.ts';
import { buildRooms, type Rooms } from './rooms.ts';
import { openDriver } from './storage/open-driver.ts';
import { createLog } from './telemetry/log.ts';
import { openTracing } from './telemetry/tracing.ts';
import type { TextsAt } from './tenancy/hosts.ts';
import { Tenancy } from './tenancy/tenancy.ts';

export interface KernelOptions {
  /** Instead of what `plinth.config.json` names. What was installed since comes in either case. */
  readonly plugins?: readonly Plugin[];
  /** The project that directories of plugins are relative to, if it is not where this process was started. */
  readonly root?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Test kernels bring a database of their own. */
  readonly connections?: Connections;
  /** Services offered beside the kernel's own. */
  readonly provides?: readonly Provided[];
  /** Stands in for DNS in tests. */
  readonly textsAt?: TextsAt;
  /** In tests: every render is made in so many parts, by whoever is free. */
  readonly renderParts?: number;
  readonly limits?: { readonly readsPerMinute: number; readonly writesPerMinute: number };
}

/** A running kernel. */
export interface Kernel extends Rooms {
  readonly host: PluginHost;
  readonly switchboard: Switchboard;
  readonly database: Database;
  readonly runtime: Runtime;
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

  // Everything that is opened is closed in the reverse order: by `stop`, or here when the start fails half-way.
  await using opened = new AsyncDisposableStack();
  const closes = closing(opened, log);

  const connections = options.connections ?? (await openConnections(config, (line) => log.info('postgres', { line })));
  closes('connections', () => connections.stop());
  const database = new Database(connections.app, connections.roles);
  closes('database', () => database.close());
  const tenancy = new Tenancy({
    ...{ database, platformHost: config.platformHost, textsAt: options.textsAt },
    consented: (plugin, granted) => granted.isSupersetOf(runtime.loaded.get(plugin)?.capabilities ?? NOTHING),
  });
  const rooms = buildRooms({
    ...{ config, connections, database, tenancy, clock, log },
    checkEvent: (plugin, id, payload) => checkOwnEvent(runtime, plugin, id, payload),
    bus: await openBus(config, connections.roles.prefix),
    driver: await openDriver(config),
    renderParts: options.renderParts,
    slotOf: async (tenantId, slot) => {
      const tenant = await tenancy.byId(tenantId);
      return tenant ? (listSlot(runtime, tenant, slot) as never) : [];
    },
  });
  const { auth, events, jobs, realtime } = rooms;
  const all: Room[] = Object.values(rooms);
  for (const room of all) closes(room.name, () => room.stop?.());

  const migrateUnits = (units: readonly MigrationUnit[]) =>
    migrate(connections.owner, connections.roles, units, connections.appPassword);
  await migrateUnits(kernelMigrations());

  const runtime: Runtime = {
    ...{ database, clock, log, tenancy, strict },
    tracing: config.tracesUrl === undefined ? undefined : await openTracing(config.tracesUrl),
    loaded: new Map(),
    setAside: new Map(),
    kernelServices: new Map(),
    storeQuota: { documents: 100_000, bytes: 256 * 1024 * 1024 },
    markHandled,
    enqueue: (client, run) => jobs.enqueue(client, run),
    publish: (message) => realtime.publish(message),
    nudge: (what) => (what === 'events' ? events.nudge() : jobs.nudge()),
  };
  closes('tracing', () => runtime.tracing?.stop());
  const offers = [...all.flatMap((room) => room.provides ?? []), ...(options.provides ?? [])];
  for (const offer of offers) runtime.kernelServices.set(offer.service.id, offer);

  const { front, routes, close } = await openFront(config, rooms, runtime, options.limits ?? DEFAULT_LIMITS);
  closes('front', close);
  const host = new PluginHost({
    runtime,
    apps: front.apps,
    routes,
    migrate: migrateUnits,
    drop: (id) => dropPlugin(connections.owner, connections.roles, id),
    events,
    jobs,
    channels: realtime,
    permissions: auth,
  });
  completeExport(rooms, runtime);
  for (const room of all) await openRoom(room, runtime, events, jobs);
  const switchboard = await openSwitchboard(runtime, rooms, connections.owner);
  const follower = new SourceFollower({ host, database, log, root: options.root ?? process.cwd() });
  await follower.start(options.plugins);

  const listener = hearChanges(connections, rooms, follower, log);
  closes('plugins', () => follower.stop());
  closes('listener', () => listener.stop());
  await listener.start();
  for (const room of all) await room.start?.();
  for (const room of all) closes(`${room.name}, draining`, () => room.drain?.());
  // Sockets are connections of the server: it is not closed before they are.
  closes('doors', () => Promise.all([front.drain(), realtime.drain?.()]));
  const running = opened.move();
  return {
    ...{ host, switchboard, database, runtime, ...rooms },
    handle: front.handle,
    listen: async () => ({ port: await front.listen(config.port, config.host) }),
    stop: () => running.disposeAsync(),
  };
}

/** Plugins in tenants: their switches, what becomes of data where they are off, and `tenancy@1` to reach both. */
async function openSwitchboard(runtime: Runtime, rooms: Rooms, owner: Connections['owner']): Promise<Switchboard> {
  const { tenancy, auth, storage, events, jobs } = rooms;
  const lifecycle = createLifecycle({ ...runtime, owner, storage });
  await openRoom(lifecycle, runtime, events, jobs);
  const switches = { tenancy, loaded: runtime.loaded, createOwner: auth.createOwner };
  const switchboard = new Switchboard(switches);
  const offer = tenancyService(switches, switchboard, lifecycle);
  runtime.kernelServices.set(offer.service.id, offer);
  return switchboard;
}

const NOTHING: ReadonlySet<string> = new Set();

/** The kernel's own migrations, in the order of its rooms. */
export function kernelMigrations(): MigrationUnit[] {
  return ROOMS.map((name) => ({
    id: `kernel/${name}`,
    schema: name === 'ledger' ? 'ledger' : 'kernel',
    folder: new URL(`./${name}/migrations/`, import.meta.url),
  }));
}

/** Rooms with tables: each may refer to those before it. */
const ROOMS = [
  'tenancy',
  'auth',
  'mail',
  'events',
  'jobs',
  'storage',
  'ledger',
  'notices',
  'plugins',
  'work',
  'media',
] as const;

/** What other nodes, and this one, say: caches are dropped, sockets are closed, plugins come and go. */
function hearChanges(
  connections: Connections,
  { tenancy, auth, realtime }: Rooms,
  follower: SourceFollower,
  log: Log,
): Listener {
  auth.onRevoked(realtime.revoke);
  const forgetAll = () => {
    tenancy.forget();
    auth.forgetAll();
    void follower.catchUp();
  };
  return new Listener(connections.app, log, forgetAll)
    .on('plinth_tenancy', (notice) => {
      const [tenantId = '', off] = notice.split(' ');
      tenancy.forget(tenantId);
      if (off) realtime.switchedOff(tenantId, off);
    })
    .on('plinth_auth', (payload) => auth.heard(payload))
    .on(SOURCES_CHANNEL, () => void follower.catchUp());
}
