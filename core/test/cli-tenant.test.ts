import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, testServer } from '../testing/database.ts';
import { temporaryDirectory } from '../testing/directory.ts';

const binary = fileURLToPath(new URL('../cli/plinth.mjs', import.meta.url));

let dataDir: string;
let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  dataDir = temporaryDirectory('cli-tenant');
  database = await testDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(dataDir, { recursive: true });
});

async function plinth(input: string, ...args: string[]) {
  const { host, user } = testServer();
  const url = `postgres://${user}@localhost/${database.name}?host=${encodeURIComponent(String(host))}`;
  const env = { ...process.env, DATABASE_URL: url, PLINTH_DATA_DIR: dataDir, PLINTH_MODE: 'production' };
  const child = spawn(process.execPath, [binary, ...args, '--json'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { out, err, code };
}

test('a fresh production database gets its platform, an operator, and sites', { timeout: 120_000 }, async () => {
  expect(await plinth('', 'tenant', 'list')).toMatchObject({ code: 0, out: '{"tenants":[]}\n' });
  const made = await plinth(
    'a long enough pass phrase\n',
    ...['tenant', 'create', 'home-base', '--platform', '--name', 'Headquarters', '--owner', 'ops@example.org'],
    ...['--hosts', 'hq.example.org,about.example.org'],
  );
  expect(made, made.err).toMatchObject({ code: 0 });
  expect(JSON.parse(made.out)).toMatchObject({ slug: 'home-base', host: 'home-base.localhost', platform: true });
  const listed = JSON.parse((await plinth('', 'tenant', 'list')).out) as { tenants: object[] };
  expect(listed.tenants).toMatchObject([
    {
      ...{ slug: 'home-base', name: 'Headquarters', platform: true, active: true },
      hosts: ['home-base.localhost', 'about.example.org', 'hq.example.org'],
    },
  ]);
});

test('what cannot be made is not made, and says why', { timeout: 120_000 }, async () => {
  expect((await plinth('', 'tenant', 'create', 'lonely')).code).toBe(2);
  const short = await plinth('', 'tenant', 'create', 'x', '--owner', 'ops@example.org');
  expect(JSON.parse(short.out)).toMatchObject({ error: { code: 'kernel.bad_slug' } });
  const weak = await plinth('1234567890\n', 'tenant', 'create', 'weak', '--owner', 'ops@example.org');
  expect(weak.code).toBe(1);
  expect(JSON.parse(weak.out)).toMatchObject({ error: { code: 'kernel.weak_password' } });
  expect((await plinth('', 'tenant', 'list')).out).not.toContain('weak');
});
