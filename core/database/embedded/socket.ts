// The directory of the unix socket: short, because a socket's path may have 103 bytes; ours alone, because whoever
// reaches it is let in; and the same after a restart, so that a pool of connections finds its server again.
import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './home.ts';
import { giveTo } from './identity.ts';
import { readIfThere } from './process.ts';

const PREFIX = '/tmp/plinth-';

const recordOf = (home: Home) => join(home.path, 'socket');

export function socketDirectory(home: Home): string {
  const known = readIfThere(recordOf(home));
  if (known && (isOurs(known, home) || made(known, home))) return known;
  const fresh = mkdtempSync(PREFIX);
  giveTo(home.user, fresh);
  writeFileSync(recordOf(home), fresh);
  giveTo(home.user, recordOf(home));
  return fresh;
}

export function removeSocketDirectory(home: Home): void {
  const known = readIfThere(recordOf(home));
  if (known?.startsWith(PREFIX) && isOurs(known, home)) rmSync(known, { recursive: true });
}

/** Anybody may put a directory of that name into /tmp while the server is down. */
function isOurs(directory: string, home: Home): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  const uid = home.user?.uid ?? process.getuid?.();
  return found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0;
}

function made(directory: string, home: Home): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    giveTo(home.user, directory);
    return true;
  } catch {
    return false;
  }
}
