import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { backUp } from '../database/backup.ts';
import { restore } from '../database/restore.ts';
import { databaseRoles } from '../database/roles.ts';
import { kernelMigrations } from '../kernel.ts';
import { pluginUnits } from '../plugins/plugin-units.ts';
import { openDiskDriver } from '../storage/disk-driver.ts';
import { testDatabase, testServer } from '../testing/database.ts';
import { createTestKernel, type TestKernel } from '../testing/kernel.ts';

const plugins = [tipJar];
const units = [...kernelMigrations(), ...plugins.flatMap(pluginUnits)];
const SECRET = 'a secret that is long enough for tests';
const roles = databaseRoles('plinth_test');

let directory: string;
let file: string;
let before: TestKernel;
let facts: Awaited<ReturnType<typeof aLivelySite>>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plinth-backup-'));
  file = join(directory, 'backup');
  before = await createTestKernel({ plugins, config: { dataDir: join(directory, 'before') } });
  facts = await aLivelySite();
  const driver = openDiskDriver(join(directory, 'before', 'objects'));
  const deps = { owner: before.owner, driver, secret: SECRET, kernel: '1.0.0', now: before.clock.now() };
  await pipeline(backUp(deps), createWriteStream(file));
});
afterAll(async () => {
  await before[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function aLivelySite() {
  const site = await before.tenant({ slug: 'lively' });
  const owner = await site.person({ roles: ['owner'] });
  const giver = await site.person();
  const jar = await owner.post<{ id: string }>('/api/tip-jar/jars', { title: 'Strings\twith\nodd \\ letters' });
  await giver.post('/api/tip-jar/welcome');
  await giver.post(`/api/tip-jar/jars/${jar.body.id}/tips`, { points: 30 });
  await before.settle();
  // Told, and not yet heard by anybody.
  await giver.post(`/api/tip-jar/jars/${jar.body.id}/tips`, { points: 12 });
  const { storage } = before.kernel;
  const object = await storage.put(site.id, [Buffer.from('a picture')] as never, { plugin: 'tip-jar' });
  const suspended = await before.tenant({ slug: 'quiet' });
  return { siteId: site.id, giver: giver.email, jarId: jar.body.id, objectId: object.id, suspended: suspended.id };
}

const bytes = (path = file) =>
  (async function* () {
    const all = readFileSync(path);
    for (let at = 0; at < all.length; at += 1_000) yield all.subarray(at, at + 1_000);
  })();

async function emptyDatabase() {
  const database = await testDatabase();
  const dataDir = mkdtempSync(join(directory, 'after-'));
  const driver = openDiskDriver(join(dataDir, 'objects'));
  const owner = database.connection;
  const run = (from = bytes(), over: object = {}) =>
    restore({ owner, roles, appPassword: undefined, units, driver, secret: SECRET, ...over }, from);
  return { database, dataDir, run };
}

async function schemasOf(owner: pg.ClientConfig): Promise<string[]> {
  const client = new pg.Client(owner);
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    "select nspname as name from pg_namespace where nspname in ('kernel', 'ledger', 'tip_jar')",
  );
  await client.end();
  return rows.map(({ name }) => name);
}

async function asSuperuser(statements: string): Promise<void> {
  const client = new pg.Client(testServer());
  await client.connect();
  await client.query(statements).finally(() => client.end());
}

describe('a backup', () => {
  test('put into an empty database is the same Plinth: people, jars, points, files, and the chain of the ledger', async () => {
    const { database, dataDir, run } = await emptyDatabase();
    const restored = await run();
    expect(restored).toMatchObject({ objects: 1, missing: 0, otherSecret: false });
    await using after = await createTestKernel({ plugins, database, config: { dataDir } });
    const site = after.site(facts.siteId, 'lively.localhost');
    const giver = await site.signIn(facts.giver);
    expect(giver).toEqual(expect.any(String));
    const jar = async () => (await site.anyone().get(`/api/tip-jar/jars/${facts.jarId}`)).body;
    expect(await jar()).toMatchObject({ title: 'Strings\twith\nodd \\ letters', points: 42 });
    const [was, is] = await Promise.all([before.kernel.ledger.verify(), after.kernel.ledger.verify()]);
    expect(is).toEqual(was);
    expect(is.broken).toBeUndefined();
    const file = await after.kernel.storage.read(facts.siteId, facts.objectId);
    expect(Buffer.concat(await file.toArray()).toString()).toBe('a picture');
    // What had been told is heard now, and what is told from now on too.
    await after.settle();
    const settled = `select 1 from tip_jar.document where collection = 'tips' and value ->> 'state' = 'settled'`;
    expect(await after.count(settled)).toBe(2);
    const fan = await site.person({ email: 'fan@lively.example' });
    await fan.post('/api/tip-jar/welcome');
    await fan.post(`/api/tip-jar/jars/${facts.jarId}/tips`, { points: 1 });
    await after.settle();
    expect(await after.count(settled)).toBe(3);
    expect((await after.kernel.ledger.verify()).broken).toBeUndefined();
  });

  test('leaves every wall standing', async () => {
    const { database, run } = await emptyDatabase();
    await run();
    const walls = async (owner: pg.ClientConfig) => {
      const client = new pg.Client(owner);
      await client.connect();
      const { rows } = await client.query(
        `select c.oid::regclass::text as name, relforcerowsecurity, array(select conname::text || pg_get_constraintdef(oid)
           from pg_constraint where conrelid = c.oid order by 1) as constraints,
           array(select tgname::text || tgenabled::text from pg_trigger where tgrelid = c.oid and not tgisinternal order by 1) as triggers
         from pg_class c join pg_namespace n on n.oid = relnamespace
         where nspname in ('kernel', 'ledger', 'tip_jar') and relkind = 'r' order by 1`,
      );
      await client.end();
      return rows;
    };
    expect(await walls(database.connection)).toEqual(await walls(before.owner));
    await database.drop();
  });

  test('is not put over anything', async () => {
    const { database, run } = await emptyDatabase();
    await run();
    await expect(run()).rejects.toThrow(/Plinth in this database already/);
    expect(await schemasOf(database.connection)).toHaveLength(3);
    await database.drop();
  });

  test('that is damaged or cut off anywhere leaves the database empty', async () => {
    const { database, run } = await emptyDatabase();
    const whole = readFileSync(file);
    const broken = join(directory, 'broken');
    const at = whole.indexOf('Strings');
    const damaged = Buffer.from(whole);
    damaged.write('strings', at);
    for (const content of [damaged, whole.subarray(0, at), whole.subarray(0, -40)]) {
      writeFileSync(broken, content);
      await expect(run(bytes(broken))).rejects.toThrow(/damaged|cut off/);
      expect(await schemasOf(database.connection)).toEqual([]);
    }
    await database.drop();
  });

  test('of a newer Plinth, or with a plugin that is not here, is refused in words', async () => {
    const { database, run } = await emptyDatabase();
    await expect(run(bytes(), { units: kernelMigrations() })).rejects.toThrow(/newer than what is here.*the plugin/);
    const older = kernelMigrations().filter(({ id }) => id !== 'kernel/notices');
    await expect(run(bytes(), { units: older })).rejects.toThrow(/made by 1.0.0/);
    await expect(run(Buffer.from('no backup') as never)).rejects.toThrow();
    expect(await schemasOf(database.connection)).toEqual([]);
    await database.drop();
  });

  test('of an older Plinth is brought up to date with its rows', async () => {
    const { database, run } = await emptyDatabase();
    const folder = join(directory, 'later');
    mkdirSync(folder);
    writeFileSync(
      join(folder, '0001_later.sql'),
      'create table later as select id as tenant_id, name from kernel.tenant; alter table later alter tenant_id set not null;',
    );
    const later = { id: 'later', schema: 'later', folder: new URL(`file://${folder}/`) };
    await run(bytes(), { units: [...units, later] });
    const client = new pg.Client(database.connection);
    await client.connect();
    expect((await client.query('select from later.later')).rowCount).toBe(2);
    await client.end();
    await database.drop();
  });

  test('is made and put back by an owner who is no superuser', async () => {
    const database = await testDatabase();
    const plain = `${database.name}_owner`;
    await asSuperuser(`create role "${plain}" login createrole`);
    await asSuperuser(`alter database "${database.name}" owner to "${plain}"`);
    const owner = { ...database.connection, user: plain };
    const driver = openDiskDriver(join(directory, 'plain'));
    const mine = { owner, roles: databaseRoles(database.name), appPassword: undefined, units, driver, secret: SECRET };
    const { rows } = await restore(mine, bytes());
    const again = { owner, driver, secret: SECRET, kernel: '1.0.0', now: before.clock.now() };
    await pipeline(backUp(again), createWriteStream(join(directory, 'again')));
    const next = await emptyDatabase();
    expect(await next.run(bytes(join(directory, 'again')))).toMatchObject({ rows, objects: 1 });
    await next.database.drop();
    await database.drop();
  });

  test('tells when the secret is another one', async () => {
    const { database, run } = await emptyDatabase();
    expect(await run(bytes(), { secret: 'another secret that is long enough' })).toMatchObject({ otherSecret: true });
    await database.drop();
  });
});
