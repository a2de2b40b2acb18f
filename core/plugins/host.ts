import type { Plugin } from '@plinth/sdk';
import type { FastifyInstance } from 'fastify';
import type { MigrationUnit } from '../database/migrate.ts';
import type { EventsApi } from '../events/events.ts';
import type { RouteAppDeps } from '../front/route-app.ts';
import { buildRouteApp } from '../front/route-app.ts';
import type { JobsApi } from '../jobs/jobs.ts';
import type { RealtimeApi } from '../realtime/realtime.ts';
import { contributionsOf } from './contributions.ts';
import { loadPlugin } from './load-plugin.ts';
import { dependentOn, misfit, nodeOf } from './needs.ts';
import { openChannels } from './open-channels.ts';
import { orderPlugins } from './order.ts';
import { pluginUnits } from './plugin-units.ts';
import type { Loaded, Runtime } from './runtime.ts';
import { validatePlugin } from './validate-plugin.ts';
import { deliver, runJob } from './work.ts';

/** The rooms a plugin's contributions are handed to. */
export interface HostDeps {
  readonly runtime: Runtime;
  readonly apps: Map<string, FastifyInstance>;
  readonly routes: RouteAppDeps;
  readonly migrate: (units: readonly MigrationUnit[]) => Promise<void>;
  /** Removes a plugin's tables, roles and rows. */
  readonly drop: (id: string) => Promise<void>;
  readonly events: Pick<EventsApi, 'subscribe' | 'unsubscribe' | 'forget'>;
  readonly jobs: Pick<JobsApi, 'define' | 'remove' | 'forget'>;
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

/** Installs, swaps and removes plugins on this node while it runs. One that fails is set aside with its reason. */
export class PluginHost {
  readonly #deps: HostDeps;
  #last: Promise<void> = Promise.resolve();

  constructor(deps: HostDeps) {
    this.#deps = deps;
  }

  get loaded(): ReadonlyMap<string, Loaded> {
    return this.#deps.runtime.loaded;
  }

  get quarantined(): ReadonlyMap<string, string> {
    return this.#deps.runtime.setAside;
  }

  /** Installs what can be installed, providers first. */
  async installAll(plugins: readonly Plugin[]): Promise<void> {
    const sound = plugins.filter((plugin) => this.#isSound(plugin));
    const byId = new Map(sound.map((plugin) => [plugin.header.id, plugin]));
    const { sorted, refused } = orderPlugins(sound.map(nodeOf), this.#offered());
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
      const wrong = misfit(plugin, this.#plugins(), this.#offered());
      if (wrong !== undefined) throw new Error(wrong);
      await this.#deps.migrate(pluginUnits(plugin));
      const before = this.loaded.get(id);
      try {
        await this.#mount(plugin);
      } catch (error) {
        if (before && this.loaded.get(id) !== before) await this.#mount(before.plugin);
        throw error;
      }
      this.#deps.runtime.setAside.delete(id);
    });
  }

  /** Takes a plugin away from every tenant. Its data stays until it is dropped. */
  remove(id: string): Promise<void> {
    return this.#inTurn(() => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    const { runtime, apps, events, jobs, channels, permissions } = this.#deps;
    const dependent = dependentOn(id, this.#plugins());
    if (dependent !== undefined) throw new Error(`${dependent} needs ${id}; remove it first.`);
    runtime.loaded.delete(id);
    runtime.setAside.delete(id);
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
    this.#deps.runtime.setAside.set(id, reason);
    this.#deps.runtime.log.error('plugin-set-aside', { plugin: id, reason });
  }

  #plugins(): Plugin[] {
    return [...this.loaded.values()].map(({ plugin }) => plugin);
  }

  #offered(): ReadonlySet<string> {
    return new Set(this.#deps.runtime.kernelServices.keys());
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
    const makeContext = (start: ConstructorParameters<Loaded['Context']>[0]) => new loaded.Context(start);
    const app = await buildRouteApp(
      { prefix: `/api/${id}`, routes: contributionsOf(plugin, 'route'), makeContext },
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
    await this.#connect(loaded);
    // Requests that the old instance has begun are finished by it.
    await before.app?.close();
  }

  /** Its consumers and jobs get work from here on. */
  async #connect(loaded: Loaded): Promise<void> {
    const { runtime, events, jobs } = this.#deps;
    const { plugin, id } = loaded;
    for (const { event, id: consumer, handler } of contributionsOf(plugin, 'consumer')) {
      await events.subscribe({
        plugin: id,
        consumer,
        event: event.id,
        deliver: (delivery) => deliver(runtime, loaded, delivery, handler),
      });
    }
    for (const { name, handler } of contributionsOf(plugin, 'job')) {
      const job = plugin.header.jobs?.[name];
      if (job) await jobs.define({ plugin: id, name, job, run: (run) => runJob(runtime, loaded, run, handler) });
    }
  }
}
