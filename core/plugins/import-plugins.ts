// Reads plugins from their files, however often they change while this process runs.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Plugin } from '@plinth/sdk';

const BOOT_MS = 5_000;
const MISSING = 'nothing lies there on this node; put it there and restart the node, or install it again';
const NO_PLUGIN = 'it does not export a plugin by default: export default definePlugin({ … })';

let times = 0;

/** Imports each file as it lies there now. For one that is missing, throws or never ends: why. */
export async function importPlugins(files: readonly string[]): Promise<Map<string, Plugin | string>> {
  const there = files.filter((file) => existsSync(file));
  const found = new Map<string, Plugin | string>(files.map((file) => [file, MISSING]));
  const broken = await probe(there);
  // A module is read once and then known by its name for as long as the process lives: what changed needs another name.
  const query = times === 0 ? '' : `?load=${times}`;
  times += 1;
  for (const file of there) found.set(file, broken.get(file) ?? (await importOne(pathToFileURL(file).href + query)));
  return found;
}

async function importOne(url: string): Promise<Plugin | string> {
  try {
    const { default: plugin } = (await import(url)) as { default?: Plugin };
    return plugin?.header && plugin.contributions ? plugin : NO_PLUGIN;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The kernel's own modules stay what they are: a plugin that is read anew meets the same contract. */
const KEPT = ['../', import.meta.resolve('@plinth/sdk')].map(
  (each) => new URL('.', new URL(each, import.meta.url)).href,
);

// What a plugin imports of its own, or of another plugin's contract, is read anew with it.
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const query = context.parentURL?.match(/\?load=\d+$/)?.[0];
    const { url } = resolved;
    if (query === undefined || !url.startsWith('file:') || url.includes('/node_modules/')) return resolved;
    return KEPT.some((each) => url.startsWith(each)) ? resolved : { ...resolved, url: url + query };
  },
});

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
