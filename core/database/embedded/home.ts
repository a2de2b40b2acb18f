// Where the server's files lie: in the data directory asked for, or, when root's project is under a directory that
// the server's user cannot enter, in /var/lib/plinth (for a temporary one /tmp) with a symlink in its place.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { giveTo, type Identity, reachable, serverIdentity } from './identity.ts';

const OUTSIDE = '/var/lib/plinth/db-';
const OUTSIDE_TEMPORARY = '/tmp/plinth-db-';

export interface Home {
  path: string;
  user: Identity;
}

export function openHome(asked: string): Home {
  const dataDir = resolve(asked);
  if (!statSync(dataDir, { throwIfNoEntry: false })) createHome(dataDir);
  const path = realpathSync(dataDir);
  const user = serverIdentity(path);
  if (process.getuid && process.getuid() !== 0 && statSync(path).uid !== process.getuid()) {
    throw new Error(
      `The database in ${dataDir} belongs to another user. Start as that user, or name another directory with PLINTH_DATA_DIR.`,
    );
  }
  if (user && statSync(path).uid === 0) giveTo(user, path);
  chmodSync(path, 0o700);
  return { path, user };
}

function createHome(dataDir: string): void {
  if (lstatSync(dataDir, { throwIfNoEntry: false })) {
    throw new Error(
      `The database of this project lies in ${readlinkSync(dataDir)}, and that is gone. Bring it back, or remove ${dataDir} to begin anew.`,
    );
  }
  mkdirSync(dirname(dataDir), { recursive: true });
  const user = serverIdentity(dataDir);
  if (reachable(dirname(dataDir), user)) {
    mkdirSync(dataDir, { recursive: true });
    return;
  }
  const place = dataDir.startsWith(tmpdir()) ? OUTSIDE_TEMPORARY : OUTSIDE;
  if (mkdirSync(dirname(place), { recursive: true })) chmodSync(dirname(place), 0o755);
  const outside = mkdtempSync(place);
  try {
    symlinkSync(outside, dataDir);
  } catch (error) {
    rmSync(outside, { recursive: true });
    // Another process placed it first: its place counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
