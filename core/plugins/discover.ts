import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plugin } from '@plinth/sdk';
import semver from 'semver';
import { Type } from 'typebox';
import { checkOf } from '../schemas.ts';
import { importPlugins } from './import-plugins.ts';
import type { PluginSource } from './sources.ts';

/** `plinth.config.json`: where plugins lie. */
const ConfigFile = Type.Object({
  plugins: Type.Array(Type.String({ description: 'A folder of plugins ("plugins/*"), or one plugin.' })),
});

export interface Discovered {
  readonly plugins: readonly Plugin[];
  /** A plugin's id → the directory it lies in, as written, or relative to the project. */
  readonly directories: ReadonlyMap<string, string>;
  /** A file that the configuration names, or the id of a plugin that was installed → why it could not be read. */
  readonly broken: ReadonlyMap<string, string>;
}

/**
 * Finds and imports the plugins that the configuration names, with what was installed beside them and without what was
 * removed. One that throws or never ends is left out, with why.
 */
export async function discoverPlugins(
  root: string,
  sources: readonly PluginSource[] = [],
  configured: readonly string[] = configuredFiles(root),
): Promise<Discovered> {
  const fileOf = ({ directory }: PluginSource) => resolve(root, directory, 'plugin.ts');
  const spokenFor = new Map(sources.map((source) => [fileOf(source), source]));
  const installed = sources.filter(({ state }) => state === 'installed');
  const base = configured.filter((file) => spokenFor.get(file)?.state !== 'installed');
  const found = await importPlugins([...base, ...installed.map(fileOf)]);
  const plugins = new Map<string, { plugin: Plugin; directory: string }>();
  const broken = new Map<string, string>();
  for (const file of base) {
    const plugin = found.get(file);
    if (typeof plugin === 'object') {
      if (!sources.some(({ id }) => id === plugin.header.id))
        plugins.set(plugin.header.id, { plugin, directory: relative(root, dirname(file)) });
    } else if (!spokenFor.has(file)) broken.set(file, plugin ?? '');
  }
  for (const source of installed) {
    const plugin = asWanted(source, found.get(fileOf(source)));
    if (typeof plugin === 'object') plugins.set(source.id, { plugin, directory: source.directory });
    else broken.set(source.id, plugin);
  }
  return {
    plugins: [...plugins.values()].map(({ plugin }) => plugin),
    directories: new Map([...plugins].map(([id, { directory }]) => [id, directory])),
    broken,
  };
}

/** What lies at a source, if it is what was installed. An older version is what a node has that was not brought up to date. */
function asWanted({ id, directory, version }: PluginSource, found: Plugin | string | undefined): Plugin | string {
  if (typeof found !== 'object') return `"${directory}": ${found}`;
  const { header } = found;
  if (header.id !== id) return `"${directory}" holds the plugin ${header.id} on this node`;
  if (semver.valid(header.version) && semver.lt(header.version, version))
    return `"${directory}" holds ${header.version} on this node, and ${version} is installed; put that there and restart the node, or upgrade again`;
  return found;
}

function configuredFiles(root: string): string[] {
  const file = join(root, 'plinth.config.json');
  const config: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { plugins: ['plugins/*'] };
  const wrong = checkOf(ConfigFile)(config);
  if (wrong) throw new Error(`${file}: ${wrong.map(({ path, message }) => `${path} ${message}`).join('; ')}`);
  return (config as { plugins: string[] }).plugins.flatMap((entry) => {
    if (!entry.endsWith('/*')) return [resolve(root, entry, 'plugin.ts')];
    const folder = resolve(root, entry.slice(0, -2));
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .map((name) => join(folder, name, 'plugin.ts'))
      .filter((path) => existsSync(path))
      .sort();
  });
}
