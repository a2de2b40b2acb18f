import { availableParallelism } from 'node:os';
import type { Clock, Log, Slot, SlotEntry } from '@plinth/sdk';
import { MailTemplates } from '@plinth/sdk/services/mail.ts';
import { NoticeKinds } from '@plinth/sdk/services/notices.ts';
import type { TSchema } from 'typebox';
import { type AuthApi, createAuth } from './auth/auth.ts';
import type { Config } from './config.ts';
import type { Database } from './database/database.ts';
import type { Connections } from './database/open.ts';
import { createEvents, type EventsApi } from './events/events.ts';
import { createJobs, type JobsApi } from './jobs/jobs.ts';
import type { CheckEvent } from './ledger/commands.ts';
import { createLedger, type LedgerApi } from './ledger/ledger.ts';
import { createMail, type MailApi } from './mail/mail.ts';
import { createMedia, type MediaApi } from './media/media.ts';
import { createNotices } from './notices/notices.ts';
import type { Bus } from './realtime/bus.ts';
import { createRealtime, type RealtimeApi } from './realtime/realtime.ts';
import { createRenders } from './renders/renders.ts';
import type { Room } from './room.ts';
import type { StorageDriver } from './storage/driver.ts';
import { createStorage, type StorageApi } from './storage/storage.ts';
import type { Tenancy } from './tenancy/tenancy.ts';
import { roomOf } from './work/item.ts';
import { createWork, type WorkApi } from './work/work.ts';

/** The id under which the kernel's own routes, jobs, consumers and channels are known. */
export const KERNEL = 'kernel';

export interface RoomsDeps {
  readonly config: Config;
  readonly connections: Connections;
  readonly database: Database;
  readonly tenancy: Tenancy;
  readonly clock: Clock;
  readonly log: Log;
  readonly driver: StorageDriver;
  /** Holds the events that a plugin hands to the ledger against what it declared. */
  readonly checkEvent: CheckEvent;
  /** The line to the other nodes. */
  readonly bus: Bus;
  /** In tests: renders are made in so many parts. */
  readonly renderParts?: number | undefined;
  /** What the plugins that are switched on in a tenant put into a slot. */
  readonly slotOf: <S extends TSchema>(tenantId: string, slot: Slot<S>) => Promise<readonly SlotEntry<S>[]>;
}

/** The rooms of the kernel, in the order in which they start; they stop in reverse. */
export interface Rooms {
  readonly tenancy: Tenancy;
  readonly auth: Room & AuthApi;
  readonly mail: Room & MailApi;
  readonly events: Room & EventsApi;
  readonly jobs: Room & JobsApi;
  readonly storage: Room & StorageApi;
  readonly ledger: Room & LedgerApi;
  readonly realtime: Room & RealtimeApi;
  readonly notices: Room;
  readonly work: Room & WorkApi;
  readonly renders: Room;
  readonly media: Room & MediaApi;
}

/** Makes every room from the configuration, each with the others it was promised. Nothing runs yet. */
export function buildRooms(deps: RoomsDeps): Rooms {
  const { config, connections, database, tenancy, clock, log, checkEvent, slotOf } = deps;
  // The kernel's own consumers and jobs are on in every tenant.
  const enabled = (tenantId: string, plugin: string) => plugin === KERNEL || tenancy.enabled(tenantId, plugin);
  const publicUrlOf = async (tenantId: string) => publicUrl(config, (await tenancy.byId(tenantId))?.hosts ?? []);
  const mail = createMail({
    ...{ database, clock, log },
    mode: config.mode,
    transport: config.smtpUrl === undefined ? { kind: 'mailbox' } : { kind: 'smtp', url: config.smtpUrl },
    from: config.mailFrom,
    brandOf: async (tenantId) => {
      const facts = (await tenancy.byId(tenantId))?.facts;
      return { siteName: facts?.name ?? 'Plinth', zone: facts?.zone ?? 'UTC', url: await publicUrlOf(tenantId) };
    },
    templateOf: async (tenantId, plugin, name) =>
      (await slotOf(tenantId, MailTemplates)).find((each) => each.plugin === plugin && each.id === name)?.entry,
    recipientOf: (tenantId, accountId) => auth.recipientOf(tenantId, accountId),
  });
  const auth = createAuth({ database, clock, mail, log, secret: config.secret, publicUrlOf });
  const realtime = createRealtime({ clock, log, bus: deps.bus });
  const events = createEvents({ database, clock, log, enabled, natsUrl: config.natsUrl });
  const jobs = createJobs({
    ...{ database, clock, log, enabled },
    backend:
      config.redisUrl === undefined
        ? { kind: 'postgres', connection: connections.app, owner: connections.owner }
        : { kind: 'redis', url: config.redisUrl },
    onProgress: ({ tenantId, runId, state, progress, note }) =>
      realtime.publish({ tenantId, plugin: KERNEL, path: `jobs/${runId}`, event: { state, progress, note } }),
  });
  realtime.register(jobs.watching);
  const storage = createStorage({
    ...{ database, clock, secret: config.secret, driver: deps.driver },
    nudge: () => events.nudge(),
  });
  const ledger = createLedger({ database, clock, log, checkEvent, nudge: () => events.nudge() });
  const notices = createNotices({
    ...{ database, clock, mail, jobs, realtime, secret: config.secret },
    kindsOf: (tenantId) => slotOf(tenantId, NoticeKinds),
    recipientOf: (tenantId, accountId) => auth.recipientOf(tenantId, accountId),
    contact: `mailto:${config.mailFrom}`,
    pushAnywhere: config.mode === 'test',
  });
  const work = createWork({
    ...{ database, clock, log, enabled, slots: config.workSlots, dataDir: config.dataDir },
    nudge: () => events.nudge(),
    onChange: ({ tenantId, kind, workId, state, progress, note, fps, secondsLeft }) =>
      realtime.publish({
        ...{ tenantId, plugin: KERNEL, path: `${roomOf(kind)}/${workId}` },
        event: { state, progress, note, fps, secondsLeft },
      }),
  });
  const renders = createRenders({
    work,
    storage,
    clock,
    signing: config.signing,
    cores: coresOfSlot(config),
    parts: deps.renderParts,
  });
  realtime.register(work.watching('renders'));
  const media = createMedia({ database, work, storage, clock, secret: config.secret, nudge: () => events.nudge() });
  realtime.register(work.watching('media'));
  return { tenancy, auth, mail, events, jobs, storage, ledger, realtime, notices, work, renders, media };
}

/** A node's cores, shared out among all that it does at once. */
const coresOfSlot = ({ workSlots }: Config): number =>
  Math.max(1, Math.floor(availableParallelism() / Math.max(1, workSlots)));

/** How a tenant is reached from outside: its first own host, else its sub-domain. */
function publicUrl({ publicUrl: pattern }: Config, hosts: readonly string[]): string {
  return pattern.replace('*', hosts[1] ?? hosts[0] ?? 'localhost');
}
