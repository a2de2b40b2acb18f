// The server process: found, started, stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { dataOf } from './cluster.ts';
import type { Home } from './home.ts';
import { giveTo, spawnAs } from './identity.ts';
import { isAlive, readIfThere } from './process.ts';
import { removeSocketDirectory, socketDirectory } from './socket.ts';

export interface Server {
  pid: number;
  /** The directory of its unix socket. */
  host: string;
  ready: boolean;
}

/** Recovery after a crash replays the log first. */
const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 60_000;
/** The processes of a killed server take a moment to notice; until then a new one is refused. */
const PREDECESSOR_GONE_WITHIN_MS = 10_000;
/** A server that holds the lock answers on its socket all but a few milliseconds of its life. */
const LOCK_IS_STALE_AFTER_MS = 2_000;
const SILENT_IS_BUSY_AFTER_MS = 5_000;
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const LOG_BYTES = 4_000_000;

const defaults = {
  listen_addresses: '',
  shared_buffers: '128MB',
  max_connections: '100',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // A refused statement carries people's data, and refusals (a key taken) are everyday.
  log_min_error_statement: 'panic',
};

const lockOf = (home: Home) => join(dataOf(home), 'postmaster.pid');
const logOf = (home: Home) => join(home.path, 'server.log');
const readLog = (home: Home) => readIfThere(logOf(home)) ?? '';

export async function findServer(home: Home): Promise<Server | undefined> {
  const lock = readIfThere(lockOf(home))?.split('\n');
  const [pid, host, status] = [Number(lock?.[0]), lock?.[4], lock?.[7]];
  return pid && host && (await answers(host)) ? { pid, host, ready: status?.trim() === 'ready' } : undefined;
}

/** Asks for TLS, as every client may: only a living server says no. One that is too busy to say so is there as well. */
function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(join(host, '.s.PGSQL.5432'));
    const answer = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.write(TLS_REQUEST);
    socket.setTimeout(SILENT_IS_BUSY_AFTER_MS, () => answer(true));
    socket
      .on('data', () => answer(true))
      .on('close', () => answer(false))
      .on('error', () => answer(false));
  });
}

/** Starts the server, or waits for the one that another process is starting. */
export async function startServer(home: Home, { bin }: Binaries, settings: Record<string, string>): Promise<Server> {
  const began = Date.now();
  let attempt: Attempt | undefined;
  for (let waited = 0; waited < READY_WITHIN_MS; waited = Date.now() - began) {
    const server = await findServer(home);
    if (server?.ready) return server;
    if (attempt && attempt.child.exitCode !== null) {
      const reason = readLog(home).slice(attempt.logStart);
      if (/lock file .* already exists/.test(reason) && !server && waited > LOCK_IS_STALE_AFTER_MS)
        forgetDeadServer(home);
      else if (!/lock file|still in use/.test(reason) || waited > PREDECESSOR_GONE_WITHIN_MS)
        throw notStarted(home, reason);
      attempt = undefined;
      await sleep(100);
    } else if (!server && !attempt) {
      attempt = launch(home, bin, { ...defaults, ...settings });
    }
    await sleep(10);
  }
  throw notStarted(home, readLog(home));
}

interface Attempt {
  child: ChildProcess;
  logStart: number;
}

function launch(home: Home, bin: string, settings: Record<string, string>): Attempt {
  if ((statSync(logOf(home), { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES)
    renameSync(logOf(home), `${logOf(home)}.1`);
  const logStart = readLog(home).length;
  const log = openSync(logOf(home), 'a', 0o600);
  giveTo(home.user, logOf(home));
  const options = Object.entries({ ...settings, unix_socket_directories: socketDirectory(home) });
  // Detached: a Ctrl-C in the terminal is for us, who stop the server when the last request is answered.
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', dataOf(home), ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...spawnAs(home.user),
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  child.unref();
  closeSync(log);
  return { child, logStart };
}

/** After a crash or a reboot the number in the lock may be any process's, and PostgreSQL would wait for it for ever. */
function forgetDeadServer(home: Home): void {
  const pid = readIfThere(lockOf(home))?.split('\n')[0];
  if (readIfThere(`/proc/${pid}/comm`)?.trim() === 'postgres') return;
  removeSocketDirectory(home);
  rmSync(lockOf(home), { force: true });
}

function notStarted(home: Home, log: string): Error {
  const tail = log.trim().split('\n').slice(-6).join('\n');
  return new Error(`The database in ${home.path} did not start. Its log ends with:\n${tail}`);
}

/** "Fast": sessions are cut, everything committed is on disk, the next start needs no recovery. */
export async function stopServer(home: Home): Promise<void> {
  const server = await findServer(home);
  if (!server) return;
  process.kill(server.pid, 'SIGINT');
  const began = Date.now();
  while (isAlive(server.pid) && readIfThere(lockOf(home))?.startsWith(`${server.pid}\n`)) {
    if (Date.now() - began > STOPPED_WITHIN_MS)
      throw new Error(`The database in ${home.path} (process ${server.pid}) does not stop.`);
    await sleep(10);
  }
  removeSocketDirectory(home);
}
