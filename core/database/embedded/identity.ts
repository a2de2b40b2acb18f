// As whom the server runs. PostgreSQL refuses root, so root hands it to `nobody`, who exists on every system.
import { spawnSync } from 'node:child_process';
import { chownSync, lchownSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `undefined`: the server runs as the user who started us. */
export type Identity = { uid: number; gid: number } | undefined;

/** Data that already belongs to somebody stays theirs: a project first started by a user may be started by root later. */
export function serverIdentity(home: string): Identity {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(home, { throwIfNoEntry: false });
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(flag: '-u' | '-g'): number {
  const { stdout, status } = spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(
      'PostgreSQL refuses to run as root, and there is no user "nobody" to run it as. Start as a normal user.',
    );
  }
  return Number(stdout);
}

/** Only these variables reach the server: a stray PGDATA or PGPORT would send it elsewhere. */
export function spawnAs(user: Identity) {
  return { ...user, cwd: '/', env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
}

/** Whether the server's user can walk down to `path`. */
export function reachable(path: string, user: Identity): boolean {
  if (user === undefined) return true;
  const { mode, uid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path));
  const open = (mode & 0o001) !== 0 || (uid === user.uid && (mode & 0o100) !== 0);
  return open && (dirname(path) === path || reachable(dirname(path), user));
}

export function giveTo(user: Identity, path: string): void {
  if (user === undefined) return;
  chownSync(path, user.uid, user.gid);
  for (const entry of statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : []) {
    lchownSync(join(path, entry.toString()), user.uid, user.gid);
  }
}
