// The rows of a site, written in a transaction of its own tenant.
import type pg from 'pg';
import { errors } from './errors.ts';

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly locale?: string;
  readonly zone?: string;
  readonly platform?: boolean;
  /** Beside the sub-domain; whoever makes the site vouches for them. */
  readonly hosts?: readonly string[];
  /** Switched on from the start. */
  readonly plugins?: ReadonlyMap<string, PluginChange>;
}

/** What is not named stays as it is. */
export interface PluginChange {
  /** Of the plugin, as it was when it was last consented to. */
  readonly version: string;
  readonly state?: 'enabled' | 'disabled' | 'exported' | 'retained';
  readonly settings?: unknown;
  readonly capabilities?: readonly string[];
  readonly retainedUntil?: Date;
}

export interface TenantChange {
  readonly name?: string;
  readonly locale?: string;
  readonly zone?: string;
  readonly state?: 'active' | 'suspended' | 'deleted';
}

const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

export async function insertTenant(client: pg.ClientBase, id: string, tenant: NewTenant): Promise<void> {
  const { slug, name, locale = 'en', zone = 'UTC', platform = false, hosts = [], plugins = new Map() } = tenant;
  checkLocale(locale);
  checkZone(zone);
  await client.query(
    'insert into kernel.tenant (id, slug, name, locale, zone, platform) values ($1, $2, $3, $4, $5, $6)',
    [id, slug, name, locale, zone, platform],
  );
  for (const host of hosts) await insertHost(client, id, host, true);
  for (const [plugin, change] of plugins) await upsertPlugin(client, id, plugin, change);
}

export async function updateTenant(client: pg.ClientBase, id: string, change: TenantChange): Promise<void> {
  const { name, locale, zone, state } = change;
  if (locale !== undefined) checkLocale(locale);
  if (zone !== undefined) checkZone(zone);
  await client.query(
    `update kernel.tenant set name = coalesce($2, name), locale = coalesce($3, locale), zone = coalesce($4, zone),
       state = coalesce($5, state) where id = $1`,
    [id, name, locale, zone, state],
  );
}

export async function insertHost(
  client: pg.ClientBase,
  tenantId: string,
  host: string,
  verified: boolean,
): Promise<void> {
  const name = host.toLowerCase();
  if (!HOST.test(name)) throw errors.bad_host({ detail: `"${host}" is not a host name.` });
  await client.query(
    `insert into kernel.host as mine (tenant_id, host, verified_at) values ($1, $2, case when $3 then now() end)
     on conflict (tenant_id, host) do update set verified_at = coalesce(mine.verified_at, excluded.verified_at)`,
    [tenantId, name, verified],
  );
}

export async function upsertPlugin(
  client: pg.ClientBase,
  tenantId: string,
  plugin: string,
  { version, state, settings, capabilities, retainedUntil }: PluginChange,
): Promise<void> {
  await client.query(
    `insert into kernel.tenant_plugin as mine (tenant_id, plugin, version, state, settings, capabilities, retained_until)
     values ($1, $2, $3, coalesce($4, 'disabled'), coalesce($5::jsonb, '{}'), coalesce($6::text[], '{}'), $7)
     on conflict (tenant_id, plugin) do update set version = excluded.version, state = coalesce($4, mine.state),
       settings = coalesce($5::jsonb, mine.settings), capabilities = coalesce($6::text[], mine.capabilities),
       retained_until = excluded.retained_until, changed_at = now()`,
    [tenantId, plugin, version, state, settings && JSON.stringify(settings), capabilities, retainedUntil],
  );
}

/** Turns the violation of a constraint into the error that says so. */
export async function orRefused(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (failure) {
    const constraint = failure instanceof Error && 'constraint' in failure ? failure.constraint : undefined;
    if (constraint === 'tenant_slug_key') throw errors.slug_taken();
    if (constraint === 'host_verified') throw errors.host_taken();
    if (constraint === 'tenant_slug_check') throw errors.bad_slug();
    throw failure;
  }
}

function checkLocale(locale: string): void {
  try {
    Intl.getCanonicalLocales(locale);
  } catch {
    throw errors.bad_locale({ detail: `"${locale}" is unknown.` });
  }
}

function checkZone(zone: string): void {
  if (!Intl.supportedValuesOf('timeZone').includes(zone) && zone !== 'UTC') {
    throw errors.bad_zone({ detail: `"${zone}" is unknown.` });
  }
}
