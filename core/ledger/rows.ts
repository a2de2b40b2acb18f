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

/** Milliseconds of a time or a span. */
const MS = (sql: string) => `(extract(epoch from ${sql}) * 1000)::bigint`;

/** The books a process remembers, and how many accounts it asked for since it last forgot them. */
export interface Remembered {
  readonly books: Map<string, Book>;
  asked: number;
}

/** Locks and reads all that the groups may touch. A book somebody else went on with replaces the one in memory. */
export async function readBooks(
  pipeline: Pipeline,
  groups: readonly Group[],
  memory: Remembered,
): Promise<Map<string, Known>> {
  const { books } = memory;
  const tenantIds = groups.map((group) => group.tenantId);
  pipeline.tell({ ...BEGIN, values: [tenantIds] });
  const each = (wanted: (command: Command) => unknown[]) =>
    groups.flatMap(({ tenantId, commands }) =>
      commands.flatMap(wanted).flatMap((value) => (value === undefined ? [] : [[tenantId, value]])),
    );
  const names = groups.flatMap(accountsOf);
  memory.asked += names.length;
  // Statements see what was committed when they began, so those behind the lock see all that was done before us.
  const [locked, keys, accounts, holds, reversed] = await Promise.all([
    pipeline.ask<BookRow>({ ...LOCK, values: [tenantIds] }),
    lookUp<KeyRow>(
      pipeline,
      KEYS,
      each((command) => [command.key]),
    ),
    lookUp<AccountRow>(pipeline, ACCOUNTS, names),
    lookUp<HoldRow>(
      pipeline,
      HOLDS,
      each((command) => [command.settlesHold]),
    ),
    lookUp<ReversedRow>(
      pipeline,
      REVERSED,
      each((command) => [command.reverses]),
    ),
  ]);
  for (const row of locked.rows) replaceIfStale(books, row);
  for (const { tenant_id, number, currency, name, balance } of accounts) {
    const account = { number, currency, name, floor: floorOf(name), balance: BigInt(balance) };
    books.get(tenant_id)?.accounts.set(accountKey(currency, name), account);
  }
  const known = new Map(tenantIds.map((id) => [id, nothingKnown()]));
  for (const { tenant_id, key, seq, at, hold, content } of keys) {
    const done = { post: Number(seq), at: Number(at), hold: hold ?? undefined };
    known.get(tenant_id)?.keys.set(key, { content: () => JSON.stringify(content), done });
  }
  for (const { tenant_id, id, state, expires_at } of holds) {
    known.get(tenant_id)?.holds.set(id, { open: state === 'open', expiresAt: Number(expires_at) });
  }
  for (const { tenant_id, reverses } of reversed) known.get(tenant_id)?.reversed.add(Number(reverses));
  return known;
}

function replaceIfStale(books: Map<string, Book>, { tenant_id, seq, hash, at, opened }: BookRow): void {
  const mine = books.get(tenant_id);
  if (mine && mine.seq === Number(seq) && mine.hash === hash) return;
  const fresh = emptyBook(tenant_id);
  books.set(tenant_id, { ...fresh, seq: Number(seq), hash: hash ?? fresh.hash, at: Number(at), opened });
}

/** Each account that a group names, once. */
function accountsOf({ tenantId, commands }: Group): string[][] {
  const names = new Map<string, string[]>();
  for (const { currency, from, to } of commands.flatMap((command) => command.legs)) {
    for (const name of [from, to]) names.set(accountKey(currency, name), [tenantId, name, currency]);
  }
  return [...names.values()];
}

async function lookUp<R extends object>(
  pipeline: Pipeline,
  statement: Statement,
  wanted: readonly unknown[][],
): Promise<R[]> {
  if (wanted.length === 0) return [];
  const values = columns(wanted, wanted[0]?.length ?? 0);
  return (await pipeline.ask<R>({ ...statement, values })).rows;
}

interface Statement {
  readonly name: string;
  readonly text: string;
}

interface BookRow {
  tenant_id: string;
  seq: string;
  hash: string | null;
  at: string;
  opened: number;
}

const BEGIN = {
  name: 'ledger-begin',
  text: 'insert into ledger.book (tenant_id) select unnest($1::uuid[]) on conflict do nothing',
};

const LOCK = {
  name: 'ledger-lock',
  text: `select tenant_id, seq, encode(hash, 'hex') as hash, ${MS('at')} as at, opened
  from ledger.book where tenant_id = any($1::uuid[]) order by tenant_id for update`,
};

interface AccountRow {
  tenant_id: string;
  number: number;
  currency: string;
  name: string;
  balance: string;
}

const ACCOUNTS = {
  name: 'ledger-accounts',
  text: `select tenant_id, number, currency, name, ledger.balance_after(tenant_id, number) as balance
  from ledger.account join unnest($1::uuid[], $2::text[], $3::text[]) as wanted (tenant_id, name, currency)
    using (tenant_id, name, currency)`,
};

