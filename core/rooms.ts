import type { Clock, Log } from '@plinth/sdk';
import { type AuthApi, createAuth } from './auth/auth.ts';
import type { Config } from './config.ts';
import type { Database } from './database/database.ts';
import type { Connections } from './database/open.ts';
import { createEvents, type EventsApi } from './events/events.ts';
import { createJobs, type JobsApi } from './jobs/jobs.ts';
import type { CheckEvent } from './ledger/commands.ts';
import { createLedger, type LedgerApi } from './ledger/ledger.ts';
import { createMail, type MailApi } from './mail/mail.ts';
import { createRealtime, type RealtimeApi } from './realtime/realtime.ts';
import type { Room } from './room.ts';
import { openDiskDriver } from './storage/disk-driver.ts';
import { createStorage, type StorageApi } from './storage/storage.ts';
import type { Tenancy } from './tenancy/tenancy.ts';

/** The id under which the kernel's own routes, jobs, consumers and channels are known. */
export const KERNEL = 'kernel';

export interface RoomsDeps {
  readonly config: Config;
  readonly connections: Connections;
  readonly database: Database;
  readonly tenancy: Tenancy;
  readonly clock: Clock;
  readonly log: Log;
  /** Holds the events that a plugin hands to the ledger against what it declared. */
  readonly checkEvent: CheckEvent;
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
}

/** Makes every room from the configuration, each with the others it was promised. Nothing runs yet. */
export function buildRooms({ config, connections, database, tenancy, clock, log, checkEvent }: RoomsDeps): Rooms {
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
    recipientOf: (tenantId, accountId) => auth.recipientOf(tenantId, accountId),
  });
  const auth = createAuth({ database, clock, mail, log, secret: config.secret, publicUrlOf });
  const realtime = createRealtime({ clock, log });
  const events = createEvents({ database, clock, log, enabled });
  const jobs = createJobs({
    ...{ database, clock, log, enabled },
    backend:
      config.redisUrl === undefined
        ? { kind: 'postgres', connection: connections.app, owner: connections.owner }
        : { kind: 'redis', url: config.redisUrl },
    onProgress: ({ tenantId, runId, state, progress, note }) =>
      realtime.publish({ tenantId, plugin: KERNEL, path: `jobs/${runId}`, event: { state, progress, note } }),
  });
  const driver = openDiskDriver(`${config.dataDir}/objects`);
  const storage = createStorage({ database, clock, log, secret: config.secret, driver });
  const ledger = createLedger({ database, clock, log, checkEvent, nudge: () => events.nudge() });
  return { tenancy, auth, mail, events, jobs, storage, ledger, realtime };
}

/** How a tenant is reached from outside: its first own host, else its sub-domain. */
function publicUrl({ publicUrl: pattern }: Config, hosts: readonly string[]): string {
  return pattern.replace('*', hosts[1] ?? hosts[0] ?? 'localhost');
}
