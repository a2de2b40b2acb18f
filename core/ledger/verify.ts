// Reads books from the first entry and recomputes all that is derived: chain, balances, limits, holds, sums.
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { firstHash, nextHash, type Recorded } from './chain.ts';
import { floorOf } from './names.ts';
import { readRows } from './read-rows.ts';

export interface Verdict {
  readonly books: number;
  readonly entries: number;
  /** The first thing found wrong; absent when every book is whole. */
  readonly broken?: { readonly tenantId: string; readonly entry?: number; readonly reason: string };
}

/** @example const { broken } = await verifyBooks(database); */
export async function verifyBooks(database: Database, tenantId?: string): Promise<Verdict> {
  const books = await readRows<{ id: string }>(
    database,
    'select tenant_id as id from ledger.book where $1::uuid is null or tenant_id = $1 order by tenant_id',
    [tenantId],
  );
  let entries = 0;
  for (const [index, { id }] of books.entries()) {
    try {
      entries += await database.ledger(async (_tx, client) => {
        // One snapshot, so that a book that is written to meanwhile stands still here.
        await client.query('set transaction isolation level repeatable read');
        return verifyBook(client, id);
      }, 'read');
    } catch (error) {
      if (!(error instanceof Break)) throw error;
      const { entry, message: reason } = error;
      return { books: index + 1, entries, broken: { tenantId: id, reason, ...(entry === undefined ? {} : { entry }) } };
    }
  }
  return { books: books.length, entries };
}

class Break extends Error {
  readonly entry: number | undefined;

  constructor(reason: string, entry?: number) {
    super(reason);
    this.entry = entry;
  }
}

const PAGE = 5_000;

interface Account {
  readonly number: string;
  readonly currency: string;
  readonly name: string;
  readonly floor: bigint;
  balance: bigint;
}

interface Reading {
  readonly accounts: ReadonlyMap<string, Account>;
  /** What is left of the holds that were not settled yet. */
  readonly holds: Map<string, bigint>;
  seq: number;
  at: number;
  hash: string;
}

async function verifyBook(client: pg.PoolClient, tenantId: string): Promise<number> {
  const accounts = await readAccounts(client, tenantId);
  const reading: Reading = { accounts, holds: new Map(), seq: 0, at: 0, hash: firstHash(tenantId) };
  for (;;) {
    const { rows } = await client.query<Row>(ENTRIES, [tenantId, reading.seq, PAGE]);
    for (const row of rows) verifyEntry(reading, row);
    if (rows.length < PAGE) break;
  }
  await verifyEnd(client, tenantId, reading);
  return reading.seq;
}

async function readAccounts(client: pg.PoolClient, tenantId: string): Promise<Map<string, Account>> {
  const { rows } = await client.query<Pick<Account, 'number' | 'currency' | 'name'>>(
    'select number, currency, name from ledger.account where tenant_id = $1',
    [tenantId],
  );
  return new Map(rows.map((row) => [row.number, { ...row, floor: floorOf(row.name), balance: 0n }]));
}

interface Row extends Recorded {
  from: string;
  to: string;
  hash: string;
}

const ENTRIES = `select seq, post, kind, minor, from_balance as "fromBalance", to_balance as "toBalance",
    (extract(epoch from at) * 1000)::bigint as at, hold, reverses, key, ref, memo,
    from_account as from, to_account as to, encode(hash, 'hex') as hash
  from ledger.transfer where tenant_id = $1 and seq > $2 order by seq limit $3`;

function verifyEntry(reading: Reading, row: Row): void {
  const seq = Number(row.seq);
  const broken = (reason: string) => new Break(reason, seq);
  if (seq !== reading.seq + 1) throw broken(`Entry ${reading.seq + 1} is missing.`);
  const from = reading.accounts.get(row.from);
  const to = reading.accounts.get(row.to);
  if (!from || !to) throw broken('It names an account that is not there.');
  if (from.currency !== to.currency) throw broken('It moves between two currencies.');
  const expected = nextHash(reading.hash, row, from.currency, from.name, to.name);
  if (expected !== row.hash) throw broken('Its hash does not fit what it says and what was before it.');
  const minor = BigInt(row.minor);
  from.balance -= minor;
  to.balance += minor;
  const same = from.balance === BigInt(row.fromBalance) && to.balance === BigInt(row.toBalance);
  if (!same) throw broken('The balances after it do not add up.');
  if (from.balance < from.floor) throw broken(`It takes ${from.name} below its floor.`);
  if (Number(row.at) < reading.at) throw broken('It is older than the entry before it.');
  verifyHold(reading.holds, row, minor, broken);
  Object.assign(reading, { seq, at: Number(row.at), hash: row.hash });
}

/** A hold is opened once and settled once, to the last unit: what is settled twice is not there any more. */
function verifyHold(
  holds: Map<string, bigint>,
  { hold, kind }: Row,
  minor: bigint,
  broken: (reason: string) => Break,
): void {
  if (!hold) return;
  if (kind === 'hold') {
    holds.set(hold, minor);
    return;
  }
  const left = (holds.get(hold) ?? 0n) - minor;
  if (left < 0n) throw broken('It settles a hold that is settled already.');
  if (left === 0n) holds.delete(hold);
  else holds.set(hold, left);
}

/** What the tables say now against what the entries make. */
async function verifyEnd(
  client: pg.PoolClient,
  tenantId: string,
  { accounts, holds, seq, hash }: Reading,
): Promise<void> {
  const { rows: books } = await client.query<{ seq: string; hash: string | null }>(
    `select seq, encode(hash, 'hex') as hash from ledger.book where tenant_id = $1`,
    [tenantId],
  );
  const [book] = books;
  if (Number(book?.seq) !== seq || (book?.hash ?? firstHash(tenantId)) !== hash) {
    throw new Break(`The book should end with entry ${book?.seq}, but ends with ${seq}.`, seq);
  }
  const sums = new Map<string, bigint>();
  for (const { currency, balance } of accounts.values()) sums.set(currency, (sums.get(currency) ?? 0n) + balance);
  for (const [currency, sum] of sums) if (sum !== 0n) throw new Break(`${currency} adds up to ${sum}.`);
  const { rows: open } = await client.query<{ id: string; minor: string }>(
    `select id, minor from ledger.hold where tenant_id = $1 and state = 'open'`,
    [tenantId],
  );
  for (const { id, minor } of open) {
    if (holds.get(id) !== BigInt(minor)) throw new Break(`Hold ${id} is open, but its money is not there.`);
  }
  if (holds.size !== open.length) throw new Break('A hold is settled, but its money is still held.');
}
