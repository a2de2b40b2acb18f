// How long until the server answers: from an empty data directory, and again. With `--first` also the very first
// `npm start` of a clean clone, with an empty npm cache: its seconds and its megabytes.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../core/testing/directory.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = 5;
const UP = ['core/cli/plinth.mjs', 'up'];
const root = fileURLToPath(new URL('..', import.meta.url));

export default async function boot(options: readonly string[]): Promise<BenchResult> {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const dataDir = temporaryDirectory('boot');
    cold.push(await secondsUntilUp(root, process.execPath, UP, { PLINTH_DATA_DIR: dataDir }));
    warm.push(await secondsUntilUp(root, process.execPath, UP, { PLINTH_DATA_DIR: dataDir }));
    rmSync(dataDir, { recursive: true });
  }
  const first = options.includes('--first') ? await firstStart() : {};
  const [coldSeconds, warmSeconds] = [median(cold), median(warm)];
  return { ratio: { 'cold to warm': coldSeconds / warmSeconds }, medians: { coldSeconds, warmSeconds, ...first } };
}

async function firstStart(): Promise<Record<string, number>> {
  const place = temporaryDirectory('first');
  const clone = join(place, 'clone');
  const cache = join(place, 'cache');
  execFileSync('git', ['clone', '--quiet', root, clone]);
  const firstSeconds = await secondsUntilUp(clone, 'npm', ['start', '--'], { npm_config_cache: cache });
  const sizes = { firstMegabytes: megabytes(clone), npmCacheMegabytes: megabytes(cache) };
  const secondSeconds = await secondsUntilUp(clone, 'npm', ['start', '--'], { npm_config_cache: cache });
  rmSync(place, { recursive: true });
  return { firstSeconds, secondSeconds, ...sizes };
}

async function secondsUntilUp(
  cwd: string,
  command: string,
  args: string[],
  env: Record<string, string>,
): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const server = spawn(command, [...args, '--port', String(port)], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(server, 'exit');
  await Promise.race([saysItIsUp(server.stdout, `http://localhost:${port}`), gone.then(endedEarly)]);
  const seconds = (performance.now() - began) / 1000;
  server.kill('SIGTERM');
  await gone;
  return seconds;
}

function saysItIsUp(stdout: Readable, address: string): Promise<void> {
  return new Promise((resolve) => {
    let said = '';
    stdout.on('data', (words: Buffer) => {
      said += words;
      if (said.includes(address)) resolve();
    });
  });
}

function endedEarly(): never {
  throw new Error('The server ended before it was up.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** On disk, as `du` counts. */
function megabytes(directory: string): number {
  return Number.parseInt(execFileSync('du', ['-sm', directory], { encoding: 'utf8' }), 10);
}