interface KeyRow {
  tenant_id: string;
  key: string;
  seq: string;
  at: string;
  hold: string | null;
  content: unknown;
}

/** With what was asked under the key, as `contentOf` has it. */
const KEYS = {
  name: 'ledger-keys',
  text: `
  select first.tenant_id, first.key, first.seq, ${MS('first.at')} as at, first.hold,
    json_build_array(first.kind, first.ref, first.reverses, case when opened.id is null then first.hold end, ${MS('opened.expires_at - first.at')},
      (select json_agg(json_build_array(giver.name, taker.name, giver.currency, leg.minor::text, leg.memo) order by leg.seq)
        from ledger.transfer leg
          join ledger.account giver on giver.tenant_id = first.tenant_id and giver.number = leg.from_account
          join ledger.account taker on taker.tenant_id = first.tenant_id and taker.number = leg.to_account
        where leg.tenant_id = first.tenant_id and leg.seq >= first.seq and leg.seq < first.seq + 100 and leg.post = first.seq)) as content
  from ledger.transfer first join unnest($1::uuid[], $2::text[]) as wanted (tenant_id, key) using (tenant_id, key)
    left join ledger.hold opened on first.kind = 'hold' and opened.tenant_id = first.tenant_id and opened.id = first.hold`,
};

interface HoldRow {
  tenant_id: string;
  id: string;
  state: string;
  expires_at: string;
}

const HOLDS = {
  name: 'ledger-holds',
  text: `select tenant_id, id, state, ${MS('expires_at')} as expires_at
  from ledger.hold join unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id) using (tenant_id, id)`,
};

interface ReversedRow {
  tenant_id: string;
  reverses: string;
}

const REVERSED = {
  name: 'ledger-reversed',
  text: `select tenant_id, reverses
  from ledger.transfer join unnest($1::uuid[], $2::bigint[]) as wanted (tenant_id, reverses) using (tenant_id, reverses)`,
};

/** Writes what was decided. Nothing is awaited: the transaction's end tells of errors. */
export function writeChanges(pipeline: Pipeline, changes: readonly Change[]): void {
  const each = (rows: (change: Change) => unknown[][]) =>
    changes.flatMap((change) => rows(change).map((row) => [change.book.tenantId, ...row]));
  send(
    pipeline,
    OPEN,
    each(({ opened }) => opened.map(({ number, name, currency }) => [number, name, currency])),
  );
  insertTransfers(pipeline, changes);
  send(
    pipeline,
    GO_ON,
    each(({ after: { seq, hash, at, opened } }) => [[seq, Buffer.from(hash, 'hex'), iso(at), opened]]),
  );
  const holding = ({ commands }: Change) =>
    commands.flatMap(({ command: { opensHold }, entry: { from, minor, at } }) =>
      opensHold ? [[opensHold.id, from.number, minor, iso(at + opensHold.forMs)]] : [],
    );
  send(pipeline, HOLD, each(holding));
  const settling = ({ commands }: Change) =>
    commands.flatMap(({ command: { settlesHold, kind } }) => (settlesHold === undefined ? [] : [[settlesHold, kind]]));
  send(pipeline, SETTLE, each(settling));
}

function send(pipeline: Pipeline, statement: Statement, rows: readonly unknown[][]): void {
  if (rows.length === 0) return;
  pipeline.tell({ ...statement, values: columns(rows, rows[0]?.length ?? 0) });
}

const OPEN = {
  name: 'ledger-open',
  text: `insert into ledger.account (tenant_id, number, name, currency)
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[])`,
};

const GO_ON = {
  name: 'ledger-go-on',
  text: `update ledger.book set seq = now.seq, hash = now.hash, at = now.at, opened = now.opened
  from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::int[]) as now (tenant_id, seq, hash, at, opened)
  where book.tenant_id = now.tenant_id`,
};

const HOLD = {
  name: 'ledger-hold',
  text: `insert into ledger.hold (tenant_id, id, account, minor, expires_at)
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::timestamptz[])`,
};

const SETTLE = {
  name: 'ledger-settle',
  text: `update ledger.hold set state = now.state
  from unnest($1::uuid[], $2::uuid[], $3::text[]) as now (tenant_id, id, state)
  where hold.tenant_id = now.tenant_id and hold.id = now.id`,
};

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
      column((entry) => entry.from.number),
      column((entry) => entry.to.number),
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

/** Rows to the columns that `unnest` wants. */
function columns(rows: readonly (readonly unknown[])[], width: number): unknown[][] {
  return Array.from({ length: width }, (_, index) => rows.map((row) => row[index]));
}

const NULL = 'NULL';
const iso = (ms: number) => new Date(ms).toISOString();
const text = (value: string | null | undefined) => (value == null ? NULL : `"${value.replace(/["\\]/g, '\\$&')}"`);
