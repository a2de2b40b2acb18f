// Plugins that are installed, upgraded and removed while several nodes run on one database, each with a disk of its own.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { migrate } from '../database/migrate.ts';
import { databaseRoles } from '../database/roles.ts';
import { startKernel } from '../kernel.ts';
import { type Installation, installSource, removeSource, upgradeSource } from '../plugins/change-sources.ts';
import { discoverPlugins } from '../plugins/discover.ts';
import { KERNEL_SERVICES } from '../plugins/kernel-services.ts';
import { readSources, writeSource } from '../plugins/sources.ts';
import { SILENT } from '../telemetry/log.ts';
import { TestClock } from '../testing/clock.ts';
import { type TestDatabase, testDatabase, testServer } from '../testing/database.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import { TestCaller, TestKernel, type TestTenant } from '../testing/kernel.ts';

const SDK = JSON.stringify(import.meta.resolve('@plinth/sdk'));

interface Kind {
  readonly version: string;
  readonly more?: string;
  readonly needs?: string;
  readonly provides?: string;
}

/** What a parrot heard and did, on either node: they share this process. */
const house = globalThis as unknown as { heard: string[]; arrived: () => void; held: Promise<void> };
const PARROT_SAYS = `
  emits: { said: event('parrot.said@1', Said) }, jobs: { echo: job(Said) },`;
const PARROT = `
  plugin.route('GET /say', { auth: 'public' }, async (ctx) => {
    globalThis.arrived();
    await globalThis.held;
    await ctx.db.transaction(async () => {
      await ctx.emit.said({ text: 'squawk' });
      await ctx.enqueue.echo({ text: 'squawk' });
    });
  }),
  plugin.on(event('parrot.said@1', Said), 'hear', async () => void globalThis.heard.push('event')),
  plugin.job('echo', async () => void globalThis.heard.push('job')),`;

const source = (id: string, { version, more = '', needs = '', provides = '' }: Kind) => `
  import { definePlugin, event, job, service } from ${SDK};
  import { Type } from ${JSON.stringify(import.meta.resolve('typebox'))};
  const Said = Type.Object({ text: Type.String() });
  ${more}
  export default definePlugin({
    id: '${id}', version: '${version}', kernel: '^1.0.0', title: '${id}', summary: 'Says which version it is.',
    ${needs && `needs: { other: service('${needs}', {}) },`} ${id === 'parrot' ? PARROT_SAYS : ''}
    contributes: (plugin) => [
      plugin.route('GET /version', { auth: 'public', reply: Type.Object({ version: Type.String() }) }, async () => ({ version: '${version}' })),
      ${provides && `plugin.provide(service('${provides}', {}), {}),`} ${id === 'parrot' ? PARROT : ''}
    ],
  });`;

const LONG = { timeout: 60_000 };

let database: TestDatabase;
let owner: pg.Client;
let directory: string;
let one: TestKernel;
let two: TestKernel;
let site: TestTenant;

const rootOf = (node: string) => join(directory, node);

/** Puts a plugin on the disks of some nodes. */
function put(id: string, kind: Kind | string, on: readonly string[] = ['one', 'two']): void {
  for (const node of on) {
    mkdirSync(join(rootOf(node), 'products', id), { recursive: true });
    writeFileSync(join(rootOf(node), 'products', id, 'plugin.ts'), typeof kind === 'string' ? kind : source(id, kind));
  }
}

async function aNode(name: string): Promise<TestKernel> {
  const clock = new TestClock();
  const env = { PLINTH_MODE: 'test', PLINTH_SECRET: 'a secret that all nodes of a test know' };
  const config = loadConfig(env, { dataDir: directory, port: 0, publicUrl: 'http://*' });
  const roles = databaseRoles(database.name);
  const app = { ...testServer(), database: database.name, user: roles.app };
  const connections = { owner: database.connection, app, roles, appPassword: undefined, stop: async () => {} };
  const limits = { readsPerMinute: 100_000, writesPerMinute: 100_000 };
  const root = rootOf(name);
  const kernel = await startKernel(config, { connections, clock, limits, log: SILENT, plugins: [], root });
  return new TestKernel(kernel, clock, database.connection, () => kernel.stop());
}

