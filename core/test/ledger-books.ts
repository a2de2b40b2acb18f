// A ledger of a test's own: a migrated database, nodes on it, and books with a few words for what people do in them.
import { newId, Problem } from '@plinth/sdk';
import type { Balance, Post, Statement } from '@plinth/sdk/services/ledger.ts';
import pg from 'pg';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { databaseRoles } from '../database/roles.ts';
import { createLedger, type LedgerApi, type LedgerDeps } from '../ledger/ledger.ts';
import { KERNEL } from '../ledger/names.ts';
import { TestClock } from '../testing/clock.ts';
import { type Connection, createTemplate, testDatabase } from '../testing/database.ts';

const roles = databaseRoles('ledger_test');

export async function migrateBooks(connection: Connection): Promise<void> {
  const unit = (room: string, schema: string) => ({
    id: `kernel/${room}`,
    schema,
    folder: new URL(`../${room}/migrations/`, import.meta.url),
  });
  await migrate(connection, roles, [unit('tenancy', 'kernel'), unit('events', 'kernel'), unit('ledger', 'ledger')]);
}

/** One process's ledger. */
export function openNode(connection: Connection, deps: Partial<LedgerDeps> = {}) {
  const database = new Database({ ...connection, user: roles.app }, roles);
  const clock = new TestClock();
  const ledger = createLedger({ database, clock, ...deps });
  return {
    database,
    clock,
    ledger,
    async close() {
      await ledger.drain?.();
      await ledger.stop?.();
      await database.close();
    },
  };
}

export async function aLibrary(deps?: Partial<LedgerDeps>) {
  const place = await testDatabase(await createTemplate('ledger', migrateBooks));
  const node = openNode(place.connection, deps);
  const owner = new pg.Pool({ ...place.connection, max: 2 });
  owner.on('error', () => {});
  return {
    ...node,
    connection: place.connection,
    /** SQL as the superuser, whom nothing holds back. */
    owner: async (sql: string, values?: unknown[]) => (await owner.query(sql, values)).rows,
    /** Does several things while a book is locked from outside, so that they meet in one batch when it is free again. */
    async together<T>(tenantId: string, ask: () => Promise<T>[]): Promise<T[]> {
      const client = await owner.connect();
      await client.query('begin');
      await client.query('select from ledger.book where tenant_id = $1 for update', [tenantId]);
      const who = { tenantId, party: KERNEL };
      const first = node.ledger.post(who, {
        key: newId(),
        transfers: [{ from: 'source:mint', to: 'platform:gate', currency: 'coin', minor: 1 }],
      });
      await new Promise((resolve) => setImmediate(resolve));
      const asked = ask();
      // What they read beforehand goes through the pool that this goes through.
      for (let count = 0; count < 5; count++) await node.ledger.balances(who, 'person:nobody');
      await client.query('rollback');
      client.release();
      await first;
      return Promise.all(asked);
    },
    async close() {
      await node.close();
      await owner.end();
      await place.drop();
    },
  };
}

export type Library = Awaited<ReturnType<typeof aLibrary>>;

/** A tenant's book, used in the name of the kernel or of a plugin. */
export function aBook(ledger: LedgerApi, { tenantId = newId(), party = KERNEL, currency = 'coin' } = {}) {
  const who = { tenantId, party };
  return {
    who,
    tenantId,
    /** Keys are made up unless given. */
    post: (transfers: Post['transfers'], more: Partial<Post> = {}) =>
      ledger.post(who, { key: newId(), transfers, ...more }),
    move: (from: string, to: string, minor: number, more: Partial<Post> = {}) =>
      ledger.post(who, { key: newId(), transfers: [{ from, to, currency, minor }], ...more }),
    hold: (from: string, minor: number, more: object = {}) =>
      ledger.hold(who, { key: newId(), from, currency, minor, expires: '15m', ...more }),
    capture: (hold: string, to: Record<string, number>, more: object = {}) =>
      ledger.capture(who, {
        key: newId(),
        hold,
        to: Object.entries(to).map(([account, minor]) => ({ account, minor })),
        ...more,
      }),
    release: (hold: string, more: object = {}) => ledger.release(who, { key: newId(), hold, ...more }),
    reverse: (post: number, more: object = {}) => ledger.reverse(who, { key: newId(), post, ...more }),
    balance: (account: string, at?: Date): Promise<Balance> =>
      ledger.balance(who, { account, currency, ...(at ? { at: at.toISOString() } : {}) }),
    /** Spendable minor units. */
    has: async (account: string) => (await ledger.balance(who, { account, currency })).minor,
    statement: (account: string, more: object = {}): Promise<Statement> =>
      ledger.statement(who, { account, currency, ...more }),
    verify: () => ledger.verify(tenantId),
  };
}

/** The code of a refusal, or what came instead. */
export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { answered: await promise };
  } catch (error) {
    return error instanceof Problem ? error.code.replace('kernel.', '') : error;
  }
}
