import { type Clock, newId } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { type Fact, writeOutbox } from '../events/outbox.ts';
import { errors } from './errors.ts';
import { OBJECT_COLUMNS, type ObjectFacts, type ObjectRow, objectRow, shownName } from './object.ts';
import { mustFit, reserve, type StorageQuotas } from './quota.ts';

/** An unfinished upload is kept this long after the last sign of life. */
export const UPLOAD_LIFE_MS = 24 * 3_600_000;
/** A blob outlives its last reference by this much, for readers that just got a link or have it open. */
const ORPHAN_GRACE_MS = 3_600_000;

/** One connection that writes to an upload. */
export interface Writer {
  readonly tenantId: string;
  readonly accountId: string;
  readonly objectId: string;
  readonly token: string;
}

type RowId = Pick<ObjectRow, 'tenantId' | 'id'>;

/** A change of ours to one row, if a condition of ours holds; their parameters start at `$3`. */
interface Change {
  readonly set: string;
  readonly where: string;
  readonly values?: readonly unknown[];
}

/**
 * The rows of objects, blobs and usage. An object is opened, claimed and settled; between claim and settle its bytes
 * move to their blob. The blob's row counts the object from the claim on, so no sweep can take the bytes away in
 * between, whatever any clock says.
 */
export class Catalog {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #quotas: StorageQuotas;

  constructor(database: Database, clock: Clock, quotas: StorageQuotas) {
    this.#database = database;
    this.#clock = clock;
    this.#quotas = quotas;
  }

