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
const NO_PLUGIN = 'it does not export a plugin by default: export default definePlugin({ … })';

/** Finds and imports the plugins that the configuration names. One that throws or never ends is left out, with why. */
export async function discoverPlugins(root: string): Promise<Discovered> {
  const files = pluginFiles(root);
  const broken = await probe(files);
  const plugins: Plugin[] = [];
  for (const file of files) {
    if (broken.has(file)) continue;
    try {
      const { default: plugin } = (await import(pathToFileURL(file).href)) as { default?: Plugin };
      if (!plugin?.header || !plugin.contributions) throw new Error(NO_PLUGIN);
      plugins.push(plugin);
    } catch (error) {
      broken.set(file, error instanceof Error ? error.message : String(error));
    }
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
    broken.set(stuck.file, stuck.why);
    left = left.slice(left.indexOf(stuck.file) + 1);
  }
  return broken;
}

/** Answers the file that did not come back. */
function probeInThread(
  files: readonly string[],
  broken: Map<string, string>,
): Promise<{ file: string; why: string } | undefined> {
  return new Promise((done) => {
    let current = 0;
    let over = false;
    const thread = new Worker(new URL('./probe-thread.ts', import.meta.url), {
      workerData: files,
      stdout: true,
      stderr: true,
    });
    const finish = (why: string) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      const file = files[current];
      void thread.terminate().then(() => done(file === undefined ? undefined : { file, why }));
    };
    const wait = () => setTimeout(finish, BOOT_MS, `it did not finish loading within ${BOOT_MS / 1000} s`);
    let timer = wait();
    thread.on('message', ({ file, error }: { file: string; error?: string }) => {
      if (error !== undefined) broken.set(file, error);
      current += 1;
      clearTimeout(timer);
      timer = wait();
      if (current === files.length) finish('');
    });
    // process.exit() or a crash inside a plugin's module ends only the thread.
    thread.on('error', (error: Error) => finish(error.message));
    thread.on('exit', (code) => finish(`it ended before it was loaded (exit code ${code})`));
  });
}
