import { newId } from '@plinth/sdk';
import type { HostClaim } from '@plinth/sdk/services/tenancy.ts';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { errors as kernelErrors } from '../errors.ts';
import type { Room } from '../room.ts';
import { errors } from './errors.ts';
import { markVerified, mustProve, readHosts, type TextsAt, textsFrom } from './hosts.ts';
import {
  insertHost,
  insertTenant,
  type NewTenant,
  orRefused,
  type PluginChange,
  type TenantChange,
  updateTenant,
  upsertPlugin,
} from './rows.ts';
import { type Consented, readTenantState, type TenantState } from './state.ts';

export interface TenancyDeps {
  readonly database: Database;
  /** Tenants live at `NAME.<platformHost>`. */
  readonly platformHost: string;
  /** A wider version of a plugin is off where nobody has agreed to it. */
  readonly consented?: Consented;
  /** How DNS is asked whose a host name is. */
  readonly textsAt?: TextsAt | undefined;
}

/** Unknown hosts are remembered too, or a stranger's Host header is a query each; but not for ever. */
const MOST_CACHED = 10_000;

/** Tenants, their hosts and what is switched on in them, kept in memory until a notice says they changed. */
export class Tenancy implements Room {
  readonly name = 'tenancy';
  readonly #database: Database;
  readonly #platformHost: string;
  readonly #consented: Consented;
  readonly #textsAt: TextsAt;
  readonly #byHost: Cache = new Map();
  readonly #byId: Cache = new Map();
  /** What was known last of a tenant, also while it is read anew. */
  readonly #last = new Map<string, TenantState>();

  constructor({ database, platformHost, consented = () => true, textsAt = textsFrom() }: TenancyDeps) {
    this.#database = database;
    this.#consented = consented;
    this.#platformHost = platformHost;
    this.#textsAt = textsAt;
  }

