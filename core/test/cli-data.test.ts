import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, testServer } from '../testing/database.ts';
import { temporaryDirectory } from '../testing/directory.ts';

const binary = fileURLToPath(new URL('../cli/plinth.mjs', import.meta.url));

let dataDir: string;
let first: Awaited<ReturnType<typeof testDatabase>>;
let second: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  dataDir = temporaryDirectory('cli-data');
  first = await testDatabase();
  second = await testDatabase();
});
afterAll(async () => {
  await first.drop();
  await second.drop();
  rmSync(dataDir, { recursive: true });
});

interface Said {
  readonly code: number | null;
  readonly said: Record<string, unknown> & { readonly error?: { readonly code?: string; readonly title?: string } };
}

async function plinth(database: { readonly name: string }, ...args: string[]): Promise<Said> {
  const { host, user } = testServer();
  const url = `postgres://${user}@localhost/${database.name}?host=${encodeURIComponent(String(host))}`;
  const env = { ...process.env, DATABASE_URL: url, PLINTH_DATA_DIR: dataDir, PLINTH_MODE: 'production' };
  const child = spawn(process.execPath, [binary, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((done) => child.on('close', done));
  const [out, , code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, said: JSON.parse(out) as Said['said'] };
}

test('a database is migrated, saved, put back elsewhere, and found whole', { timeout: 180_000 }, async () => {
  const before = await plinth(first, 'diagnose');
  expect(before).toMatchObject({ code: 1, said: { database: { reachable: true } } });
  expect(before.said.wrong).toEqual([expect.stringContaining('plinth db migrate')]);
  expect(JSON.stringify(before.said)).not.toContain('postgres://');

  expect((await plinth(first, 'db', 'migrate')).code).toBe(0);
  expect((await plinth(first, 'tenant', 'create', 'books', '--owner', 'ops@example.org')).code).toBe(0);
  expect(await plinth(first, 'diagnose')).toMatchObject({
    code: 0,
    said: { wrong: [], drivers: { jobs: 'PostgreSQL' } },
  });

  const file = join(dataDir, 'saved.plinth');
  expect(await plinth(first, 'db', 'backup', file)).toMatchObject({ code: 0, said: { file } });
  const again = await plinth(first, 'db', 'backup', file);
  expect(again).toMatchObject({ code: 1, said: { error: { code: 'cli.file_there' } } });
  expect(await plinth(second, 'db', 'restore', file)).toMatchObject({
    code: 0,
    said: { missing: 0, otherSecret: false },
  });
  const over = await plinth(second, 'db', 'restore', file);
  expect(over.code).toBe(1);
  expect(over.said.error?.title).toContain('already');

  expect(await plinth(second, 'tenant', 'list')).toMatchObject({ code: 0, said: { tenants: [{ slug: 'books' }] } });
  expect(await plinth(second, 'ledger', 'verify')).toMatchObject({ code: 0, said: { entries: 0 } });
  const asked = ['ledger', 'statement', 'person:ana', '--currency', 'coin', '--site'];
  expect(await plinth(second, ...asked, 'books')).toMatchObject({ code: 0, said: { closing: 0, items: [] } });
  const missing = await plinth(second, ...asked, 'nowhere');
  expect(missing).toMatchObject({ code: 1, said: { error: { code: 'cli.site_missing' } } });
});

test('plugins are listed, and held against the contract', { timeout: 60_000 }, async () => {
  const { said, code } = await plinth(first, 'plugin', 'list');
  expect(code).toBe(0);
  expect(said.plugins).toContainEqual(expect.objectContaining({ id: 'tenants' }));
  const sound = fileURLToPath(new URL('../../plugins/tenants', import.meta.url));
  expect(await plinth(first, 'plugin', 'check', sound)).toMatchObject({ code: 0, said: { plugin: 'tenants' } });
  const folder = join(dataDir, 'odd');
  mkdirSync(folder);
  const header = "{ id: 'Odd', version: '1', kernel: '^1.0.0', title: 'Odd', summary: 'Odd.' }";
  writeFileSync(join(folder, 'plugin.ts'), `export default { header: ${header}, contributions: [] };`);
  const odd = await plinth(first, 'plugin', 'check', folder);
  expect(odd).toMatchObject({ code: 1, said: { error: { code: 'cli.plugin_unsound' } } });
  expect(JSON.stringify(odd.said)).toContain('it has no manifest.json');
});

test.each([
  [['db']],
  [['db', 'backup']],
  [['ledger', 'statement', 'person:ana']],
  [['plugin', 'check']],
  [['diagnose', 'x']],
])('wrong usage ends with 2: %j', async (args) => {
  expect(await plinth(first, ...args)).toMatchObject({ code: 2, said: { error: { code: 'cli.wrong_usage' } } });
});