  /** Rows of one tenant by a condition of ours; its parameters start at `$2`. */
  query(tenantId: string, where: string, values: readonly unknown[]): Promise<ObjectRow[]> {
    return this.#database.tenant(
      tenantId,
      async (_tx, client) => {
        const sql = `select ${OBJECT_COLUMNS} from kernel.storage_object where tenant_id = $1 and ${where}`;
        return (await client.query(sql, [tenantId, ...values])).rows.map(objectRow);
      },
      'read',
    );
  }

  change(row: RowId, change: Change): Promise<ObjectRow> {
    return this.#database.tenant(row.tenantId, (_tx, client) => changeIn(client, row, change));
  }

  /** Reserves the room. */
  open(
    tenantId: string,
    facts: ObjectFacts,
    bytes: number,
    { id = newId(), expectedSha256 }: { id?: string; expectedSha256?: string | undefined } = {},
  ): Promise<ObjectRow> {
    mustFit(bytes, this.#quotas);
    const { plugin, accountId, purpose, name, visibility = 'private', keepUntil } = facts;
    return this.#database.tenant(tenantId, async (_tx, client) => {
      await reserve(client, { tenantId, accountId }, bytes, this.#quotas);
      const { rows } = await client.query(
        `insert into kernel.storage_object (tenant_id, id, plugin, account_id, purpose, name, visibility, bytes,
           expected_sha256, expires_at, keep_until, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning ${OBJECT_COLUMNS}`,
        [
          ...[tenantId, id, plugin, accountId, shownName(purpose), shownName(name), visibility, bytes],
          ...[expectedSha256, this.#after(UPLOAD_LIFE_MS), keepUntil, this.#clock.now()],
        ],
      );
      return objectRow(rows[0]);
    });
  }

  async find(tenantId: string, id: string): Promise<ObjectRow | undefined> {
    const [row] = await this.query(tenantId, 'id = $2', [id]);
    return row;
  }

  /** A sign of life: the upload's expiry starts anew. */
  touch(row: RowId): Promise<ObjectRow> {
    return this.change(row, { set: 'expires_at = $3', where: "state = 'open'", values: [this.#after(UPLOAD_LIFE_MS)] });
  }

  /** Takes or renews the right to write to an upload, for so long, unless another has it. */
  lease({ tenantId, accountId, objectId, token }: Writer, milliseconds: number): Promise<boolean> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const upload = 'tenant_id = $1 and id = $2 and account_id = $3';
      await client.query(
        `update kernel.storage_object set lease = $4, leased_until = now() + $5 * interval '1 ms'
         where ${upload} and (lease is null or lease = $4 or leased_until <= now())`,
        [tenantId, objectId, accountId, token, milliseconds],
      );
      const others = `select from kernel.storage_object where ${upload} and lease <> $4`;
      return (await client.query(others, [tenantId, objectId, accountId, token])).rowCount === 0;
    });
  }

  /** All bytes are staged, and this is what they are. */
  claim(row: ObjectRow, sha256: string, type: string): Promise<ObjectRow> {
    return this.#database.tenant(row.tenantId, async (_tx, client) => {
      const set = "state = 'claimed', sha256 = $3, type = $4";
      const claimed = await changeIn(client, row, { set, where: "state = 'open'", values: [sha256, type] });
      await client.query(
        `insert into kernel.storage_blob as blob (tenant_id, sha256, bytes, refs) values ($1, $2, $3, 1)
         on conflict (tenant_id, sha256) do update set refs = blob.refs + 1, orphaned_at = null`,
        [row.tenantId, sha256, row.bytes],
      );
      return claimed;
    });
  }

  /** The bytes are in their place: the object is there, and so is the fact that says so. */
  settle(claimed: ObjectRow, fact?: (row: ObjectRow) => Fact): Promise<ObjectRow> {
    return this.#database.tenant(claimed.tenantId, async (_tx, client) => {
      const set = "state = 'stored', expires_at = keep_until";
      const row = await changeIn(client, claimed, { set, where: "state = 'claimed'" });
      if (fact) await writeOutbox(client, [fact(row)]);
      return row;
    });
  }

  /** Changes when it expires, in a transaction of somebody else's. */
  async keep(
    client: pg.ClientBase,
    tenantId: string,
    ids: readonly string[],
    until: string | undefined,
  ): Promise<void> {
    const { rowCount } = await client.query(
      `update kernel.storage_object set expires_at = $3
       where tenant_id = $1 and id = any ($2) and state = 'stored'`,
      [tenantId, ids, until],
    );
    if (rowCount !== ids.length) throw errors.object_missing();
  }

  /** Gives back the room and the hold on the blob; whoever gets the row clears away its staged bytes. */
  remove(tenantId: string, id: string, expiredBy?: Date): Promise<ObjectRow | undefined> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const { rows } = await client.query(
        `delete from kernel.storage_object
         where tenant_id = $1 and id = $2 and ($3::timestamptz is null or expires_at <= $3) returning ${OBJECT_COLUMNS}`,
        [tenantId, id, expiredBy],
      );
      if (!rows[0]) return undefined;
      const row = objectRow(rows[0]);
      await reserve(client, row, -row.bytes, this.#quotas);
      await client.query(
        `update kernel.storage_blob set refs = refs - 1, orphaned_at = case when refs = 1 then $3::timestamptz end
         where tenant_id = $1 and sha256 = $2`,
        [tenantId, row.sha256, this.#clock.now()],
      );
      return row;
    });
  }

  /** Files that no row knows of become blobs that nothing refers to: the next sweeps clear them away safely. */
  async adoptBlobs(tenantId: string, blobs: readonly { sha256: string; bytes: number }[]): Promise<void> {
    await this.#database.tenant(tenantId, (_tx, client) =>
      client.query(
        `insert into kernel.storage_blob (tenant_id, sha256, bytes, refs, orphaned_at)
         select $1, sha256, bytes, 0, $3 from jsonb_to_recordset($2) as found (sha256 text, bytes bigint)
         on conflict (tenant_id, sha256) do nothing`,
        [tenantId, JSON.stringify(blobs), this.#clock.now()],
      ),
    );
  }

  /** Takes one blob out of the books while `erase` removes its bytes; a claim of the same bytes waits meanwhile. */
  sweepBlob(tenantId: string, erase: (sha256: string) => Promise<void>): Promise<boolean> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const { rows } = await client.query<{ sha256: string }>(
        `select sha256 from kernel.storage_blob where tenant_id = $1 and orphaned_at <= $2
         order by orphaned_at limit 1 for update skip locked`,
        [tenantId, this.#after(-ORPHAN_GRACE_MS)],
      );
      const sha256 = rows[0]?.sha256;
      if (sha256 === undefined) return false;
      // The bytes first: a crash in between leaves a row without bytes, which the next claim or sweep puts right.
      await erase(sha256);
      await client.query('delete from kernel.storage_blob where tenant_id = $1 and sha256 = $2', [tenantId, sha256]);
      return true;
    });
  }

  #after(milliseconds: number): Date {
    return new Date(this.#clock.now().getTime() + milliseconds);
  }
}

async function changeIn(client: pg.ClientBase, row: RowId, { set, where, values = [] }: Change): Promise<ObjectRow> {
  const { rows } = await client.query(
    `update kernel.storage_object set ${set} where tenant_id = $1 and id = $2 and ${where} returning ${OBJECT_COLUMNS}`,
    [row.tenantId, row.id, ...values],
  );
  if (!rows[0]) throw errors.object_missing();
  return objectRow(rows[0]);
}
