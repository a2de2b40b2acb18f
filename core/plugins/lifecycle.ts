import { job } from '@plinth/sdk';
import type { PluginExport } from '@plinth/sdk/services/tenancy.ts';
import type pg from 'pg';
import { Type } from 'typebox';
import type { Database } from '../database/database.ts';
import type { Room } from '../room.ts';
import { KERNEL } from '../rooms.ts';
import type { StorageApi } from '../storage/storage.ts';
import { errors } from '../tenancy/errors.ts';
import type { TenantPluginState } from '../tenancy/state.ts';
import type { Tenancy } from '../tenancy/tenancy.ts';
import { dropRows } from './drop-rows.ts';
import { exportRows } from './export-rows.ts';
import type { Runtime } from './runtime.ts';

export interface LifecycleDeps extends Pick<Runtime, 'clock' | 'log'> {
  readonly database: Database;
  /** Drops rows: nobody else may take any out of a table that is only added to. */
  readonly owner: pg.ClientConfig;
  readonly tenancy: Tenancy;
  readonly storage: StorageApi;
}

/**
 * What becomes of a plugin's data in a tenant that has switched it off: handed out, kept until a date, then dropped.
 * Until that moment switching it on again brings everything back.
 */
export interface Lifecycle extends Room {
  export(tenantId: string, plugin: string): Promise<PluginExport>;
  retain(tenantId: string, plugin: string, days?: number): Promise<Date>;
}

const DAY_MS = 86_400_000;
const EXPORT_KEPT_DAYS = 7;

export function createLifecycle({ database, owner, tenancy, storage, clock, log }: LifecycleDeps): Lifecycle {
  const inDays = (days: number) => new Date(clock.now().getTime() + days * DAY_MS);
  /** One at a time on a node: each holds a connection while storage asks for others. */
  let exporting: Promise<unknown> = Promise.resolve();

  async function switchedOff(tenantId: string, plugin: string): Promise<TenantPluginState> {
    const state = (await tenancy.byId(tenantId))?.plugins.get(plugin);
    if (!state) throw errors.nothing_kept({ detail: `"${plugin}" was never switched on here, or is dropped.` });
    if (state.state === 'enabled') throw errors.plugin_on({ detail: `It is ${plugin}.` });
    return state;
  }

  async function store(tenantId: string, plugin: string, version: string): Promise<PluginExport> {
    const files = await storage.listOf(tenantId, plugin);
    const links = files.map((file) => ({
      ...file,
      url: storage.signUrl(tenantId, file, { seconds: EXPORT_KEPT_DAYS * 86_400, disposition: 'attachment' }).url,
    }));
    const whose = { plugin, version, tenantId, exportedAt: clock.now().toISOString() };
    const facts = {
      ...{ plugin: KERNEL, purpose: 'plugin-export', textType: 'text/plain' as const },
      name: `${plugin} ${whose.exportedAt.slice(0, 10)}.jsonl`,
      keepUntil: inDays(EXPORT_KEPT_DAYS),
    };
    const object = await database.plugin(
      plugin,
      tenantId,
      (_tx, client) => storage.put(tenantId, exportRows(client, whose, links), facts),
      'read',
    );
    const { url, expiresAt } = storage.signUrl(tenantId, object, { seconds: 86_400, disposition: 'attachment' });
    return { objectId: object.id, url, bytes: object.bytes, expiresAt: expiresAt.toISOString() };
  }

  async function dropDue(tenantId: string): Promise<void> {
    const plugins = (await tenancy.byId(tenantId))?.plugins ?? [];
    for (const [plugin, { retainedUntil }] of plugins) {
      if (!retainedUntil || retainedUntil > clock.now()) continue;
      try {
        const files = () => storage.deleteAllOf(tenantId, plugin);
        if (!(await dropRows(owner, { tenantId, plugin, now: clock.now() }, files))) continue;
        await tenancy.wrote(tenantId);
        log.info('plugin-data-dropped', { tenant: tenantId, plugin });
      } catch (error) {
        // The others' date has come too; this one is tried again in an hour.
        log.error('plugin-data-not-dropped', { tenant: tenantId, plugin, error });
      }
    }
  }

  return {
    name: 'plugins',
    jobs: { 'drop-retained': job(Type.Object({}), { every: '1h', timeout: '1h' }) },
    contributions: [{ kind: 'job', name: 'drop-retained', handler: ({ tenant }) => dropDue(tenant.id) }],

    async export(tenantId, plugin) {
      const { state, version } = await switchedOff(tenantId, plugin);
      const mine = exporting.then(() => store(tenantId, plugin, version));
      exporting = mine.catch(() => {});
      const made = await mine;
      // What is to be dropped on a date stays so.
      if (state === 'disabled') await tenancy.writePlugin(tenantId, plugin, { version, state: 'exported' });
      return made;
    },

    async retain(tenantId, plugin, days = 30) {
      const { version } = await switchedOff(tenantId, plugin);
      const retainedUntil = inDays(days);
      await tenancy.writePlugin(tenantId, plugin, { version, state: 'retained', retainedUntil });
      return retainedUntil;
    },
  };
}
