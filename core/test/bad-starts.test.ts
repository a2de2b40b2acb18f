// Bad days that begin with the start: two nodes at once, plugins that are not fit to be loaded, a start that fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { loadConfig } from '../config.ts';
import { openPostgres } from '../database/embedded/open.ts';
import { databaseRoles } from '../database/roles.ts';
import { startKernel } from '../kernel.ts';
import { discoverPlugins } from '../plugins/discover.ts';
import { openBus } from '../realtime/bus.ts';
import { SILENT } from '../telemetry/log.ts';
import { TestClock } from '../testing/clock.ts';
import { type TestDatabase, testDatabase, testServer } from '../testing/database.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import { TestCaller, TestKernel } from '../testing/kernel.ts';

let place: string;
let database: TestDatabase;
beforeEach(async () => {
  place = temporaryDirectory('start');
  database = await testDatabase();
});
afterEach(async () => {
  await database.drop();
  rmSync(place, { recursive: true, force: true });
});

function connectionsTo({ name, connection }: TestDatabase) {
  const roles = databaseRoles(name);
  const app = { ...testServer(), database: name, user: roles.app };
  return { owner: connection, app, roles, appPassword: undefined, stop: async () => {} };
}

async function aNode(plugins: Parameters<typeof startKernel>[1] = {}): Promise<TestKernel> {
  const clock = new TestClock();
  const config = loadConfig(
    { PLINTH_MODE: 'test', PLINTH_SECRET: 'a secret that all nodes of a test know' },
    { dataDir: place, port: 0, publicUrl: 'http://*' },
  );
  const limits = { readsPerMinute: 1000, writesPerMinute: 1000 };
  const connections = connectionsTo(database);
  const kernel = await startKernel(config, { connections, clock, limits, log: SILENT, ...plugins });
  return new TestKernel(kernel, clock, database.connection, () => kernel.stop());
}

test('two nodes that start at once on an empty database both serve', async () => {
  const nodes = await Promise.all([aNode({ plugins: [tipJar] }), aNode({ plugins: [tipJar] })]);
  const [one, two] = nodes as [TestKernel, TestKernel];
  try {
    for (const { kernel } of nodes) expect([...kernel.host.quarantined]).toEqual([]);
    const site = await one.tenant();
    const ana = await site.person();
    const { body } = await ana.post<{ id: string }>('/api/tip-jar/jars', { title: 'Strings' });
    // The same site and the same session, at the other node.
    const there = await new TestCaller(two, site.host, ana.token).get(`/api/tip-jar/jars/${body.id}`);
    expect(there).toMatchObject({ status: 200, body: { title: 'Strings' } });
    expect(await new TestCaller(two, site.host, ana.token).post('/api/tip-jar/jars', { title: 'Keys' })).toMatchObject({
      status: 201,
    });
  } finally {
    for (const node of nodes) await node[Symbol.asyncDispose]();
  }
});

const SDK = JSON.stringify(import.meta.resolve('@plinth/sdk'));

function aPlugin(name: string, source: string): void {
  mkdirSync(join(place, 'plugins', name, 'migrations'), { recursive: true });
  writeFileSync(join(place, 'plugins', name, 'plugin.ts'), source);
}

const sound = (name: string, more = '', before = '') => `
  import { definePlugin, service } from ${SDK};
  ${before}
  export default definePlugin({
    id: '${name}', version: '1.0.0', kernel: '^1.0.0', title: '${name}', summary: 'A plugin.',
    ${more}
    contributes: (plugin) => [plugin.route('GET /hello', { auth: 'public' }, async () => {})],
  });`;

