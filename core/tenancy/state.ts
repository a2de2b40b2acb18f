import type { TenantFacts } from '@plinth/sdk';
import type { Database } from '../database/database.ts';

/** Everything a request needs to know about its tenant, read once and kept until a notice says it changed. */
export interface TenantState {
  readonly facts: TenantFacts;
  readonly platform: boolean;
  readonly active: boolean;
  /** Every name it answers to, the sub-domain of the platform included. */
  readonly hosts: readonly string[];
  /** Other sites whose pages may call its API. */
  readonly origins: readonly string[];
  /** The one set behind `enabled(tenant, plugin)`. */
  readonly enabled: ReadonlySet<string>;
  readonly plugins: ReadonlyMap<string, TenantPluginState>;
}

export interface TenantPluginState {
  readonly state: 'enabled' | 'disabled' | 'exported' | 'retained';
  readonly version: string;
  readonly settings: unknown;
  readonly capabilities: ReadonlySet<string>;
  /** Switched off for good: its data is dropped then. */
  readonly retainedUntil?: Date;
}

/** Whether what a tenant has consented to is enough for the version of a plugin that runs here. */
export type Consented = (plugin: string, granted: ReadonlySet<string>) => boolean;

interface Row {
  id: string;
  slug: string;
  name: string;
  locale: string;
  zone: string;
  platform: boolean;
  state: string;
  hosts: string[];
  origins: string[];
  plugins: {
    plugin: string;
    version: string;
    state: TenantPluginState['state'];
    settings: unknown;
    capabilities: string[];
    retained_until: string | null;
  }[];
}

/** `by` is the tenant's id, or its slug, or one of its hosts. */
export async function readTenantState(
  database: Database,
  platformHost: string,
  by: { readonly id: string } | { readonly slug: string } | { readonly host: string },
  consented: Consented,
): Promise<TenantState | undefined> {
  const [where, value] =
    'id' in by
      ? ['t.id = $1::uuid', by.id]
      : 'slug' in by
        ? ['t.slug = $1', by.slug]
        : ['t.id = (select tenant_id from kernel.host where host = $1 and verified_at is not null)', by.host];
  const row = await database.spanning(async (_tx, client) => {
    const { rows } = await client.query<Row>(
      `select t.id, t.slug, t.name, t.locale, t.zone, t.platform, t.state, t.origins,
         array(select host from kernel.host h where h.tenant_id = t.id and verified_at is not null order by created_at, host) as hosts,
         coalesce((select json_agg(p) from (select plugin, version, state, settings, capabilities, retained_until
           from kernel.tenant_plugin where tenant_id = t.id) p), '[]') as plugins
       from kernel.tenant t where ${where}`,
      [value],
    );
    return rows[0];
  }, 'read');
  return row && stateOf(row, platformHost, consented);
}

function stateOf(
  { id, slug, name, locale, zone, platform, state, hosts, origins, plugins: rows }: Row,
  platformHost: string,
  consented: Consented,
): TenantState {
  const plugins = new Map<string, TenantPluginState>(
    rows.map(({ plugin, capabilities, retained_until: until, ...rest }) => [
      plugin,
      { ...rest, capabilities: new Set(capabilities), ...(until === null ? {} : { retainedUntil: new Date(until) }) },
    ]),
  );
  const runs = ([plugin, { state: is, capabilities }]: [string, TenantPluginState]) =>
    is === 'enabled' && consented(plugin, capabilities);
  return {
    facts: { id, slug, name, locale, zone },
    platform,
    active: state === 'active',
    hosts: [`${slug}.${platformHost}`, ...hosts],
    origins,
    enabled: new Set([...plugins].filter(runs).map(([plugin]) => plugin)),
    plugins,
  };
}
