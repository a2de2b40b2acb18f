import pg from 'pg';
import { expect, test } from 'vitest';
import { type Connection, createTemplate, testDatabase } from '../testing/database.ts';

async function ask(connection: Connection, sql: string) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a template is migrated once, and each test gets a copy of its own', async () => {
  let migrations = 0;
  const migrate = async (connection: Connection) => {
    migrations++;
    await ask(connection, 'create table note (body text)');
  };
  const [template] = await Promise.all([createTemplate('notes', migrate), createTemplate('notes', migrate)]);
  const [one, two] = await Promise.all([testDatabase(template), testDatabase(template)]);
  await ask(one.connection, `insert into note values ('mine')`);

  expect(migrations).toBe(1);
  expect(await ask(two.connection, 'select * from note')).toEqual([]);
  await one.drop();
  await two.drop();
  await expect(ask(one.connection, 'select 1')).rejects.toThrow('does not exist');
});
