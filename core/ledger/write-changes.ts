// What a batch does to its books: one statement per table, whatever the batch's size.
import type { Change, Entry } from './book.ts';
import { columns, type Statement } from './columns.ts';
import { iso } from './iso.ts';
import type { Pipeline } from './pipeline.ts';

/** Writes what was decided. Nothing is awaited: the transaction's end tells of errors. */
export function writeChanges(pipeline: Pipeline, changes: readonly Change[]): void {
  append(pipeline, changes);
  const each = (rows: (change: Change) => unknown[][]) =>
    changes.flatMap((change) => rows(change).map((row) => [change.book.tenantId, ...row]));
  const opening = ({ opened }: Change) => opened.map(({ number, name, currency }) => [number, name, currency]);
  send(pipeline, OPEN, each(opening));
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

/** Columns as array literals made here: the driver would look at each of their elements for what it might be. */
function append(pipeline: Pipeline, changes: readonly Change[]): void {
  const book = (value: (change: Change) => unknown) => `{${changes.map(value).join()}}`;
  const entries = changes.flatMap((change) => change.entries);
  const entry = (value: (entry: Entry) => unknown) => `{${entries.map(value).join()}}`;
  /** Nothing at all where every row would say the usual. */
  const unusual = (is: (entry: Entry) => boolean, value: (entry: Entry) => unknown) =>
    entries.some(is) ? entry(value) : '{}';
  const [first] = changes;
  const tenants = changes.flatMap(({ book, entries }) => new Array<string>(entries.length).fill(book.tenantId));
  pipeline.tell({
    ...APPEND,
    values: [
      book(({ book }) => book.tenantId),
      book(({ before }) => (before.seq === 0 ? NULL : bytes(before.hash))),
      book(({ after }) => bytes(after.hash)),
      book(({ after }) => after.seq),
      book(({ after }) => iso(after.at)),
      changes.length > 1 ? `{${tenants.join()}}` : '{}',
      entry(({ seq }) => seq),
      unusual(
        ({ post, seq }) => post !== seq,
        ({ post }) => post,
      ),
      entry(({ minor }) => minor),
      entry(({ fromBalance }) => fromBalance),
      entry(({ toBalance }) => toBalance),
      unusual(
        ({ at }) => at !== first?.after.at,
        ({ at }) => iso(at),
      ),
      unusual(
        ({ reverses }) => reverses !== undefined,
        ({ reverses }) => reverses ?? NULL,
      ),
      entry(({ from }) => from.number),
      entry(({ to }) => to.number),
      unusual(
        ({ hold }) => hold !== undefined,
        ({ hold }) => hold ?? NULL,
      ),
      unusual(
        ({ kind }) => kind !== 'post',
        ({ kind }) => kind,
      ),
      entry(({ key }) => text(key)),
      unusual(
        ({ ref }) => ref !== undefined,
        ({ ref }) => text(ref),
      ),
      unusual(
        ({ memo }) => memo !== undefined,
        ({ memo }) => text(memo),
      ),
      entry(({ hash }) => bytes(hash)),
    ],
  });
}

const APPEND = {
  name: 'ledger-append',
  text: `select ledger.append(${Array.from({ length: 21 }, (_, index) => `$${index + 1}`).join()})`,
};

const NULL = 'NULL';
const bytes = (hex: string) => `"\\\\x${hex}"`;
const text = (value: string | null | undefined) => (value == null ? NULL : `"${value.replace(/["\\]/g, '\\$&')}"`);
