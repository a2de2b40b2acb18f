// Where is kept what is worth making once: Python's memory snapshots, and what Node makes of our sources.
import { existsSync, lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const usual = new Map<string, string>();

/** Where snapshots are kept, and nothing else: children see all of it, to read. */
export const snapshotDirectory = (cache?: string): string => keptIn('python', cache);

export function keptIn(name: string, cache?: string): string {
  if (cache !== undefined) return made(join(cache, name));
  const directory = usual.get(name) ?? usualDirectory(name);
  usual.set(name, directory);
  return directory;
}

/** Beside the data of a project that has any, else where this user's caches lie: nothing is left where a command is run. */
function usualDirectory(name: string): string {
  const data = join(process.cwd(), '.plinth');
  // Behind the reduced wall root's children are nobody, who may not look into root's home.
  const caches = process.getuid?.() === 0 ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  try {
    return made(existsSync(data) ? join(data, 'cache', name) : join(caches, 'plinth', name));
  } catch {
    // Where everybody may write, somebody else may have been first: what they left is not run.
    const shared = join(tmpdir(), `plinth-${name}-${process.getuid?.() ?? 'cache'}`);
    try {
      return made(shared);
    } catch {
      return mkdtempSync(`${shared}-`);
    }
  }
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const found = lstatSync(directory);
  const isOurs = process.getuid === undefined || found.uid === process.getuid();
  if (!found.isDirectory() || !isOurs || (found.mode & 0o022) !== 0)
    throw new Error(`${directory} can be written by others.`);
  return directory;
}
