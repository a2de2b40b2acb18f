// How books go to and from their tables: one statement per table for a whole batch.
import {
  accountKey,
  type Book,
  type Change,
  type Command,
  type Entry,
  emptyBook,
  type Known,
  nothingKnown,
} from './book.ts';
import { floorOf } from './names.ts';
import type { Pipeline } from './pipeline.ts';

/** The commands of a batch for one book. */
export interface Group {
  readonly tenantId: string;
  readonly commands: readonly Command[];
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
export async function readBooks(
  pipeline: Pipeline,
  groups: readonly Group[],
  store: Remembered,
): Promise<Map<string, Known>> {
  const { books } = store;
  const tenantIds = groups.map((group) => group.tenantId);
  if (tenantIds.some((id) => !books.has(id))) {
    pipeline.tell({
      text: 'insert into ledger.book (tenant_id) select unnest($1::uuid[]) on conflict do nothing',
      values: [tenantIds],
    });
  }
  // Statements see what was committed when they began, so these, behind the lock, see all that was done before us.
  const answers = [
    lockBooks(pipeline, tenantIds),
    readKeys(pipeline, groups),
    readAccounts(pipeline, groups),
    readHolds(pipeline, groups),
    readReversed(pipeline, groups),
  ] as const;
  const [locked, keys, accounts, holds, reversed] = await Promise.all(answers);
  for (const row of locked.rows) replaceIfStale(books, row);
  store.read += accounts.rows.length;
  for (const row of accounts.rows) {
    const { number, currency, name } = row;
    const account = { number, currency, name, floor: floorOf(name), balance: BigInt(row.balance) };
    books.get(row.tenant_id)?.accounts.set(accountKey(currency, name), account);
  }
  const known = new Map(tenantIds.map((id) => [id, nothingKnown()]));
  for (const row of keys.rows) {
    const done = { post: Number(row.seq), at: Number(row.at), hold: row.hold ?? undefined };
    known.get(row.tenant_id)?.keys.set(row.key, { content: () => JSON.stringify(row.content), done });
  }
  for (const row of holds?.rows ?? []) {
    known.get(row.tenant_id)?.holds.set(row.id, { open: row.state === 'open', expiresAt: Number(row.expires_at) });
  }
  for (const row of reversed?.rows ?? []) known.get(row.tenant_id)?.reversed.add(Number(row.reverses));
  return known;
}

function lockBooks(pipeline: Pipeline, tenantIds: readonly string[]) {
  return pipeline.ask<BookRow>({
    name: 'ledger-lock',
    text: `select tenant_id, seq, encode(hash, 'hex') as hash, ${MS('at')} as at, opened
      from ledger.book where tenant_id = any($1::uuid[]) order by tenant_id for update`,
    values: [tenantIds],
  });
}

function replaceIfStale(books: Map<string, Book>, row: BookRow): void {
  const seq = Number(row.seq);
  const mine = books.get(row.tenant_id);
  if (mine && mine.seq === seq && mine.hash === row.hash) return;
  const fresh = emptyBook(row.tenant_id);
  books.set(row.tenant_id, { ...fresh, seq, hash: row.hash ?? fresh.hash, at: Number(row.at), opened: row.opened });
}

/** Posts under the keys of the batch, with what was asked then, as `contentOf` has it. */
function readKeys(pipeline: Pipeline, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) => commands.map(({ key }) => [tenantId, key]));
  return pipeline.ask<KeyRow>({ name: 'ledger-keys', text: READ_KEYS, values: columns(wanted, 2) });
}

interface KeyRow {
  tenant_id: string;
  key: string;
  seq: string;
  at: string;
  hold: string | null;
  content: unknown;
}

const READ_KEYS = `
  select first.tenant_id, first.key, first.seq, ${MS('first.at')} as at, first.hold,
    json_build_array(first.kind, first.ref, first.reverses, case when opened.id is null then first.hold end, ${MS('opened.expires_at - first.at')},
      (select json_agg(json_build_array(giver.name, taker.name, giver.currency, leg.minor::text, leg.memo) order by leg.seq)
        from ledger.transfer leg
          join ledger.account giver on giver.tenant_id = first.tenant_id and giver.number = leg.from_account
          join ledger.account taker on taker.tenant_id = first.tenant_id and taker.number = leg.to_account
        where leg.tenant_id = first.tenant_id and leg.seq >= first.seq and leg.seq < first.seq + 100 and leg.post = first.seq)) as content
  from ledger.transfer first join unnest($1::uuid[], $2::text[]) as wanted (tenant_id, key) using (tenant_id, key)
    left join ledger.hold opened on first.kind = 'hold' and opened.tenant_id = first.tenant_id and opened.id = first.hold`;

function readAccounts(pipeline: Pipeline, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) => {
    const names = new Map<string, string[]>();
    for (const { currency, from, to } of commands.flatMap((command) => command.legs)) {
      for (const name of [from, to]) names.set(accountKey(currency, name), [tenantId, name, currency]);
    }
    return [...names.values()];
  });
  return pipeline.ask<{
    tenant_id: string;
    number: number;
    currency: string;
    name: string;
    balance: string;
  }>({
    name: 'ledger-accounts',
    text: `select tenant_id, number, currency, name, ledger.balance_after(tenant_id, number) as balance
      from ledger.account join unnest($1::uuid[], $2::text[], $3::text[]) as wanted (tenant_id, name, currency)
        using (tenant_id, name, currency)`,
    values: columns(wanted, 3),
  });
}

