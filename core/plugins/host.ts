import type { Contribution, Job, Plugin } from '@plinth/sdk';
import type { FastifyInstance } from 'fastify';
import type { MigrationUnit } from '../database/migrate.ts';
import type { RouteAppDeps } from '../front/route-app.ts';
import { buildRouteApp } from '../front/route-app.ts';
import type { RealtimeApi } from '../realtime/realtime.ts';
import type { TenantState } from '../tenancy/state.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import type { CallStart } from './call.ts';
import { ALREADY_HANDLED } from './context.ts';
import { loadPlugin } from './load-plugin.ts';
import { openChannels } from './open-channels.ts';
import { orderPlugins } from './order.ts';
import { pluginUnits } from './plugin-units.ts';
import type { Handled, Loaded, Runtime, Work } from './runtime.ts';
import { validatePlugin } from './validate-plugin.ts';

/** The rooms a plugin's contributions are handed to. */
export interface HostDeps {
  readonly runtime: Runtime;
  readonly apps: Map<string, FastifyInstance>;
  readonly routes: RouteAppDeps;
  readonly migrate: (units: readonly MigrationUnit[]) => Promise<void>;
  /** Removes a plugin's tables, roles and rows. */
  readonly drop: (id: string) => Promise<void>;
  readonly events: {
    subscribe(subscription: {
      plugin: string;
      consumer: string;
      event: string;
      deliver(delivery: Delivered): Promise<void>;
    }): void | Promise<void>;
    unsubscribe(plugin: string): void | Promise<void>;
    forget(plugin: string): Promise<void>;
  };
  readonly jobs: {
    define(definition: {
      plugin: string;
      name: string;
      job: Job;
      run(run: Running): Promise<void>;
    }): void | Promise<void>;
    remove(plugin: string): void | Promise<void>;
    forget(plugin: string): Promise<void>;
  };
  readonly channels: Pick<RealtimeApi, 'register' | 'unregister'>;
  readonly permissions: {
    declare(
      plugin: string,
      permissions: Readonly<Record<string, string>>,
      roles: Readonly<Record<string, readonly string[]>>,
    ): void;
    forget(plugin: string): void;
  };
}

export interface Delivered extends Handled {
  readonly payload: unknown;
  readonly actor: { readonly kind: string; readonly accountId?: string };
  readonly requestId: string;
  readonly attempt: number;
  readonly emittedAt: Date;
}

export interface Running {
  readonly tenantId: string;
  readonly data: unknown;
  readonly actor: { readonly kind: string; readonly accountId?: string };
  readonly requestId: string;
  readonly signal: AbortSignal;
  step: NonNullable<Work['run']>['step'];
  progress: NonNullable<Work['run']>['progress'];
  commit: NonNullable<Work['run']>['commit'];
}

/** Installs, swaps and removes plugins while the kernel runs. A plugin that fails is set aside with its reason. */
export class PluginHost {
  readonly quarantined = new Map<string, string>();
  readonly #deps: HostDeps;
  #last: Promise<void> = Promise.resolve();

  constructor(deps: HostDeps) {
    this.#deps = deps;
  }

  get loaded(): ReadonlyMap<string, Loaded> {
    return this.#deps.runtime.loaded;
  }

