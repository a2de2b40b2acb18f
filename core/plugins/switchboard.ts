import type { Call } from '@plinth/sdk';
import { Tenancy as TenancyService, type TenantPlugin, type TenantRecord } from '@plinth/sdk/services/tenancy.ts';
import type pg from 'pg';
import { errors as kernelErrors } from '../errors.ts';
import { type Provided, provided } from '../room.ts';
import { checkOf } from '../schemas.ts';
import { errors } from '../tenancy/errors.ts';
import type { PluginChange } from '../tenancy/rows.ts';
import type { TenantState } from '../tenancy/state.ts';
import type { Tenancy } from '../tenancy/tenancy.ts';
import type { Lifecycle } from './lifecycle.ts';
import { dependentsIn, prerequisitesIn } from './needs.ts';
import type { Loaded } from './runtime.ts';

export interface SwitchboardDeps {
  readonly tenancy: Tenancy;
  readonly loaded: ReadonlyMap<string, Loaded>;
  readonly createOwner: (
    client: pg.ClientBase,
    tenantId: string,
    owner: { email: string; password: string; displayName: string },
  ) => Promise<unknown>;
}

/** Switches plugins on and off in a tenant, with consent and settings; offers `tenancy@1`. */
export class Switchboard {
  readonly #deps: SwitchboardDeps;

  constructor(deps: SwitchboardDeps) {
    this.#deps = deps;
  }

  /** `consent` must cover everything the plugin wants: a wider version stays off until somebody agrees again. */
  async enable(tenantId: string, plugin: string, consent: readonly string[]): Promise<void> {
    const change = this.#switchOn(await this.#tenant(tenantId), plugin, consent);
    await this.#deps.tenancy.writePlugin(tenantId, plugin, change);
  }

  /** The same for a site that is about to be made. */
  foundingPlugins(consents: readonly Consent[]): Map<string, PluginChange> {
    const enabled = new Set(consents.map(({ plugin }) => plugin));
    return new Map(
      consents.map(({ plugin, capabilities }) => [
        plugin,
        this.#switchOn({ active: true, enabled }, plugin, capabilities),
      ]),
    );
  }

  #switchOn(tenant: Pick<TenantState, 'active' | 'enabled'>, plugin: string, consent: readonly string[]): PluginChange {
    const { plugin: definition, capabilities } = this.#loaded(plugin);
    const wanted = [...capabilities];
    const unconsented = wanted.filter((each) => !consent.includes(each));
    if (unconsented.length > 0)
      throw errors.consent_missing({ detail: `${plugin} wants ${unconsented.join(', ')}.`, wanted });
    const missing = prerequisitesIn(tenant, this.#deps.loaded, definition);
    if (missing.length > 0) {
      throw errors.needs_plugins({ detail: `${plugin} needs ${missing.join(', ')} here.` });
    }
    return { version: definition.header.version, state: 'enabled', capabilities: wanted };
  }

  async disable(tenantId: string, plugin: string): Promise<void> {
    const tenant = await this.#tenant(tenantId);
    const before = tenant.plugins.get(plugin);
    if (before?.state !== 'enabled') return;
    const dependents = dependentsIn(tenant, this.#deps.loaded, plugin);
    if (dependents.length > 0)
      throw errors.needed_by_plugins({ detail: `${dependents.join(', ')} need ${plugin} here.` });
    await this.#deps.tenancy.writePlugin(tenantId, plugin, { version: before.version, state: 'disabled' });
  }

  async configure(tenantId: string, plugin: string, settings: unknown): Promise<void> {
    const { settings: schema, version } = this.#loaded(plugin).plugin.header;
    const tenant = await this.#tenant(tenantId);
    const wrong = schema ? checkOf(schema)(settings) : [{ path: '', message: 'this plugin has no settings' }];
    if (wrong) throw errors.bad_settings({ detail: `Of ${plugin}.`, errors: wrong });
    const consentedTo = tenant.plugins.get(plugin)?.version ?? version;
    await this.#deps.tenancy.writePlugin(tenantId, plugin, { version: consentedTo, settings });
  }

  async list(tenantId: string): Promise<TenantPlugin[]> {
    const tenant = await this.#tenant(tenantId);
    return [...this.#deps.loaded.values()].map(({ id, plugin: { header }, capabilities, settingsOf }) => ({
      plugin: id,
      title: header.title,
      summary: header.summary,
      version: header.version,
      ...stateOf(tenant, id),
      wanted: [...capabilities],
      granted: [...(tenant.plugins.get(id)?.capabilities ?? [])],
      settings: settingsOf(tenant),
      ...(header.settings ? { settingsSchema: header.settings } : {}),
    }));
  }

  #loaded(plugin: string): Loaded {
    const loaded = this.#deps.loaded.get(plugin);
    if (!loaded) throw errors.plugin_missing({ detail: `Nothing called "${plugin}" is installed.` });
    return loaded;
  }

  async #tenant(tenantId: string): Promise<TenantState> {
    const tenant = await this.#deps.tenancy.byId(tenantId);
    if (!tenant) throw kernelErrors.no_tenant();
    return tenant;
  }
}