/** As the command line sees it, on the machine of node one. */
async function onOne<T>(change: (installation: Installation, what: string) => Promise<T>, what: string): Promise<T> {
  const sources = await readSources(owner);
  return change(
    {
      ...{ root: rootOf('one'), sources, found: await discoverPlugins(rootOf('one'), sources, []) },
      migrate: (units) => migrate(database.connection, databaseRoles(database.name), units),
      write: (row) => writeSource(owner, row),
    },
    what,
  );
}

const ask = (node: TestKernel, path: string) => new TestCaller(node, site.host, undefined).get(path);
const answers = async (path: string) =>
  Promise.all([one, two].map(async (node) => (({ status, body }) => body.version ?? status)(await ask(node, path))));
/** Within a bounded wait. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });
const setAside = () => [one, two].map(({ kernel }) => kernel.host.quarantined.get('parrot') ?? 'fine');

beforeAll(async () => {
  house.heard = [];
  house.arrived = () => {};
  house.held = Promise.resolve();
  directory = temporaryDirectory('sources');
  database = await testDatabase();
  owner = new pg.Client(database.connection);
  await owner.connect();
  [one, two] = [await aNode('one'), await aNode('two')];
  site = await one.tenant();
});
afterAll(async () => {
  for (const node of [one, two]) await node[Symbol.asyncDispose]();
  await owner.end();
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

/** Parrot 1.0.0 on both nodes, whatever was before, and switched on in the site; and no notice is on its way. */
async function fresh(): Promise<void> {
  const have = () => [one, two].map(({ kernel }) => kernel.host.loaded.get('parrot')?.plugin.header.version);
  put('parrot', { version: '1.0.0' });
  if (have().some((version) => version)) await onOne(removeSource, 'parrot');
  await soon(have).toEqual([undefined, undefined]);
  await onOne(installSource, 'products/parrot');
  await soon(have).toEqual(['1.0.0', '1.0.0']);
  await site.enable('parrot');
  await soon(() => answers('/api/parrot/version')).toEqual(['1.0.0', '1.0.0']);
  expect(setAside()).toEqual(['fine', 'fine']);
}

test('a plugin that is installed on one node is served by the other', async () => {
  expect(await answers('/api/parrot/version')).toEqual([404, 404]);
  await fresh();
});

test('a new version takes the place of the old one on both', async () => {
  await fresh();
  put('parrot', { version: '2.0.0' });
  expect(await onOne(upgradeSource, 'parrot')).toMatchObject({ version: '2.0.0', directory: 'products/parrot' });
  await soon(() => answers('/api/parrot/version')).toEqual(['2.0.0', '2.0.0']);
});

test(
  'a plugin that is removed answers nowhere and hears nothing; what it kept is there when it is back',
  LONG,
  async () => {
    await fresh();
    house.heard = [];
    const arrived = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    Object.assign(house, { arrived: arrived.resolve, held: held.promise });
    // It has begun before, and tells of it and leaves work afterwards.
    const said = ask(one, '/api/parrot/say');
    await arrived.promise;
    await onOne(removeSource, 'parrot');
    await soon(() => answers('/api/parrot/version')).toEqual([404, 404]);
    held.resolve();
    expect((await said).status).toBe(204);
    for (const node of [one, two]) await node.settle();
    expect(house.heard).toEqual([]);
    await fresh();
    // A run that a node without the plugin was offered waits until the leader looks again, every ten seconds.
    await soon(() => [...house.heard].sort()).toEqual(['event', 'job']);
  },
);

test('a node that starts later has what was installed, and not what was removed', async () => {
  await fresh();
  put('crow', { version: '1.0.0' });
  await onOne(installSource, 'products/crow');
  await onOne(removeSource, 'crow');
  const late = await aNode('two');
  try {
    expect([...late.kernel.host.loaded.keys()]).toEqual(['parrot']);
    expect((await ask(late, '/api/parrot/version')).body).toEqual({ version: '1.0.0' });
  } finally {
    await late[Symbol.asyncDispose]();
  }
});

test('a node that heard no notice catches up when its line to the database is back', async () => {
  await fresh();
  put('parrot', { version: '3.0.0' });
  await owner.query(
    "update kernel.plugin_source set version = '3.0.0', changed_at = clock_timestamp() where id = 'parrot'",
  );
  expect(await answers('/api/parrot/version')).toEqual(['1.0.0', '1.0.0']);
  await owner.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %' and datname = current_database()",
  );
  await soon(() => answers('/api/parrot/version')).toEqual(['3.0.0', '3.0.0']);
});

