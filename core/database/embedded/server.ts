// The server process: found, started, stopped. What it says of itself in postmaster.pid is believed, nothing else.
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { dataOf } from './cluster.ts';
import type { Home } from './home.ts';
import { spawnAs } from './identity.ts';
import { isAlive, poll, readIfThere } from './process.ts';

export interface Server {
  pid: number;
  /** Directory of the unix socket. */
  host: string;
  ready: boolean;
}

/** A crash recovery replays the log first, so waiting is limited by the process's life, and by this at the very end. */
const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 60_000;
/** Backends of a killed server take a moment to notice; until then a new one is refused. */
const PREDECESSOR_GONE_WITHIN_MS = 10_000;

const settings: Record<string, string> = {
  listen_addresses: '',
  shared_buffers: '128MB',
  max_connections: '100',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A refused statement carries people's data, and refusals (a unique key) are everyday.
  log_min_error_statement: 'panic',
};

export function findServer(home: Home): Server | undefined {
  const lines = readIfThere(join(dataOf(home), 'postmaster.pid'))?.split('\n');
  const pid = Number(lines?.[0]);
  if (!lines || !pid || !isServer(pid)) return undefined;
  return { pid, host: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' };
}

/** A process id from before a reboot may be anybody's now. */
function isServer(pid: number): boolean {
  return isAlive(pid) && (readIfThere(`/proc/${pid}/comm`) ?? 'postgres').trim() === 'postgres';
}

export async function startServer(home: Home, { bin }: Binaries, extra: Record<string, string>): Promise<Server> {
  const deadline = Date.now() + PREDECESSOR_GONE_WITHIN_MS;
  for (;;) {
    forgetDeadServer(home);
    const child = launch(home, bin, { ...settings, ...extra });
    const server = await poll(() => readyServer(home, child), READY_WITHIN_MS);
    if (server && server !== 'exited') return server;
    const log = (readIfThere(logOf(home)) ?? '').trim();
    if (!/still in use|lock file/.test(log) || Date.now() > deadline) {
      throw new Error(`The database in ${home.path} did not start. Its log ends with:\n${log.split('\n').slice(-5).join('\n')}`);
    }
    await poll(() => findServer(home) ?? (isServerGone(home) || undefined), 200);
  }
}

const isServerGone = (home: Home) => readIfThere(join(dataOf(home), 'postmaster.pid')) === undefined;