function readHolds(pipeline: Pipeline, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) =>
    commands.flatMap(({ settlesHold }) => (settlesHold === undefined ? [] : [[tenantId, settlesHold]])),
  );
  if (wanted.length === 0) return undefined;
  return pipeline.ask<{ tenant_id: string; id: string; state: string; expires_at: string }>({
    name: 'ledger-holds',
    text: `select tenant_id, id, state, ${MS('expires_at')} as expires_at
      from ledger.hold join unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id) using (tenant_id, id)`,
    values: columns(wanted, 2),
  });
}

function readReversed(pipeline: Pipeline, groups: readonly Group[]) {
  const wanted = groups.flatMap(({ tenantId, commands }) =>
    commands.flatMap(({ reverses }) => (reverses === undefined ? [] : [[tenantId, reverses]])),
  );
  if (wanted.length === 0) return undefined;
  return pipeline.ask<{ tenant_id: string; reverses: string }>({
    name: 'ledger-reversed',
    text: `select tenant_id, reverses
      from ledger.transfer join unnest($1::uuid[], $2::bigint[]) as wanted (tenant_id, reverses) using (tenant_id, reverses)`,
    values: columns(wanted, 2),
  });
}

/** Writes what was decided. Nothing is awaited: the transaction's end tells of errors. */
export function writeChanges(pipeline: Pipeline, changes: readonly Change[]): void {
  const opened = changes.flatMap(({ book, opened }) =>
    opened.map((account) => ({ tenantId: book.tenantId, ...account })),
  );
  if (opened.length > 0) {
    pipeline.tell({
      name: 'ledger-open',
      text: `insert into ledger.account (tenant_id, number, name, currency)
        select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[])`,
      values: columns(
        opened.map(({ tenantId, number, name, currency }) => [tenantId, number, name, currency]),
        4,
      ),
    });
  }
  insertTransfers(pipeline, changes);
  pipeline.tell({
    name: 'ledger-books',
    text: `update ledger.book set seq = now.seq, hash = now.hash, at = now.at, opened = now.opened
      from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::int[]) as now (tenant_id, seq, hash, at, opened)
      where book.tenant_id = now.tenant_id`,
    values: columns(
      changes.map(({ book, after }) => [
        book.tenantId,
        after.seq,
        Buffer.from(after.hash, 'hex'),
        iso(after.at),
        after.opened,
      ]),
      5,
    ),
  });
  writeHolds(pipeline, changes);
}

/** By column, as array literals: the driver would look at each of their elements for what it might be. */
function insertTransfers(pipeline: Pipeline, changes: readonly Change[]): void {
  const entries = changes.flatMap((change) => change.entries);
  const column = (value: (entry: Entry) => unknown) => `{${entries.map(value).join()}}`;
  let at = 0;
  let atText = '';
  pipeline.tell({
    name: 'ledger-transfers',
    text: INSERT_TRANSFERS,
    values: [
      `{${changes
        .map(({ book, entries }) => `${book.tenantId},`.repeat(entries.length))
        .join('')
        .slice(0, -1)}}`,
      column((entry) => entry.seq),
      column((entry) => entry.post),
      column((entry) => entry.minor),
      column((entry) => entry.fromBalance),
      column((entry) => entry.toBalance),
      column((entry) => {
        if (entry.at !== at) {
          at = entry.at;
          atText = iso(at);
        }
        return atText;
      }),
      column((entry) => entry.reverses ?? NULL),
      column((entry) => entry.fromAccount.number),
      column((entry) => entry.toAccount.number),
      column((entry) => entry.hold ?? NULL),
      column((entry) => entry.kind),
      column((entry) => text(entry.key)),
      column((entry) => text(entry.ref)),
      column((entry) => text(entry.memo)),
      column((entry) => `"\\\\x${entry.hash}"`),
    ],
  });
}

const INSERT_TRANSFERS = `
  insert into ledger.transfer (tenant_id, seq, post, minor, from_balance, to_balance, at,
    reverses, from_account, to_account, hold, kind, key, ref, memo, hash)
  select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[],
    $8::bigint[], $9::int[], $10::int[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bytea[])`;

function writeHolds(pipeline: Pipeline, changes: readonly Change[]): void {
  const opened: unknown[][] = [];
  const settled: unknown[][] = [];
  for (const { book, commands } of changes) {
    for (const { command, entry } of commands) {
      const { opensHold, settlesHold, kind } = command;
      if (opensHold) {
        const until = iso(entry.at + opensHold.forMs);
        opened.push([book.tenantId, opensHold.id, entry.fromAccount.number, entry.minor, until]);
      }
      if (settlesHold !== undefined) settled.push([book.tenantId, settlesHold, kind]);
    }
  }
  if (opened.length > 0) {
    pipeline.tell({
      text: `insert into ledger.hold (tenant_id, id, account, minor, expires_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::timestamptz[])`,
      values: columns(opened, 5),
    });
  }
  if (settled.length > 0) {
    pipeline.tell({
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

const NULL = 'NULL';
const iso = (ms: number) => new Date(ms).toISOString();
const text = (value: string | undefined) => (value === undefined ? NULL : `"${value.replace(/["\\]/g, '\\$&')}"`);