  /** Installs what can be installed, providers first. */
  async installAll(plugins: readonly Plugin[]): Promise<void> {
    const sound = plugins.filter((plugin) => this.#isSound(plugin));
    const byId = new Map(sound.map((plugin) => [plugin.header.id, plugin]));
    const { sorted, refused } = orderPlugins(sound.map(nodeOf), new Set(this.#deps.runtime.kernelServices.keys()));
    for (const [id, reason] of refused) this.setAside(id, reason);
    const ready = sorted.map((id) => byId.get(id)).filter((plugin) => plugin !== undefined);
    await this.#migrateTogether(ready);
    for (const plugin of ready) {
      if (!this.quarantined.has(plugin.header.id)) await this.#guarded(plugin, () => this.#mount(plugin));
    }
  }

  /**
   * Installs one plugin, or puts a new version in the place of the old. The old one serves until the new one is ready,
   * and goes on serving when the new one fails. Where the new one wants more than was consented to, it is off.
   */
  install(plugin: Plugin): Promise<void> {
    return this.#inTurn(async () => {
      const { id } = plugin.header;
      const wrong = validatePlugin(plugin);
      if (wrong.length > 0) throw new Error(`${id} cannot be installed: ${wrong.join('; ')}.`);
      const others = [...this.loaded.values()].filter((each) => each.id !== id).map((each) => each.plugin);
      const kernelServices = new Set(this.#deps.runtime.kernelServices.keys());
      const { refused } = orderPlugins([...others, plugin].map(nodeOf), kernelServices);
      // Another one is refused when this version provides no more what that one needs.
      for (const [who, reason] of refused) {
        throw new Error(`${id} cannot be installed: ${who === id ? '' : `of ${who}, `}${reason}.`);
      }
      await this.#deps.migrate(pluginUnits(plugin));
      const before = this.loaded.get(id);
      try {
        await this.#mount(plugin);
      } catch (error) {
        if (before && this.loaded.get(id) !== before) await this.#mount(before.plugin);
        throw error;
      }
      this.quarantined.delete(id);
    });
  }

  /** Takes a plugin away from every tenant. Its data stays until it is dropped. */
  remove(id: string): Promise<void> {
    return this.#inTurn(() => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    const { runtime, apps, events, jobs, channels, permissions } = this.#deps;
    const dependent = [...this.loaded.values()].find(
      (each) => each.id !== id && needsProviderOf(each.plugin, this.loaded.get(id)),
    );
    if (dependent) throw new Error(`${dependent.id} needs ${id}; remove it first.`);
    runtime.loaded.delete(id);
    const app = apps.get(id);
    apps.delete(id);
    await events.unsubscribe(id);
    await jobs.remove(id);
    channels.unregister(id);
    permissions.forget(id);
    await app?.close();
  }

  /** Removes a plugin for good, with everything it kept. What it moved in the ledger stays. */
  drop(id: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#remove(id);
      await this.#deps.events.forget(id);
      await this.#deps.jobs.forget(id);
      await this.#deps.drop(id);
      this.#deps.runtime.tenancy.forget();
    });
  }

