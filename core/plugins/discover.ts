import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Plugin } from '@plinth/sdk';
import { Type } from 'typebox';
import { checkOf } from '../schemas.ts';

/** `plinth.config.json`: where plugins lie. */
const ConfigFile = Type.Object({
  plugins: Type.Array(Type.String({ description: 'A folder of plugins ("plugins/*"), or one plugin.' })),
});

export interface Discovered {
  readonly plugins: readonly Plugin[];
  /** Folder → why it could not be read. */
  readonly broken: ReadonlyMap<string, string>;
}

const BOOT_MS = 5_000;

/** Finds and imports the plugins that the configuration names. One that throws or never ends is left out, with why. */
export async function discoverPlugins(root: string): Promise<Discovered> {
  const files = pluginFiles(root);
  const broken = await probe(files);
  const plugins: Plugin[] = [];
  for (const file of files) {
    if (broken.has(file)) continue;
    const { default: plugin } = (await import(pathToFileURL(file).href)) as { default?: Plugin };
    if (plugin?.header && plugin.contributions) plugins.push(plugin);
    else broken.set(file, 'it does not export a plugin by default: export default definePlugin({ … })');
  }
  return { plugins, broken };
}

function pluginFiles(root: string): string[] {
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

/**
 * Imports each file in a thread first: a module that loops for ever would take this process with it, and a thread can
 * be ended from outside.
 */
async function probe(files: readonly string[]): Promise<Map<string, string>> {
  const broken = new Map<string, string>();
  let left = [...files];
  while (left.length > 0) {
    const stuck = await probeInThread(left, broken);
    if (stuck === undefined) break;
    broken.set(stuck, `it did not finish loading within ${BOOT_MS / 1000} s`);
    left = left.slice(left.indexOf(stuck) + 1);
  }
  return broken;
}

/** Answers the file that did not come back. */
function probeInThread(files: readonly string[], broken: Map<string, string>): Promise<string | undefined> {
  return new Promise((done) => {
    let current = 0;
    const thread = new Worker(new URL('./probe-thread.ts', import.meta.url), {
      workerData: files,
      stdout: true,
      stderr: true,
    });
    const finish = (stuck: string | undefined) => {
      clearTimeout(timer);
      void thread.terminate().then(() => done(stuck));
    };
    let timer = setTimeout(() => finish(files[current]), BOOT_MS);
    thread.on('message', ({ file, error }: { file: string; error?: string }) => {
      if (error !== undefined) broken.set(file, error);
      current += 1;
      clearTimeout(timer);
      timer = setTimeout(() => finish(files[current]), BOOT_MS);
      if (current === files.length) finish(undefined);
    });
    // process.exit() or a crash inside a plugin's module ends only the thread.
    thread.on('error', () => finish(files[current]));
    thread.on('exit', () => finish(files[current]));
  });
}