  /** The tenant that answers to a Host header, as it came. At once when it is known already. */
  byHost(header: string): Known {
    return cached(this.#byHost, header, () => {
      const host = hostName(header);
      const suffix = `.${this.#platformHost}`;
      const slug = host.endsWith(suffix) ? host.slice(0, -suffix.length) : '';
      return this.#read(/^[a-z0-9-]+$/.test(slug) ? { slug } : { host });
    });
  }

  byId(tenantId: string): Known {
    return cached(this.#byId, tenantId, () => this.#read({ id: tenantId }));
  }

  /** The one predicate. Asked by the front, event delivery, job start, point collection and slot listing only. */
  enabled(tenantId: string, plugin: string): boolean | Promise<boolean> {
    const state = this.byId(tenantId);
    return state instanceof Promise ? state.then((known) => isEnabled(known, plugin)) : isEnabled(state, plugin);
  }

  /** The same, as last known, for who cannot wait: a socket's event. */
  enabledNow(tenantId: string, plugin: string): boolean {
    const state = this.byId(tenantId);
    return isEnabled(state instanceof Promise ? this.#last.get(tenantId) : state, plugin);
  }

  /** By slug: all of them, or a page after one of them. */
  async list({ after = '', limit }: { after?: string; limit?: number } = {}): Promise<TenantState[]> {
    const ids = await this.#database.spanning(async (_tx, client) => {
      const { rows } = await client.query<{ id: string }>(
        "select id from kernel.tenant where state <> 'deleted' and slug > $1 order by slug limit $2",
        [after, limit],
      );
      return rows.map((row) => row.id);
    }, 'read');
    const states = await Promise.all(ids.map((id) => this.byId(id)));
    return states.filter((state) => state !== undefined);
  }

  /** `founding` adds what the new site cannot be without, in the same transaction. */
  async create(
    tenant: NewTenant,
    founding: (client: pg.ClientBase, tenantId: string) => Promise<unknown> = async () => {},
  ): Promise<TenantState> {
    const id = newId();
    await orRefused(() =>
      this.#database.tenant(id, async (_tx, client) => {
        await insertTenant(client, id, tenant);
        await founding(client, id);
      }),
    );
    return this.#changed(id);
  }

  async update(tenantId: string, change: TenantChange): Promise<TenantState> {
    await this.#database.tenant(tenantId, (_tx, client) => updateTenant(client, tenantId, change));
    return this.#changed(tenantId);
  }

  /** Every address it has or claims, its own sub-domain first. */
  async hosts(tenantId: string): Promise<HostClaim[]> {
    const [own] = (await this.byId(tenantId))?.hosts ?? [];
    const claims = await this.#database.tenant(tenantId, (_tx, client) => readHosts(client, tenantId));
    return own === undefined ? claims : [{ host: own, verified: true }, ...claims];
  }

  /** The site answers to it once it is verified: proven, or vouched for by who runs the platform. */
  async addHost(tenantId: string, host: string, verified = false): Promise<void> {
    const name = host.toLowerCase();
    const platforms = name === this.#platformHost || name.endsWith(`.${this.#platformHost}`);
    if (platforms && !(await this.byId(tenantId))?.platform) throw errors.platform_host();
    await orRefused(() =>
      this.#database.tenant(tenantId, (_tx, client) => insertHost(client, tenantId, name, verified)),
    );
    await this.#changed(tenantId);
  }

  /** Looks into DNS for the proof that an address is the tenant's, and lets the site answer to it. */
  async verifyHost(tenantId: string, host: string): Promise<void> {
    const claim = (await this.hosts(tenantId)).find((each) => each.host === host.toLowerCase());
    if (!claim) throw errors.host_unclaimed();
    if (claim.verified) return;
    await mustProve(claim, this.#textsAt);
    await orRefused(() => this.#database.tenant(tenantId, (_tx, client) => markVerified(client, tenantId, claim)));
    await this.#changed(tenantId);
  }

  async removeHost(tenantId: string, host: string): Promise<void> {
    await this.#database.tenant(tenantId, (_tx, client) =>
      client.query('delete from kernel.host where tenant_id = $1 and host = $2', [tenantId, host.toLowerCase()]),
    );
    await this.#changed(tenantId);
  }

  async writePlugin(tenantId: string, plugin: string, change: PluginChange): Promise<void> {
    await this.#database.tenant(tenantId, (_tx, client) => upsertPlugin(client, tenantId, plugin, change));
    // Every node closes the sockets of what went off.
    const off = change.state !== undefined && change.state !== 'enabled';
    await this.#changed(tenantId, off ? plugin : undefined);
  }

  /** Its rows were changed by somebody else: every node reads them anew. */
  async wrote(tenantId: string): Promise<void> {
    await this.#changed(tenantId);
  }

  /** Something about a tenant changed, here or on another node: forget what was read. */
  forget(tenantId?: string): void {
    // Hosts are few and changes rare: dropping all of them needs no reverse index.
    this.#byHost.clear();
    if (tenantId === undefined) this.#byId.clear();
    else this.#byId.delete(tenantId);
  }

  async #read(by: Parameters<typeof readTenantState>[2]): Promise<TenantState | undefined> {
    const state = await readTenantState(this.#database, this.#platformHost, by, this.#consented);
    if (state) {
      if (this.#last.size >= MOST_CACHED) this.#last.clear();
      this.#last.set(state.facts.id, state);
    }
    return state;
  }

  async #changed(tenantId: string, off?: string): Promise<TenantState> {
    this.forget(tenantId);
    await this.#database.pool.query("select pg_notify('plinth_tenancy', $1)", [off ? `${tenantId} ${off}` : tenantId]);
    const state = await this.byId(tenantId);
    if (!state) throw kernelErrors.no_tenant();
    return state;
  }
}

type Known = TenantState | undefined | Promise<TenantState | undefined>;
type Cache = Map<string, Known>;

function cached(cache: Cache, key: string, read: () => Promise<TenantState | undefined>): Known {
  if (cache.has(key)) return cache.get(key);
  if (cache.size >= MOST_CACHED) cache.clear();
  // A change that arrives while we read takes the promise out of the cache: then our answer is not kept.
  const reading = read().then(
    (state) => {
      if (cache.get(key) === reading) cache.set(key, state);
      return state;
    },
    (error: unknown) => {
      if (cache.get(key) === reading) cache.delete(key);
      throw error;
    },
  );
  cache.set(key, reading);
  return reading;
}

/** A Host header without the port, in lower case. */
export function hostName(header: string): string {
  const colon = header.lastIndexOf(':');
  return (colon > header.lastIndexOf(']') ? header.slice(0, colon) : header).toLowerCase();
}

export function isEnabled(state: Pick<TenantState, 'active' | 'enabled'> | undefined, plugin: string): boolean {
  return state?.active === true && state.enabled.has(plugin);
}
