// How books go to and from their tables: one statement per table for a whole batch.
import type pg from 'pg';
import {
  type Account,
  accountKey,
  type Book,
  type Command,
  type Entry,
  emptyBook,
  type Known,
  nothingKnown,
} from './book.ts';
import type { Send } from './pipeline.ts';

/** The commands of a batch for one book. */
export interface Group {
  readonly tenantId: string;
  readonly commands: readonly Command[];
}

/** What a batch changes in one book. */
export interface Change {
  readonly book: Book;
  readonly entries: Entry[];
  readonly opened: Account[];
  readonly holds: { id: string; account: Account; minor: bigint; expiresAt: number }[];
  readonly settled: { id: string; state: string }[];
}

/** Everybody takes the books in this order, so no two batches wait for each other. */
export function lockBooks(send: Send, tenantIds: readonly string[]): Promise<pg.QueryResult<BookRow>> {
  return send({
    name: 'ledger-lock',
    text: `select tenant_id, seq, encode(hash, 'hex') as hash, ${MS('at')} as at, opened
      from ledger.book where tenant_id = any($1::uuid[]) order by tenant_id for update`,
    values: [tenantIds],
  });
}

const MS = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`;

interface BookRow {
  tenant_id: string;
  seq: string;
  hash: string | null;
  at: string;
  opened: number;
}

/** The books a process remembers, and how many accounts it read into them. */
export interface Remembered {
  readonly books: Map<string, Book>;
  read: number;
}

/** Locks and reads all that the groups may touch. A book somebody else went on with replaces the one in `store`. */
export async function readBooks(send: Send, groups: readonly Group[], store: Remembered): Promise<Map<string, Known>> {
  const { books } = store;
  const tenantIds = groups.map((group) => group.tenantId);
  if (tenantIds.some((id) => !books.has(id))) {
    send({
      text: 'insert into ledger.book (tenant_id) select unnest($1::uuid[]) on conflict do nothing',
      values: [tenantIds],
    });
  }
  // Statements see what was committed when they began, so these, behind the lock, see all that was done before us.
  const answers = [
    lockBooks(send, tenantIds),
    readKeys(send, groups),
    readAccounts(send, groups),
    readHolds(send, groups),
    readReversed(send, groups),
  ] as const;
  const [locked, keys, accounts, holds, reversed] = await Promise.all(answers);
  for (const row of locked.rows) replaceIfStale(books, row);
  store.read += accounts.rows.length;
  for (const row of accounts.rows) {
    const account = books.get(row.tenant_id)?.accounts;
    const balance = BigInt(row.balance);
    account?.set(accountKey(row.currency, row.name), { ...row, floor: BigInt(row.floor), balance });
  }
  const known = new Map(tenantIds.map((id) => [id, nothingKnown()]));
  for (const row of keys.rows) {
    const done = { post: Number(row.seq), at: Number(row.at), hold: row.hold ?? undefined };
    known.get(row.tenant_id)?.keys.set(row.key, { digest: row.digest, done });
  }
  for (const row of holds?.rows ?? []) {
    known.get(row.tenant_id)?.holds.set(row.id, { open: row.state === 'open', expiresAt: Number(row.expires_at) });
  }
  for (const row of reversed?.rows ?? []) known.get(row.tenant_id)?.reversed.add(Number(row.reverses));
  return known;
}

function replaceIfStale(books: Map<string, Book>, row: BookRow): void {
  const seq = Number(row.seq);
  const mine = books.get(row.tenant_id);
  if (mine && mine.seq === seq && seq > 0) return;
  const fresh = emptyBook(row.tenant_id);
  books.set(row.tenant_id, { ...fresh, seq, hash: row.hash ?? fresh.hash, at: Number(row.at), opened: row.opened });
}

function readKeys(send: Send, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) => commands.map(({ key }) => [tenantId, key]));
  return send<{ tenant_id: string; key: string; digest: string; seq: string; at: string; hold: string | null }>({
    name: 'ledger-keys',
    text: `select tenant_id, key, encode(digest, 'hex') as digest, seq, ${MS('at')} as at, hold
      from ledger.transfer join unnest($1::uuid[], $2::text[]) as wanted (tenant_id, key) using (tenant_id, key)`,
    values: columns(wanted, 2),
  });
}

function readAccounts(send: Send, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) => {
    const names = new Map<string, string[]>();
    for (const { currency, from, to } of commands.flatMap((command) => command.legs)) {
      for (const name of [from, to]) names.set(accountKey(currency, name), [tenantId, currency, name]);
    }
    return [...names.values()];
  });
  return send<{ tenant_id: string; number: number; currency: string; name: string; floor: string; balance: string }>({
    name: 'ledger-accounts',
    text: `select tenant_id, number, currency, name, floor, balance
      from ledger.account join unnest($1::uuid[], $2::text[], $3::text[]) as wanted (tenant_id, currency, name)
        using (tenant_id, currency, name)`,
    values: columns(wanted, 3),
  });
}

function readHolds(send: Send, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) =>
    commands.flatMap(({ settlesHold }) => (settlesHold === undefined ? [] : [[tenantId, settlesHold]])),
  );
  if (wanted.length === 0) return undefined;
  return send<{ tenant_id: string; id: string; state: string; expires_at: string }>({
    name: 'ledger-holds',
    text: `select tenant_id, id, state, ${MS('expires_at')} as expires_at
      from ledger.hold join unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id) using (tenant_id, id)`,
    values: columns(wanted, 2),
  });
}

function readReversed(send: Send, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) =>
    commands.flatMap(({ reverses }) => (reverses === undefined ? [] : [[tenantId, reverses]])),
  );
  if (wanted.length === 0) return undefined;
  return send<{ tenant_id: string; reverses: string }>({
    name: 'ledger-reversed',
    text: `select tenant_id, reverses
      from ledger.transfer join unnest($1::uuid[], $2::bigint[]) as wanted (tenant_id, reverses) using (tenant_id, reverses)`,
    values: columns(wanted, 2),
  });
}

/** Writes what was decided. Nothing is awaited: the transaction's end tells of errors. */
export function writeChanges(send: Send, changes: readonly Change[]): void {
  const opened = changes.flatMap((change) =>
    change.opened.map((account) => ({ tenantId: change.book.tenantId, account })),
  );
  if (opened.length > 0) {
    send({
      name: 'ledger-open',
      text: `insert into ledger.account (tenant_id, number, currency, name, floor, balance)
        select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])`,
      values: columns(
        opened.map(({ tenantId, account: { number, currency, name, floor, balance } }) => [
          tenantId,
          number,
          currency,
          name,
          floor,
          balance,
        ]),
        6,
      ),
    });
  }
  insertTransfers(send, changes);
  updateBalances(send, changes);
  send({
    name: 'ledger-books',
    text: `update ledger.book set seq = now.seq, hash = now.hash, at = now.at, opened = now.opened
      from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::int[]) as now (tenant_id, seq, hash, at, opened)
      where book.tenant_id = now.tenant_id`,
    values: columns(
      changes.map(({ book }) => [book.tenantId, book.seq, bytes(book.hash), iso(book.at), book.opened]),
      5,
    ),
  });
  writeHolds(send, changes);
}

function insertTransfers(send: Send, changes: readonly Change[]): void {
  const rows: string[][] = Array.from({ length: 17 }, () => []);
  for (const { book, entries } of changes) {
    for (const entry of entries) {
      const { fromAccount, toAccount, digest } = entry;
      const row = [
        book.tenantId,
        entry.seq,
        entry.post,
        entry.minor,
        entry.fromBalance,
        entry.toBalance,
        iso(entry.at),
        entry.reverses ?? NULL,
        fromAccount.number,
        toAccount.number,
        entry.hold ?? NULL,
        entry.kind,
        text(entry.key),
        digest === undefined ? NULL : hex(digest),
        text(entry.ref),
        text(entry.memo),
        hex(entry.hash),
      ];
      for (let index = 0; index < row.length; index++) rows[index]?.push(String(row[index]));
    }
  }
  send({
    name: 'ledger-transfers',
    text: `insert into ledger.transfer (tenant_id, seq, post, minor, from_balance, to_balance, at,
        reverses, from_account, to_account, hold, kind, key, digest, ref, memo, hash)
      select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[],
        $8::bigint[], $9::int[], $10::int[], $11::uuid[], $12::text[], $13::text[], $14::bytea[], $15::text[], $16::text[], $17::bytea[])`,
    values: rows.map((column) => `{${column.join()}}`),
  });
}

function updateBalances(send: Send, changes: readonly Change[]): void {
  const tenants: string[] = [];
  const numbers: number[] = [];
  const balances: bigint[] = [];
  for (const { book, entries, opened } of changes) {
    const touched = new Set<Account>();
    for (const { fromAccount, toAccount } of entries) touched.add(fromAccount).add(toAccount);
    for (const account of opened) touched.delete(account);
    for (const account of touched) {
      tenants.push(book.tenantId);
      numbers.push(account.number);
      balances.push(account.balance);
    }
  }
  if (numbers.length === 0) return;
  send({
    name: 'ledger-balances',
    text: `update ledger.account set balance = now.balance
      from unnest($1::uuid[], $2::int[], $3::bigint[]) as now (tenant_id, number, balance)
      where account.tenant_id = now.tenant_id and account.number = now.number`,
    values: [tenants, numbers, balances].map((column) => `{${column.join()}}`),
  });
}

function writeHolds(send: Send, changes: readonly Change[]): void {
  const holds = changes.flatMap(({ book, holds }) => holds.map((hold) => ({ tenantId: book.tenantId, ...hold })));
  if (holds.length > 0) {
    send({
      text: `insert into ledger.hold (tenant_id, id, account, minor, expires_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::timestamptz[])`,
      values: columns(
        holds.map((hold) => [hold.tenantId, hold.id, hold.account.number, hold.minor, iso(hold.expiresAt)]),
        5,
      ),
    });
  }
  const settled = changes.flatMap(({ book, settled }) => settled.map(({ id, state }) => [book.tenantId, id, state]));
  if (settled.length > 0) {
    send({
      text: `update ledger.hold set state = now.state from unnest($1::uuid[], $2::uuid[], $3::text[]) as now (tenant_id, id, state)
        where hold.tenant_id = now.tenant_id and hold.id = now.id`,
      values: columns(settled, 3),
    });
  }
}

/** Rows to the columns that `unnest` wants. */
function columns(rows: readonly (readonly unknown[])[], width: number): unknown[][] {
  return Array.from({ length: width }, (_, index) => rows.map((row) => row[index]));
}

// Array literals made here rather than by the driver, which looks at each of their elements for what it might be.
const NULL = 'NULL';
const text = (value: string | undefined) => (value === undefined ? NULL : `"${value.replace(/["\\]/g, '\\$&')}"`);
const hex = (value: string) => `"\\\\x${value}"`;
const bytes = (value: string) => Buffer.from(value, 'hex');
const iso = (ms: number) => new Date(ms).toISOString();
