// Who uses the server: a file per process. The last to leave stops it; one that was killed no longer counts.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './home.ts';
import { giveTo } from './identity.ts';
import { isAlive, readIfThere, startTime } from './process.ts';

/** Registers this process; `leave` answers whether nobody else is left. */
export function enter(home: Home): { alone: boolean; leave(): boolean } {
  const directory = join(home.path, 'users');
  mkdirSync(directory, { recursive: true });
  const mine = `${process.pid}-${entries++}`;
  const alone = !othersIn(directory, mine);
  writeFileSync(join(directory, mine), startTime(process.pid) ?? '');
  giveTo(home.user, directory);
  return {
    alone,
    leave() {
      rmSync(join(directory, mine), { force: true });
      return !othersIn(directory, mine);
    },
  };
}

let entries = 0;

function othersIn(directory: string, mine: string): boolean {
  const others = readdirSync(directory).filter((name) => name !== mine);
  const gone = others.filter((name) => !stillThere(directory, name));
  for (const name of gone) rmSync(join(directory, name), { force: true });
  return others.length > gone.length;
}

function stillThere(directory: string, name: string): boolean {
  const since = readIfThere(join(directory, name));
  const pid = Number(name.split('-')[0]);
  return since !== undefined && isAlive(pid) && (since === '' || since === startTime(pid));
}
