import type { Log, Plugin } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import { discoverPlugins } from './discover.ts';
import type { PluginHost } from './host.ts';
import { readSources, type WrittenSource } from './sources.ts';

export interface FollowerDeps {
  readonly host: PluginHost;
  readonly database: Database;
  readonly log: Log;
  /** The project: where `plinth.config.json` lies, and where relative directories begin. */
  readonly root: string;
}

/**
 * Keeps this node's plugins in step with the table of sources. Every node does so by itself; a notice only says when.
 * What fails here is set aside with its reason, its older version goes on, and the other nodes are not held up.
 */
export class SourceFollower {
  readonly #deps: FollowerDeps;
  /** Id → the change that this node has met, whatever came of it. */
  #met: ReadonlyMap<string, string> = new Map();
  #last: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /** Installs what is to be here: the `given`, or what the configuration names, and what the table makes of it. */
  async start(given?: readonly Plugin[]): Promise<void> {
    const { host, root } = this.#deps;
    const sources = await this.#read();
    const { plugins, broken } = await discoverPlugins(root, sources, given && []);
    for (const [which, why] of broken) host.setAside(which, why);
    const untouched = (given ?? []).filter(({ header }) => !sources.some(({ id }) => id === header.id));
    await host.installAll([...untouched, ...plugins]);
    this.#meet(sources);
  }

  /** Does what the table asks for since this node last looked. Never fails: the next notice, or gap, brings it again. */
  catchUp(): Promise<void> {
    this.#last = this.#last
      .then(() => this.#compare())
      .catch((error: unknown) => this.#deps.log.warn('plugins-not-compared', { error }));
    return this.#last;
  }

  /** Finishes the one that is at hand. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
  }

  async #compare(): Promise<void> {
    if (this.#stopped) return;
    const sources = await this.#read();
    const isNew = ({ id, changedAt }: WrittenSource) => this.#met.get(id) !== changedAt;
    if (!sources.some(isNew)) return;
    // What was set aside may have waited for what is new; and of several that are new, one may wait for another.
    let left = sources.filter((source) => isNew(source) || this.#deps.host.quarantined.has(source.id));
    for (let before = Number.POSITIVE_INFINITY; left.length > 0 && left.length < before; ) {
      before = left.length;
      const failed: WrittenSource[] = [];
      for (const source of left) {
        if (this.#stopped) return;
        if (!(await this.#follow(source))) failed.push(source);
      }
      left = failed;
    }
    this.#meet(sources);
  }

  async #follow(source: WrittenSource): Promise<boolean> {
    const { host, log, root } = this.#deps;
    const { id, state } = source;
    try {
      if (state === 'removed') await host.remove(id);
      else {
        const { plugins, broken } = await discoverPlugins(root, [source], []);
        for (const reason of broken.values()) throw new Error(reason);
        for (const plugin of plugins) await host.install(plugin);
      }
      log.info(`plugin-${state}`, { plugin: id, version: host.loaded.get(id)?.plugin.header.version });
      return true;
    } catch (error) {
      host.setAside(id, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #read(): Promise<WrittenSource[]> {
    return this.#deps.database.spanning((_tx, client) => readSources(client), 'read');
  }

  #meet(sources: readonly WrittenSource[]): void {
    this.#met = new Map(sources.map(({ id, changedAt }) => [id, changedAt]));
  }
}
