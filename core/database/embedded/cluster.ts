// The data directory itself: made once, whole or not at all.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Binaries, moveUnlessThere } from './binaries.ts';
import type { Home } from './home.ts';
import { spawnAs } from './identity.ts';
import { isAlive, readIfThere } from './process.ts';

export const OWNER = 'plinth';
export const DATABASE = 'plinth';

/** The first release with a locale of its own; before it, C is the only one that does not change under an index. */
const BUILTIN_LOCALE_SINCE = 17;

export const dataOf = (home: Home) => join(home.path, 'data');

export function majorOf(home: Home): number | undefined {
  const version = readIfThere(join(dataOf(home), 'PG_VERSION'));
  return version === undefined ? undefined : Number.parseInt(version, 10);
}

export function createCluster(home: Home, { bin, major }: Binaries): void {
  removeHalfMade(home);
  const half = join(home.path, `init.${process.pid}`);
  const locale =
    major >= BUILTIN_LOCALE_SINCE
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C'];
  const access = ['--username', OWNER, '--auth-local=trust', '--auth-host=reject'];
  run(home, join(bin, 'initdb'), ['--pgdata', half, '--encoding=UTF8', ...locale, ...access, '--no-instructions']);
  run(home, join(bin, 'postgres'), ['--single', '-D', half, 'postgres'], `create database ${DATABASE}`);
  moveUnlessThere(half, dataOf(home));
}

function run(home: Home, command: string, args: string[], input = ''): void {
  const { status, stderr, error } = spawnSync(command, args, { ...spawnAs(home.user), input, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`The database in ${home.path} could not be made: ${error?.message ?? stderr.trim()}`);
}

function removeHalfMade(home: Home): void {
  for (const name of readdirSync(home.path)) {
    const maker = /^init\.(\d+)$/.exec(name)?.[1];
    if (maker && (Number(maker) === process.pid || !isAlive(Number(maker))))
      rmSync(join(home.path, name), { recursive: true });
  }
}