function stateOf(tenant: TenantState, plugin: string): Pick<TenantPlugin, 'state' | 'retainedUntil'> {
  const { state = 'available', retainedUntil } = tenant.plugins.get(plugin) ?? {};
  return {
    state: state === 'enabled' && !tenant.enabled.has(plugin) ? 'needs-consent' : state,
    ...(retainedUntil ? { retainedUntil: retainedUntil.toISOString() } : {}),
  };
}

interface Consent {
  readonly plugin: string;
  readonly capabilities: readonly string[];
}

const PAGE = 50;

/** `tenancy@1`: a tenant sees and changes itself; making and listing tenants is for the platform's operators. */
export function tenancyService(
  { tenancy, createOwner }: SwitchboardDeps,
  board: Switchboard,
  lifecycle: Lifecycle,
): Provided {
  const mine = async (call: Call) => {
    const state = await tenancy.byId(call.tenant.id);
    if (!state) throw kernelErrors.no_tenant();
    return state;
  };
  return provided(TenancyService, {
    get: async (call) => recordOf(await mine(call)),
    list: async (call, { after, limit = PAGE }) => {
      mustOperate(call, await mine(call));
      const from = after === undefined ? {} : { after: Buffer.from(after, 'base64url').toString() };
      const found = await tenancy.list({ ...from, limit: limit + 1 });
      const items = found.slice(0, limit).map(recordOf);
      const last = items.at(-1)?.slug ?? '';
      return found.length > limit ? { items, next: Buffer.from(last).toString('base64url') } : { items };
    },
    create: async (call, { owner, plugins = [], ...tenant }) => {
      mustOperate(call, await mine(call));
      const founding = { ...tenant, plugins: board.foundingPlugins(plugins) };
      return recordOf(await tenancy.create(founding, (client, tenantId) => createOwner(client, tenantId, owner)));
    },
    rename: async (call, change) => recordOf(await tenancy.update(call.tenant.id, change)),
    hosts: async (call) => ({ items: await tenancy.hosts(call.tenant.id) }),
    addHost: async (call, { host }) => {
      // Who runs the platform knows whose its own addresses are.
      await tenancy.addHost(call.tenant.id, host, operates(call, await mine(call)));
      return {};
    },
    verifyHost: async (call, { host }) => {
      await tenancy.verifyHost(call.tenant.id, host);
      return {};
    },
    removeHost: async (call, { host }) => {
      await tenancy.removeHost(call.tenant.id, host);
      return {};
    },
    plugins: async (call) => ({ items: await board.list(call.tenant.id) }),
    enable: async (call, { plugin, capabilities }) => {
      await board.enable(call.tenant.id, plugin, capabilities);
      return {};
    },
    disable: async (call, { plugin }) => {
      await board.disable(call.tenant.id, plugin);
      return {};
    },
    export: (call, { plugin }) => lifecycle.export(call.tenant.id, plugin),
    retain: async (call, { plugin, days }) => ({
      until: (await lifecycle.retain(call.tenant.id, plugin, days)).toISOString(),
    }),
    configure: async (call, { plugin, settings }) => {
      await board.configure(call.tenant.id, plugin, settings);
      return {};
    },
  });
}

/** A plugin at work by itself may so only in the platform's own tenant: consent given elsewhere reaches no further. */
function operates({ actor }: Call, { platform }: TenantState): boolean {
  return platform && (actor.kind === 'system' || (actor.kind === 'person' && actor.operator));
}

function mustOperate(call: Call, tenant: TenantState): void {
  if (operates(call, tenant)) return;
  throw kernelErrors.forbidden({ detail: 'Only the platform’s operators may.' });
}

function recordOf({ facts, platform, active }: TenantState): TenantRecord {
  return { ...facts, platform, state: active ? 'active' : 'suspended' };
}
