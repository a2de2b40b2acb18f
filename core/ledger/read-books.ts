// What the database knows of the books in a batch: one statement per table, whatever the batch's size.
import { accountWith, type Book, type Command, doneOf, emptyBook, type Known, nothingKnown } from './book.ts';
import { columns, type Statement } from './columns.ts';
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
  const known = new Map(tenantIds.map((id) => [id, nothingKnown()]));
  for (const { tenant_id, number, currency, name, balance } of accounts) {
    const accounts = balance === null ? known.get(tenant_id)?.newcomers : books.get(tenant_id)?.accounts;
    accounts?.add(accountWith(Number(number), currency, name, BigInt(balance ?? 0)));
  }
  for (const { tenant_id, key, seq, at, hold, content } of keys) {
    const done = doneOf(Number(seq), Number(at), hold ?? undefined);
    known.get(tenant_id)?.keys.set(key, { content: () => JSON.stringify(content), done });
  }
  for (const { tenant_id, id, state, expires_at } of holds) {
    known.get(tenant_id)?.holds.set(id, { open: state === 'open', expiresAt: Number(expires_at) });
  }
  for (const { tenant_id, reverses } of reversed) known.get(tenant_id)?.reversed.add(Number(reverses));
  return known;
}

function replaceIfStale(books: Map<string, Book>, { tenant_id, seq, hash, at }: BookRow): void {
  const mine = books.get(tenant_id);
  if (mine && mine.seq === Number(seq) && mine.hash === hash) return;
  const fresh = emptyBook(tenant_id);
  books.set(tenant_id, { ...fresh, seq: Number(seq), hash: hash ?? fresh.hash, at: Number(at) });
}

/** Each account that a group names, once. */
function accountsOf({ tenantId, commands }: Group): string[][] {
  const names = new Map<string, string[]>();
  for (const { currency, from, to } of commands.flatMap((command) => command.legs)) {
    for (const name of [from, to]) names.set(`${currency} ${name}`, [tenantId, name, currency]);
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

interface BookRow {
  tenant_id: string;
  seq: string;
  hash: string | null;
  at: string;
}

const BEGIN = {
  name: 'ledger-begin',
  text: 'insert into ledger.book (tenant_id) select unnest($1::uuid[]) on conflict do nothing',
};

const LOCK = {
  name: 'ledger-lock',
  text: `select tenant_id, seq, encode(hash, 'hex') as hash, ${MS('at')} as at
  from ledger.book where tenant_id = any($1::uuid[]) order by tenant_id for update`,
};

interface AccountRow {
  tenant_id: string;
  number: string;
  currency: string;
  name: string;
  /** None: it is not open yet. */
  balance: string | null;
}

const ACCOUNTS = {
  name: 'ledger-accounts',
  text: `select tenant_id, coalesce(number, nextval('ledger.account_number')) as number, currency, name,
    case when number is not null then ledger.balance_after(tenant_id, number) end as balance
  from ledger.account right join unnest($1::uuid[], $2::text[], $3::text[]) as wanted (tenant_id, name, currency)
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
  select first.tenant_id, first.key, first.seq, ${MS('first.at')} as at, opened.id as hold,
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
