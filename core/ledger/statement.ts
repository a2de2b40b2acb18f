// Looking into a book.
import { type Balance, BalanceOf, type Line, type Statement, StatementOf } from '@plinth/sdk/services/ledger.ts';
import type { Database } from '../database/database.ts';
import type { Kind } from './chain.ts';
import { mustFit, type Who } from './commands.ts';
import { heldBy, mustOwn, owns } from './names.ts';
import { readRows } from './read-rows.ts';

export async function balanceOf(database: Database, who: Who, input: BalanceOf): Promise<Balance> {
  mustFit(BalanceOf, input);
  const { account, currency, at } = input;
  mustOwn(who.party, currency);
  const names = [account, heldBy(account)];
  const rows = await readRows<{ name: string; balance: string }>(database, BALANCE, [
    who.tenantId,
    names,
    currency,
    at,
  ]);
  const of = (name: string) => Number(rows.find((row) => row.name === name)?.balance ?? 0);
  return { currency, minor: of(account), held: of(heldBy(account)) };
}

const BALANCE = `select name, case when $4::timestamptz is null then ledger.balance_after($1, number)
    else ledger.balance_after($1, number, ledger.last_entry($1, $4)) end as balance
  from ledger.account where tenant_id = $1 and name = any($2) and currency = $3`;

export async function balancesOf(database: Database, who: Who, account: string): Promise<Balance[]> {
  type Row = Record<keyof Balance, string>;
  const rows = await readRows<Row>(database, BALANCES, [who.tenantId, account, heldBy(account)]);
  const mine = rows.filter(({ currency }) => owns(who.party, currency));
  return mine.map(({ currency, minor, held }) => ({ currency, minor: Number(minor), held: Number(held) }));
}

const BALANCES = `select mine.currency, ledger.balance_after($1, mine.number) as minor,
    ledger.balance_after($1, beside.number) as held
  from ledger.account mine left join ledger.account beside
    on (beside.tenant_id, beside.currency, beside.name) = (mine.tenant_id, mine.currency, $3)
  where mine.tenant_id = $1 and mine.name = $2 order by mine.currency`;

/** A page of lines, the newest first, between the balances before and after the time asked for. */
export async function statementOf(database: Database, who: Who, input: StatementOf): Promise<Statement> {
  mustFit(StatementOf, input);
  const { account, currency, since, until, cursor, limit = 50 } = input;
  mustOwn(who.party, currency);
  return database.ledger(async (_tx, client) => {
    const {
      rows: [range],
    } = await client.query<Range>(RANGE, [who.tenantId, account, currency, since, until]);
    if (!range) return { opening: 0, closing: 0, items: [] };
    const below =
      cursor === undefined ? Number(range.last) : Math.min(Number(range.last), Number.parseInt(cursor, 36) - 1);
    const { rows } = await client.query<LineRow>(LINES, [who.tenantId, range.number, below, range.first, limit + 1]);
    const items = rows.slice(0, limit);
    const oldest = items.at(-1);
    return {
      opening: Number(range.opening),
      closing: Number(range.closing),
      items: items.map(lineOf),
      ...(rows.length > limit && oldest ? { next: Number(oldest.seq).toString(36) } : {}),
    };
  }, 'read');
}

/** Entries after `first`, up to `last`. */
interface Range {
  number: string;
  first: string;
  last: string;
  opening: string;
  closing: string;
}

const RANGE = `
  select number, first, last, ledger.balance_after($1, number, first) as opening, ledger.balance_after($1, number, last) as closing
  from ledger.account join ledger.book using (tenant_id),
    lateral (select case when $4::timestamptz is null then 0 else ledger.last_entry($1, $4::timestamptz - interval '1 ms') end as first,
      case when $5::timestamptz is null then seq else ledger.last_entry($1, $5::timestamptz - interval '1 ms') end as last) as range
  where tenant_id = $1 and name = $2 and currency = $3`;

interface LineRow {
  seq: string;
  post: string;
  at: Date;
  kind: Kind;
  minor: string;
  balance: string;
  with: string;
  memo: string | null;
  ref: string | null;
}

const side = (mine: 'from' | 'to', other: 'from' | 'to') => `
  (select seq, post, at, kind, ${mine === 'from' ? '-minor' : 'minor'} as minor, ${mine}_balance as balance,
      ${other}_account as other, memo, ref
    from ledger.transfer where tenant_id = $1 and ${mine}_account = $2 and seq <= $3 and seq > $4 order by seq desc limit $5)`;

const LINES = `
  select line.*, name as with from (${side('from', 'to')} union all ${side('to', 'from')}) as line
    join ledger.account on tenant_id = $1 and number = other
  order by seq desc limit $5`;

function lineOf({ post, at, kind, minor, balance, with: other, memo, ref }: LineRow): Line {
  return {
    post: Number(post),
    at: at.toISOString(),
    kind,
    minor: Number(minor),
    balance: Number(balance),
    with: other,
    ...(memo === null ? {} : { memo }),
    ...(ref === null ? {} : { ref }),
  };
}
