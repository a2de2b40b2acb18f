// Plugins installed, upgraded and removed from the command line, while a node runs in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase, testServer } from '../testing/database.ts';
import { temporaryDirectory } from '../testing/directory.ts';

const binary = fileURLToPath(new URL('../cli/plinth.mjs', import.meta.url));

let project: string;
let database: TestDatabase;
let node: ChildProcess | undefined;
beforeAll(async () => {
  project = temporaryDirectory('cli-plugin');
  database = await testDatabase();
  mkdirSync(join(project, 'products/parrot'), { recursive: true });
  writeFileSync(join(project, 'plinth.config.json'), '{ "plugins": [] }');
  writeFileSync(
    join(project, 'products/parrot/plugin.ts'),
    `import { definePlugin } from ${JSON.stringify(import.meta.resolve('@plinth/sdk'))};
     import { Type } from ${JSON.stringify(import.meta.resolve('typebox'))};
     import { version } from './version.ts';
     export default definePlugin({
       id: 'parrot', version, kernel: '^1.0.0', title: 'Parrot', summary: 'Says which version it is.',
       contributes: (plugin) => [plugin.route('GET /version', { auth: 'public', reply: Type.Object({ version: Type.String() }) },
         async () => ({ version }))],
     });`,
  );
  is('1.0.0');
});
afterAll(async () => {
  if (node?.exitCode === null) {
    node.kill('SIGTERM');
    await once(node, 'exit');
  }
  await database.drop();
  rmSync(project, { recursive: true });
});

/** The version on the disk, in a module that the plugin imports. */
const is = (version: string) =>
  writeFileSync(join(project, 'products/parrot/version.ts'), `export const version: string = '${version}';`);

function start(...args: string[]): ChildProcess {
  const { host, user } = testServer();
  const url = `postgres://${user}@localhost/${database.name}?host=${encodeURIComponent(String(host))}`;
  const settings = { DATABASE_URL: url, PLINTH_DATA_DIR: join(project, 'data'), PLINTH_MODE: 'production' };
  const env = { ...process.env, ...settings };
  return spawn(process.execPath, [binary, ...args, '--json'], { env, cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function plinth(...args: string[]): Promise<{ code: number | null; said: Record<string, unknown> }> {
  const child = start(...args);
  const [out, [code]] = await Promise.all([child.stdout ? text(child.stdout) : '', once(child, 'close')]);
  return { code: code as number | null, said: JSON.parse(out) as Record<string, unknown> };
}

async function up(): Promise<number> {
  node = start('up', '--port', '0');
  const [line] = (await once(node.stdout ?? node, 'data')) as [Buffer];
  return Number(new URL((JSON.parse(String(line)) as { url: string }).url).port);
}

const version = (port: number) =>
  new Promise((resolve, reject) => {
    const headers = { host: 'kite.localhost' };
    get({ port, host: '127.0.0.1', path: '/api/parrot/version', headers }, async (answer) => {
      const body = (await json(answer)) as { version?: string };
      resolve(body.version ?? answer.statusCode);
    }).on('error', reject);
  });

const soon = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });

test('a running node follows the command line, and a new process finds what was done', {
  timeout: 240_000,
}, async () => {
  const port = await up();
  expect(await plinth('plugin', 'install', 'products/parrot')).toEqual({
    code: 0,
    said: { id: 'parrot', version: '1.0.0', directory: 'products/parrot', state: 'installed' },
  });
  // It is there for who starts now, though the configuration does not name it.
  const owner = ['--owner', 'ops@example.org', '--plugins', 'parrot'];
  expect(await plinth('tenant', 'create', 'kite', ...owner)).toMatchObject({ code: 0 });
  await soon(() => version(port)).toBe('1.0.0');

  is('2.0.0');
  expect(await plinth('plugin', 'upgrade', 'parrot')).toMatchObject({ code: 0, said: { version: '2.0.0' } });
  await soon(() => version(port)).toBe('2.0.0');
  expect(await plinth('plugin', 'list')).toMatchObject({ said: { plugins: [{ id: 'parrot', version: '2.0.0' }] } });

  expect(await plinth('plugin', 'remove', 'parrot')).toMatchObject({ code: 0, said: { state: 'removed' } });
  await soon(() => version(port)).toBe(404);
  expect(await plinth('plugin', 'list')).toMatchObject({ said: { plugins: [], setAside: {} } });
});

test('what cannot be done ends with 1 and why, and wrong usage with 2', { timeout: 120_000 }, async () => {
  expect(await plinth('plugin', 'remove', 'parrot')).toMatchObject({
    code: 1,
    said: { error: { code: 'kernel.plugin_missing' } },
  });
  expect(await plinth('plugin', 'install', 'products/crow')).toMatchObject({
    code: 1,
    said: { error: { code: 'kernel.plugin_refused', detail: expect.stringContaining('products/crow/plugin.ts') } },
  });
  for (const args of [['install'], ['remove', 'a', 'b']]) expect((await plinth('plugin', ...args)).code).toBe(2);
});