test('plugins that cannot be loaded are set aside, each with its reason, and the rest start', async () => {
  aPlugin('a-loops', 'for (;;);');
  aPlugin('b-waits', 'await new Promise(() => setInterval(() => {}, 1000));');
  aPlugin('c-throws', `throw new Error('the moon is full');`);
  aPlugin('d-leaves', 'process.exit(0);');
  aPlugin('e-empty', 'export const nothing = 1;');
  aPlugin(
    'f-elsewhere',
    `import { isMainThread } from 'node:worker_threads'; if (isMainThread) throw new Error('not here');`,
  );
  aPlugin('g-migrates', sound('g-migrates', `migrations: new URL('./migrations/', import.meta.url),`));
  writeFileSync(join(place, 'plugins/g-migrates/migrations/0001_broken.sql'), 'create tabel t (id int)');
  const services = `const Left = service('left@1', {}); const Right = service('right@1', {});`;
  for (const [name, needs, provides] of [
    ['left', 'right: Right', 'Left'],
    ['right', 'left: Left', 'Right'],
  ] as const)
    aPlugin(
      name,
      sound(name, `needs: { ${needs} },`, services).replace('=> [', `=> [plugin.provide(${provides}, {}), `),
    );
  aPlugin('z-sound', sound('z-sound'));

  const found = await discoverPlugins(place);
  const reasons = Object.fromEntries([...found.broken].map(([file, reason]) => [file.split('/').at(-2), reason]));
  expect(reasons).toEqual({
    'a-loops': 'it did not finish loading within 5 s',
    'b-waits': 'it did not finish loading within 5 s',
    'c-throws': 'the moon is full',
    'd-leaves': 'it ended before it was loaded (exit code 0)',
    'e-empty': 'it does not export a plugin by default: export default definePlugin({ … })',
    'f-elsewhere': 'not here',
  });

  const node = await aNode({ plugins: found.plugins });
  try {
    const { host } = node.kernel;
    expect([...host.loaded.keys()]).toEqual(['z-sound']);
    expect(Object.fromEntries(host.quarantined)).toEqual({
      'g-migrates': expect.stringMatching(
        /^Migration g-migrates\/0001_broken\.sql failed: syntax error at or near "tabel"/,
      ),
      left: expect.stringMatching(/circle/),
      right: expect.stringMatching(/circle/),
    });
    const site = await node.tenant();
    expect((await site.anyone().get('/api/z-sound/hello')).status).toBe(204);
    expect((await site.anyone().get('/api/left/hello')).status).toBe(404);
  } finally {
    await node[Symbol.asyncDispose]();
  }
}, 60_000);

/** A process that starts a kernel which cannot start. It ends by itself, unless something was left open. */
async function failedStart(env: Record<string, string>, more: object = {}) {
  const script = fileURLToPath(new URL('./failing-start.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(more)], {
    env: { PATH: process.env.PATH, PLINTH_MODE: 'test', PLINTH_DATA_DIR: join(place, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, code };
}

test('a database that is not there is named without its password, and nothing stays open', async () => {
  const { out, err, code } = await failedStart({ DATABASE_URL: 'postgres://ana:hush@localhost:1/none' });
  expect([out, err, code]).toEqual([
    expect.stringMatching(/^The database does not answer: .*ECONNREFUSED.* Check DATABASE_URL\.$/),
    '',
    0,
  ]);
  expect(out).not.toContain('hush');
}, 60_000);

test('a migration that fails stops the start, and the database that was started for it', async () => {
  const dataDir = join(place, 'data', 'postgres');
  mkdirSync(join(place, 'data'));
  const server = await openPostgres({ dataDir });
  const client = new pg.Client(server.connect.owner);
  await client.connect();
  await client.query('create schema kernel; create table kernel.account (id int)');
  await client.end();
  await server.stop();
  const { out, err, code } = await failedStart({});
  expect([out, err, code]).toEqual([expect.stringMatching(/^Migration kernel\/auth\/0001_auth\.sql failed: /), '', 0]);
  expect(existsSync(join(dataDir, 'data', 'postmaster.pid'))).toBe(false);
}, 60_000);

test('a line to the other nodes that cannot be opened stops the start', async () => {
  const { out, err, code } = await failedStart(
    { NATS_URL: 'nats://127.0.0.1:1' },
    { connections: connectionsTo(database) },
  );
  expect([out, err, code]).toEqual(['The server that NATS_URL names does not answer: connection refused.', '', 0]);
}, 60_000);

test('a Redis that is not there is named with what to do, without its password, and nothing stays open', async () => {
  const { out, err, code } = await failedStart(
    { REDIS_URL: 'redis://ana:hush@localhost:1' },
    { connections: connectionsTo(database) },
  );
  expect([out, err, code]).toEqual([
    expect.stringMatching(
      /^Redis at localhost:1, which REDIS_URL names, does not serve: .*ECONNREFUSED.*\. Start it, or mend REDIS_URL\.$/,
    ),
    '',
    0,
  ]);
  expect(out).not.toContain('hush');
}, 60_000);

test('a Redis that does not take the password is quoted, and the password is not', async () => {
  const refusing = createServer((socket) => {
    socket.on('error', () => {}).on('data', () => socket.write('-WRONGPASS invalid username-password pair\r\n'));
  }).listen(0, '127.0.0.1');
  await once(refusing, 'listening');
  const { port } = refusing.address() as AddressInfo;
  const redisUrl = `redis://ana:hush@127.0.0.1:${port}`;
  const failure = await openBus({ natsUrl: undefined, redisUrl }, 'test').catch((error: unknown) => error);
  refusing.close();
  expect(inspect(failure, { depth: 9 })).toMatch(/REDIS_URL names, does not serve: WRONGPASS/);
  expect(inspect(failure, { depth: 9 })).not.toContain('hush');
});

test('a port that is taken leaves a kernel that can be stopped whole', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { out, err, code } = await failedStart({ PLINTH_PORT: String(port) }, { connections: connectionsTo(database) });
  other.close();
  expect([out, err, code]).toEqual([expect.stringContaining('EADDRINUSE'), '', 0]);
}, 60_000);
