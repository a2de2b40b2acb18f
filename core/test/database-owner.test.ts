import { rmSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { loadConfig } from '../config.ts';
import { startKernel } from '../kernel.ts';
import { SILENT } from '../telemetry/log.ts';
import { testServer } from '../testing/database.ts';
import { temporaryDirectory } from '../testing/directory.ts';

// What a managed PostgreSQL gives: a role that owns one database and may create roles, but is no superuser.
const OWNER = 'test_plain_owner';

let dataDir: string;
beforeAll(async () => {
  dataDir = temporaryDirectory('owner');
  await asSuperuser(`create role ${OWNER} login createrole`);
  await asSuperuser(`create database ${OWNER} owner ${OWNER}`);
});
afterAll(async () => {
  await asSuperuser(`drop database ${OWNER} with (force)`);
  rmSync(dataDir, { recursive: true });
});

const start = () => {
  const { host } = testServer();
  const url = `postgres://${OWNER}@localhost/${OWNER}?host=${encodeURIComponent(host)}`;
  const env = { PLINTH_MODE: 'test', DATABASE_URL: url, PLINTH_SECRET: 'a secret that is long enough for tests' };
  return startKernel(loadConfig(env, { dataDir, port: 0 }), { plugins: [tipJar], log: SILENT });
};

test('a kernel lives in a database whose owner is no superuser: first start, second start, removal of a plugin', async () => {
  const first = await start();
  expect([...first.host.quarantined]).toEqual([]);
  await first.tenancy.create({ slug: 'stays', name: 'Stays' });
  await first.stop();

  const second = await start();
  expect([...second.host.quarantined]).toEqual([]);
  expect((await second.tenancy.list()).map(({ facts }) => facts.slug)).toEqual(['stays']);
  await second.host.drop('tip-jar');
  await second.stop();
}, 60_000);

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client(testServer());
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
