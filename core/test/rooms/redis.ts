// A redis-server of a test's own, on a unix socket, that can be killed and brought back with what it had.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { systemPart } from '../../testing/system-part.ts';

export interface RedisServer {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again; without its file it has forgotten everything. */
  revive(): Promise<void>;
  forget(): void;
  stop(): Promise<void>;
}

export const redisBinary = systemPart('redis-server');

export async function aRedis(): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-redis-'));
  const socket = join(directory, 'redis.sock');
  let child: ChildProcess;
  const revive = async () => {
    const options = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--appendonly', 'yes', '--save', ''];
    child = spawn(redisBinary ?? 'redis-server', options, { stdio: 'ignore' });
    const client = new Redis(socket, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    for (let tries = 0; tries < 200; tries++) {
      if (
        await client.ping().then(
          () => true,
          () => false,
        )
      )
        break;
      await sleep(25);
    }
    client.disconnect();
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const forget = () => rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true });
  await revive();
  return {
    url: `redis://${socket}`.replace('redis:///', '/'),
    kill,
    revive,
    forget,
    stop: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
