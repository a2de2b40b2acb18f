// What Node makes of our own sources when it starts a child takes longer than all else of that start. It is made once, by a
// process that runs no stranger's code, and then only read.
import type { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keptIn } from '../python/directory.ts';

const MADE_WITHIN_MS = 60_000;
const OLD_MS = 24 * 60 * 60 * 1000;

let asked = false;
let found: string | undefined;

/**
 * The directory in which it lies, if it is there. Else it is being made for the next time, by the process that `start`
 * starts, which may write into the directory that it is given.
 */
export function compiledSources(sandbox: string, start: (directory: string) => ReturnType<typeof spawn>) {
  if (found !== undefined || asked) return found;
  asked = true;
  try {
    const all = keptIn('code');
    const path = join(all, keyOf(sandbox));
    if (existsSync(path)) found = path;
    else make(all, path, start);
  } catch {
    // Without it children start later, and that is all.
  }
  return found;
}

/** A file that changed is made anew by whoever reads it: this only sees to it that most of what is there is true. */
function keyOf(sandbox: string): string {
  const hash = createHash('sha256').update(`${process.version} ${process.arch} ${process.getuid?.()}`);
  for (const name of readdirSync(sandbox, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.ts') || name.includes('node_modules') || name.startsWith('test/')) continue;
    const { size, mtimeMs } = statSync(join(sandbox, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

function make(all: string, path: string, start: (directory: string) => ReturnType<typeof spawn>): void {
  for (const name of readdirSync(all)) {
    const old = join(all, name);
    if (Date.now() - statSync(old).mtimeMs > OLD_MS) rmSync(old, { recursive: true, force: true });
  }
  const aside = mkdtempSync(join(all, '.making-'));
  const child = start(aside);
  child.unref();
  const late = setTimeout(() => child.kill('SIGKILL'), MADE_WITHIN_MS).unref();
  child.on('error', () => {});
  child.on('close', (code) => {
    clearTimeout(late);
    try {
      if (code === 0) {
        renameSync(aside, path);
        found = path;
      }
    } catch {
      // Somebody else was first.
    }
    rmSync(aside, { recursive: true, force: true });
  });
}
