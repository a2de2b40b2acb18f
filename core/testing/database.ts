// Databases of a test's own, cloned from a template that is migrated once per run.
import pg from 'pg';

/** What `pg` needs to reach a database as the superuser of the run's server. */
export interface Connection {
  host: string;
  user: string;
  database: string;
}

export interface TestDatabase {
  name: string;
  connection: Connection;
  drop(): Promise<void>;
}

export type Migrate = (connection: Connection) => Promise<void>;

/** The server that the run's global set-up started. */
export function testServer(): Connection {
  const told = process.env.TEST_POSTGRES;
  if (!told)
    throw new Error('No test database: run this under vitest, which starts one in core/testing/global-setup.ts.');
  return JSON.parse(told) as Connection;
}

/**
 * Migrates a database called `template_<key>` once per run, whichever worker comes first.
 * Give the key a hash of what `migrate` does if tests in one run differ in it.
 */
export async function createTemplate(key: string, migrate: Migrate): Promise<string> {
  const template = `template_${key}`;
  await asOwner(async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [template]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template]);
    if (rowCount) return;
    const half = `${template}_half`;
    await client.query(`drop database if exists ${quote(half)} with (force)`);
    await client.query(`create database ${quote(half)}`);
    await migrate({ ...testServer(), database: half });
    await client.query(`alter database ${quote(half)} rename to ${quote(template)}`);
  });
  return template;
}

/** A fresh database: empty, or a copy of a template that `createTemplate` made. */
export async function testDatabase(template = 'template1'): Promise<TestDatabase> {
  const name = `test_${process.pid}_${count++}`;
  await asOwner((client) => client.query(`create database ${quote(name)} template ${quote(template)}`));
  return {
    name,
    connection: { ...testServer(), database: name },
    drop: () =>
      asOwner(async (client) => void (await client.query(`drop database if exists ${quote(name)} with (force)`))),
  };
}

let count = 0;

async function asOwner<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(testServer());
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const quote = (identifier: string) => pg.escapeIdentifier(identifier);
