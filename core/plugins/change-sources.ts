// What is done before the table of sources says so: a change that could not work is refused here, and no node meets it.
import { resolve } from 'node:path';
import type { Plugin } from '@plinth/sdk';
import type { MigrationUnit } from '../database/migrate.ts';
import { errors } from '../tenancy/errors.ts';
import type { Discovered } from './discover.ts';
import { importPlugins } from './import-plugins.ts';
import { KERNEL_SERVICES } from './kernel-services.ts';
import { dependentOn, misfit } from './needs.ts';
import { pluginUnits } from './plugin-units.ts';
import type { PluginSource } from './sources.ts';

/** An installation, as seen from outside its nodes. */
export interface Installation {
  readonly root: string;
  readonly found: Discovered;
  readonly sources: readonly PluginSource[];
  migrate(units: readonly MigrationUnit[]): Promise<void>;
  /** Writes a source where every node hears of it. */
  write(source: PluginSource): Promise<void>;
}

/** Installs what lies in a directory, or puts it in the place of what has its id. */
export async function installSource(installation: Installation, directory: string): Promise<PluginSource> {
  const { root, found, migrate, write } = installation;
  const file = resolve(root, directory, 'plugin.ts');
  const plugin = (await importPlugins([file])).get(file);
  if (typeof plugin !== 'object') throw errors.plugin_refused({ detail: `${file}: ${plugin}.` });
  const wrong = misfit(plugin, found.plugins, KERNEL_SERVICES);
  if (wrong !== undefined) throw errors.plugin_refused({ detail: wrong });
  // The nodes find it done. One that fails is not theirs to find out.
  await migrate(pluginUnits(plugin)).catch((error: unknown) => {
    throw errors.plugin_refused({ detail: error instanceof Error ? error.message : String(error) });
  });
  const { id, version } = plugin.header;
  const source: PluginSource = { id, directory, version, state: 'installed' };
  await write(source);
  return source;
}

/** Reads a plugin anew from where it lies: there are new sources now. */
export async function upgradeSource(installation: Installation, id: string): Promise<PluginSource> {
  return installSource(installation, known(installation, id).directory);
}

/** Takes a plugin away from every node. Its data stays. */
export async function removeSource(installation: Installation, id: string): Promise<PluginSource> {
  const source: PluginSource = { ...known(installation, id), state: 'removed' };
  const dependent = dependentOn(id, installation.found.plugins);
  if (dependent !== undefined) throw errors.plugin_refused({ detail: `${dependent} needs ${id}; remove it first.` });
  await installation.write(source);
  return source;
}

function known({ found, sources }: Installation, id: string): PluginSource {
  const written = sources.find((source) => source.id === id && source.state === 'installed');
  const plugin: Plugin | undefined = found.plugins.find(({ header }) => header.id === id);
  const directory = written?.directory ?? found.directories.get(id);
  if (directory === undefined) throw errors.plugin_missing({ detail: `Nothing called "${id}" is installed.` });
  return { id, directory, version: plugin?.header.version ?? written?.version ?? '', state: 'installed' };
}
