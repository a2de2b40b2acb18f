// Servers of a test's own that can be killed and brought back with what they had.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemPart } from '../../testing/system-part.ts';

export interface Server {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again, with what it had on disk. */
  revive(): Promise<void>;
  /** Takes away what it had on disk; to be called while it is dead. */
  forget(): void;
  stop(): Promise<void>;
}

export const redisBinary = systemPart('redis-server');
export const natsBinary = systemPart('nats-server');

export async function aRedis(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-redis-'));
  const url = join(directory, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', url, '--dir', directory, '--appendonly', 'yes', '--save', ''];
  return aServer(redisBinary ?? 'redis-server', options, url, { path: url }, directory, 'appendonlydir');
}

export async function aNats(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-nats-'));
  const port = await freePort();
  const options = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', directory];
  return aServer(
    natsBinary ?? 'nats-server',
    options,
    `nats://127.0.0.1:${port}`,
    { port, host: '127.0.0.1' },
    directory,
    'jetstream',
  );
}

async function aServer(
  binary: string,
  options: string[],
  url: string,
  address: { path: string } | { port: number; host: string },
  directory: string,
  kept: string,
): Promise<Server> {
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const revive = async () => {
    child = spawn(binary, options, { stdio: 'ignore' });
    for (let tries = 0; tries < 400 && !(await answers(address)); tries++) await sleep(25);
  };
  await revive();
  return {
    ...{ url, kill, revive },
    forget: () => rmSync(join(directory, kept), { recursive: true, force: true }),
    stop: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function answers(address: { path: string } | { port: number; host: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
