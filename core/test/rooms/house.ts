// A migrated database with two tenants and a plugin's table, for rooms that are tested before they are composed.
import type { Log } from '@plinth/sdk';
import pg from 'pg';
import { Database } from '../../database/database.ts';
import { migrate, pluginMigrations } from '../../database/migrate.ts';
import { databaseRoles } from '../../database/roles.ts';
import type { Handled } from '../../events/inbox.ts';
import { markHandled } from '../../events/inbox.ts';
import { type Fact, writeOutbox } from '../../events/outbox.ts';
import { type Connection, createTemplate, type TestDatabase, testDatabase } from '../../testing/database.ts';

export const ADA = '0192f000-0000-7000-8000-00000000000a';
export const BOB = '0192f000-0000-7000-8000-00000000000b';
export const PLUGIN = 'meter';

const roles = databaseRoles('plinth_rooms');
const unit = (room: string) => ({
  id: `kernel/${room}`,
  schema: 'kernel',
  folder: new URL(`../../${room}/migrations/`, import.meta.url),
});

export interface House {
  readonly place: TestDatabase;
  readonly database: Database;
  /** What was logged, as `event` names. */
  readonly logged: string[];
  readonly log: Log;
  /** Writes events in one transaction of a plugin. */
  emit(...facts: (Partial<Fact> & { event: string })[]): Promise<void>;
  /** The effect of a handler, committed with its mark in the inbox. False: it had been committed before. */
  apply(handled: Handled & { cause?: string }): Promise<boolean>;
  /** The causes of all committed effects. */
  effects(): Promise<string[]>;
  owner(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function aHouse(): Promise<House> {
  const place = await testDatabase(await createTemplate('rooms', build));
  return openHouse(place.connection, place);
}

/** Makes the tables, the tenants and the plugin. */
export async function build(connection: pg.ClientConfig): Promise<void> {
  const plugin = pluginMigrations(PLUGIN, new URL('./migrations/', import.meta.url));
  await migrate(connection, roles, [unit('tenancy'), unit('events'), unit('jobs'), unit('work'), plugin]);
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(`insert into kernel.tenant (id, slug, name) values ($1, 'ada', 'Ada TV'), ($2, 'bob', 'Bob TV')`, [
    ADA,
    BOB,
  ]);
  await client.end();
}

/** A house that is there already, as one of its nodes sees it. */
export function openHouse(connection: Connection, place: TestDatabase = notOurs(connection)): House {
  const database = new Database({ ...connection, user: roles.app }, roles);
  const owner = new pg.Pool({ ...connection, max: 2 });
  owner.on('error', () => {});
  const logged: string[] = [];
  const note = (event: string, fields?: unknown) => {
    logged.push(event);
    if (process.env.SHOW_LOG) process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
  };
  return {
    place,
    database,
    logged,
    log: { debug: process.env.SHOW_LOG ? note : () => {}, info: note, warn: note, error: note },
    emit: (...facts) =>
      database.plugin(PLUGIN, facts[0]?.tenantId ?? ADA, (_tx, client) =>
        writeOutbox(
          client,
          facts.map((fact) => ({ tenantId: ADA, payload: {}, ...fact })),
        ),
      ),
    apply: (handled) =>
      database
        .plugin(PLUGIN, handled.tenantId, async (_tx, client) => {
          if (!(await markHandled(client, handled))) throw TWICE;
          await client.query('insert into meter.effect (tenant_id, cause) values ($1, $2)', [
            handled.tenantId,
            handled.cause ?? handled.eventId,
          ]);
          return true;
        })
        .catch((error: unknown) => {
          if (error === TWICE) return false;
          throw error;
        }),
    effects: async () =>
      (await owner.query('select cause from meter.effect order by id')).rows.map((row) => String(row.cause)),
    owner: async (sql, values) => (await owner.query(sql, values)).rows,
    close: async () => {
      await database.close();
      await owner.end();
      await place.drop();
    },
  };
}

const notOurs = (connection: Connection): TestDatabase => ({
  name: connection.database,
  connection,
  drop: async () => {},
});

const TWICE = Symbol('twice');