test('a version that breaks is set aside on both with the reason, and the older one goes on', async () => {
  await fresh();
  put('parrot', `throw new Error('the moon is full');`);
  await writeSource(owner, { id: 'parrot', directory: 'products/parrot', version: '2.0.0', state: 'installed' });
  const reason = '"products/parrot": the moon is full';
  await soon(setAside).toEqual([reason, reason]);
  expect(await answers('/api/parrot/version')).toEqual(['1.0.0', '1.0.0']);
  expect((await ask(two, '/health')).body).toMatchObject({ status: 'ready', setAside: { parrot: reason } });
  const late = await aNode('two');
  expect(late.kernel.host.quarantined.get('parrot')).toBe(reason);
  await late[Symbol.asyncDispose]();
});

test('a node whose disk has only the older version says so and goes on with it, until it is there', async () => {
  await fresh();
  put('parrot', { version: '2.0.0' }, ['one']);
  await onOne(upgradeSource, 'parrot');
  await soon(() => answers('/api/parrot/version')).toEqual(['2.0.0', '1.0.0']);
  await soon(setAside).toEqual(['fine', expect.stringContaining('holds 1.0.0 on this node, and 2.0.0')]);
  put('parrot', { version: '2.0.0' }, ['two']);
  await onOne(upgradeSource, 'parrot');
  await soon(() => answers('/api/parrot/version')).toEqual(['2.0.0', '2.0.0']);
  await soon(setAside).toEqual(['fine', 'fine']);
});

test('a node without the directory says so, and the other serves', async () => {
  put('magpie', { version: '1.0.0' }, ['one']);
  await onOne(installSource, 'products/magpie');
  await soon(() => one.kernel.host.loaded.has('magpie')).toBe(true);
  await soon(() => two.kernel.host.quarantined.get('magpie')).toMatch(
    /^"products\/magpie": nothing lies there on this node; put it there/,
  );
  await onOne(removeSource, 'magpie');
  await soon(() => two.kernel.host.quarantined.has('magpie')).toBe(false);
});

test('plugins that need each other are installed in whatever order they are met, and removed in the right one', async () => {
  put('nest', { version: '1.0.0', provides: 'nest@1' });
  put('chick', { version: '1.0.0', needs: 'nest@1' });
  await expect(onOne(installSource, 'products/chick')).rejects.toMatchObject({ code: 'kernel.plugin_refused' });
  await owner.query('begin');
  for (const id of ['chick', 'nest'])
    await writeSource(owner, { id, directory: `products/${id}`, version: '1.0.0', state: 'installed' });
  await owner.query('commit');
  await soon(() => [one, two].map(({ kernel }) => kernel.host.loaded.has('chick'))).toEqual([true, true]);
  expect([...two.kernel.host.quarantined.keys()]).not.toContain('chick');
  await expect(onOne(removeSource, 'nest')).rejects.toThrow(/chick needs nest/);
  await onOne(removeSource, 'chick');
  await onOne(removeSource, 'nest');
  await soon(() => [one, two].map(({ kernel }) => kernel.host.loaded.has('nest'))).toEqual([false, false]);
});

test.each<[string, Kind | string, RegExp]>([
  ['throws', `throw new Error('the moon is full');`, /the moon is full/],
  ['is unsound', { version: 'two' }, /not a semantic version/],
  ['needs what nobody provides', { version: '1.0.0', needs: 'sea@1' }, /sea@1/],
])('a plugin that %s is refused before any node hears of it', async (_what, kind, why) => {
  put('gull', kind);
  await expect(onOne(installSource, 'products/gull')).rejects.toThrow(why);
  await expect(onOne(removeSource, 'gull')).rejects.toMatchObject({ code: 'kernel.plugin_missing' });
  expect((await readSources(owner)).map(({ id }) => id)).not.toContain('gull');
});

test('what the command line takes for the kernel’s services is what a kernel offers', () => {
  expect(new Set(one.kernel.runtime.kernelServices.keys())).toEqual(KERNEL_SERVICES);
});