  /** Two changes at once could each be sound and break what they make together. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(change);
    this.#last = mine.catch(() => {});
    return mine;
  }

  setAside(id: string, reason: string): void {
    this.quarantined.set(id, reason);
    this.#deps.runtime.log.error('plugin-set-aside', { plugin: id, reason });
  }

  #isSound(plugin: Plugin): boolean {
    const wrong = validatePlugin(plugin);
    if (wrong.length > 0) this.setAside(plugin.header.id, wrong.join('; '));
    return wrong.length === 0;
  }

  async #guarded(plugin: Plugin, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.setAside(plugin.header.id, error instanceof Error ? error.message : String(error));
    }
  }

  /** One pass for all; when it fails, one by one, so that only the guilty is set aside. */
  async #migrateTogether(plugins: readonly Plugin[]): Promise<void> {
    try {
      await this.#deps.migrate(plugins.flatMap(pluginUnits));
    } catch {
      for (const plugin of plugins) await this.#guarded(plugin, () => this.#deps.migrate(pluginUnits(plugin)));
    }
  }

  async #mount(plugin: Plugin): Promise<void> {
    const { runtime, apps, routes, events, jobs, channels, permissions } = this.#deps;
    const { id, permissions: declared = {}, roles = {} } = plugin.header;
    const loaded = loadPlugin(runtime, plugin);
    const app = await buildRouteApp(
      { prefix: `/api/${id}`, routes: of(plugin, 'route'), makeContext: (start) => new loaded.Context(start) },
      routes,
    );
    const before = { app: apps.get(id), existed: runtime.loaded.has(id) };
    // The swap itself, in one breath: the next request meets the new version, and its consent is looked at anew.
    runtime.loaded.set(id, loaded);
    apps.set(id, app);
    runtime.tenancy.forget();
    permissions.declare(id, declared, roles);
    openChannels(runtime, channels, loaded);
    if (before.existed) await Promise.all([events.unsubscribe(id), jobs.remove(id)]);
    for (const { event, id: consumer, handler } of of(plugin, 'consumer')) {
      await events.subscribe({
        plugin: id,
        consumer,
        event: event.id,
        deliver: (delivery) => this.#deliver(loaded, delivery, handler),
      });
    }
    for (const { name, handler } of of(plugin, 'job')) {
      const job = plugin.header.jobs?.[name];
      if (job) await jobs.define({ plugin: id, name, job, run: (run) => this.#run(loaded, run, handler) });
    }
    // Requests that the old instance has begun are finished by it.
    await before.app?.close();
  }

  async #deliver(loaded: Loaded, delivery: Delivered, handler: Handler): Promise<void> {
    const ctx = new loaded.Context(await startOf(this.#deps.runtime, delivery), { delivery });
    const { eventId, attempt, emittedAt } = delivery;
    const handle = () => handler(ctx, delivery.payload, { eventId, attempt, emittedAt: emittedAt.toISOString() });
    try {
      await (this.#deps.runtime.tracing?.span(`event ${delivery.consumer}`, { 'plinth.event_id': eventId }, handle) ??
        handle());
    } catch (error) {
      if (error !== ALREADY_HANDLED) throw error;
    }
  }

  async #run(loaded: Loaded, run: Running, handler: Handler): Promise<void> {
    const ctx = new loaded.Context({ ...(await startOf(this.#deps.runtime, run)), signal: () => run.signal }, { run });
    const work = () => handler(ctx, run.data);
    await (this.#deps.runtime.tracing?.span(`job of ${loaded.id}`, { 'plinth.request_id': run.requestId }, work) ??
      work());
  }
}

/** How the kernel's own work begins: a delivery or a run acts for the system, in the name of whoever caused it. */
export async function startOf(
  { tenancy, clock, log }: Runtime,
  { tenantId, actor, requestId }: Pick<Running, 'tenantId' | 'actor' | 'requestId'>,
): Promise<CallStart> {
  const tenant = await tenancy.byId(tenantId);
  if (!tenant) throw new Error(`tenant ${tenantId} is gone`);
  const onBehalfOf = actor.accountId === undefined ? {} : { onBehalfOf: actor.accountId };
  return { tenant, actor: { kind: 'system', ...onBehalfOf }, requestId, clock, log };
}

type Handler = (...given: readonly unknown[]) => Promise<unknown>;

const of = <K extends Contribution['kind']>(plugin: Plugin, kind: K) =>
  plugin.contributions.filter((each): each is Extract<Contribution, { kind: K }> => each.kind === kind);

function nodeOf(plugin: Plugin) {
  const needs = Object.values(plugin.header.needs ?? {}).flatMap((need) =>
    need.kind === 'service'
      ? [{ service: need.id, optional: false }]
      : need.kind === 'optional'
        ? [{ service: need.service.id, optional: true }]
        : [],
  );
  return { id: plugin.header.id, provides: of(plugin, 'provide').map((each) => each.service.id), needs };
}

function needsProviderOf(plugin: Plugin, provider: Loaded | undefined): boolean {
  return nodeOf(plugin).needs.some(({ service, optional }) => !optional && provider?.provides.has(service));
}

/** Whether switching a plugin off in a tenant would leave another without what it must have. */
export function dependentsIn(tenant: TenantState, loaded: ReadonlyMap<string, Loaded>, id: string): string[] {
  return [...loaded.values()]
    .filter((each) => each.id !== id && isEnabled(tenant, each.id) && needsProviderOf(each.plugin, loaded.get(id)))
    .map((each) => each.id);
}

/** The plugins that must be on before this one can be. */
export function prerequisitesIn(
  tenant: Pick<TenantState, 'active' | 'enabled'>,
  loaded: ReadonlyMap<string, Loaded>,
  plugin: Plugin,
): string[] {
  const required = nodeOf(plugin).needs.filter(({ optional }) => !optional);
  return [...loaded.values()]
    .filter((each) => !isEnabled(tenant, each.id) && required.some(({ service }) => each.provides.has(service)))
    .map((each) => each.id);
}
