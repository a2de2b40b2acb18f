// What a batch does to its books: one statement per table, whatever the batch's size.
import type { Change, Entry } from './book.ts';
import { columns, type Statement } from './columns.ts';
import type { Pipeline } from './pipeline.ts';

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

const NULL = 'NULL';
const iso = (ms: number) => new Date(ms).toISOString();
const text = (value: string | null | undefined) => (value == null ? NULL : `"${value.replace(/["\\]/g, '\\$&')}"`);
