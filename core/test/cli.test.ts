import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/directory.ts';

const binary = fileURLToPath(new URL('../cli/plinth.mjs', import.meta.url));

let dataDir: string;

beforeEach(() => {
  dataDir = temporaryDirectory('cli');
});

afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

function plinth(...args: string[]) {
  const env = { ...process.env, PLINTH_DATA_DIR: dataDir, DATABASE_URL: '' };
  const child = spawn(process.execPath, [binary, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    child,
    result: async () => ({ out: await text(child.stdout), err: await text(child.stderr), code: await exited }),
    exited,
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('help names every verb and ends well', async () => {
  const { out, code } = await plinth('--help').result();
  expect(out).toContain('plinth up [--port N]');
  expect(code).toBe(0);
});

test.each([[[]], [['fly']], [['up', '--port', 'eighty']], [['up', '--wings']]])(
  'wrong usage ends with 2 and the way out: %j',
  async (args) => {
    const { err, code } = await plinth(...args).result();
    expect(err).toContain('--help');
    expect(code).toBe(2);
  },
);

test('with --json an error is one object', async () => {
  const { out, code } = await plinth('fly', '--json').result();
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'cli.wrong_usage', detail: 'There is no "plinth fly".' } });
  expect(code).toBe(2);
});

test('up says where it is, answers there, and stops everything when asked', async () => {
  const port = await freePort();
  const { child, exited } = plinth('up', '--port', String(port), '--json');
  const line = await new Promise<string>((resolve) => child.stdout.once('data', (words) => resolve(String(words))));
  const { url } = JSON.parse(line) as { url: string };
  expect(url).toBe(`http://localhost:${port}`);
  expect((await fetch(url)).status).toBeLessThan(500);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
}, 60_000);

test('a port that is taken is named, with the way out', async () => {
  const other = createServer();
  const port = await listening(other);
  const { err, code } = await plinth('up', '--port', String(port)).result();
  other.close();
  expect(err).toContain(`npm start -- --port ${port + 1}`);
  expect(code).toBe(1);
}, 60_000);
