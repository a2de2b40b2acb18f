// What code finds that has left its isolate: run behind the wall by the test of the wall.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';

const tried = (what: () => unknown): unknown => {
  try {
    return what();
  } catch (error) {
    return `refused: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
  }
};

const reached = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  });

process.on('message', async ({ canary, port }: { canary: string; port: number }) => {
  process.send?.({
    environment: Object.keys(process.env).filter((name) => !name.startsWith('NODE_')),
    canary: tried(() => readFileSync(canary, 'utf8')),
    passwords: tried(() => readFileSync('/etc/passwd', 'utf8')),
    homes: tried(() => existsSync('/root') || existsSync('/home')),
    executed: tried(() => execFileSync('/bin/sh', ['-c', 'echo out'], { encoding: 'utf8' })),
    written: tried(() => writeFileSync(new URL('left-behind', import.meta.url), 'x')),
    // There only from the second start on.
    compiled: tried(() => writeFileSync('/plinth/code/left-behind', 'x')) ?? 'written',
    processes: tried(() => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length),
    interfaces: Object.keys(networkInterfaces()),
    user: process.getuid?.(),
    reached: await reached(port),
  });
});
process.send?.({ say: 'ready' });
