import { type Clock, newId } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { type Fact, writeOutbox } from '../events/outbox.ts';
import { errors } from './errors.ts';
import { OBJECT_COLUMNS, type ObjectFacts, type ObjectRow, objectRow, shownName } from './object.ts';
import { release, reserve, type StorageQuotas } from './quota.ts';

/** An unfinished upload is kept this long after the last sign of life. */
export const UPLOAD_LIFE_MS = 24 * 3_600_000;
/** A blob outlives its last reference by this much, for readers that just got a link or have it open. */
const ORPHAN_GRACE_MS = 3_600_000;

export type Quotas = (tenantId: string) => StorageQuotas | Promise<StorageQuotas>;

export interface Bytes {
  readonly bytes: number;
  readonly sha256?: string | undefined;
  readonly type?: string | undefined;
  readonly expectedSha256?: string | undefined;
}

/** One connection that writes to an upload. */
export interface Writer {
  readonly tenantId: string;
  readonly accountId: string;
  readonly objectId: string;
  readonly token: string;
}

/**
 * The rows of objects, blobs and usage. An object is opened, claimed and settled; between claim and settle its bytes
 * move to their blob. The blob's row counts the object from the claim on, so no sweep can take the bytes away in
 * between, whatever any clock says.
 */
export class Catalog {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #quotas: Quotas;

  constructor(database: Database, clock: Clock, quotas: Quotas) {
    this.#database = database;
    this.#clock = clock;
    this.#quotas = quotas;
  }

  quotas(tenantId: string): StorageQuotas | Promise<StorageQuotas> {
    return this.#quotas(tenantId);
  }

  /** Reserves the room. With a digest the bytes are all staged already, and the row starts as claimed. */
  async open(tenantId: string, facts: ObjectFacts, bytes: Bytes, id = newId()): Promise<ObjectRow> {
    const quotas = await this.#quotas(tenantId);
    return this.#database.tenant(tenantId, async (_tx, client) => {
      await reserve(client, { tenantId, accountId: facts.accountId }, bytes.bytes, quotas);
      if (bytes.sha256 !== undefined) await hold(client, tenantId, bytes.sha256, bytes.bytes);
      return one(
        client,
        `insert into kernel.storage_object (tenant_id, id, plugin, account_id, purpose, name, visibility, bytes, type, state,
           sha256, expected_sha256, expires_at, keep_until, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning ${OBJECT_COLUMNS}`,
        [
          tenantId,
          id,
          facts.plugin,
          facts.accountId,
          shownName(facts.purpose ?? ''),
          shownName(facts.name ?? ''),
          facts.visibility ?? 'private',
          bytes.bytes,
          bytes.type ?? 'application/octet-stream',
          bytes.sha256 === undefined ? 'open' : 'claimed',
          bytes.sha256,
          bytes.expectedSha256,
          this.#in(UPLOAD_LIFE_MS),
          facts.keepUntil,
          this.#clock.now(),
        ],
      );
    });
  }

  async find(tenantId: string, id: string): Promise<ObjectRow | undefined> {
    const rows = await this.query(tenantId, 'id = $2', [id]);
    return rows[0];
  }

  /** Rows of one tenant by a condition of ours; its parameters start at `$2`. */
  query(tenantId: string, where: string, values: readonly unknown[]): Promise<ObjectRow[]> {
    return this.#database.tenant(
      tenantId,
      async (_tx, client) => {
        const { rows } = await client.query(
          `select ${OBJECT_COLUMNS} from kernel.storage_object where tenant_id = $1 and ${where}`,
          [tenantId, ...values],
        );
        return rows.map(objectRow);
      },
      'read',
    );
  }

  /** A sign of life: the upload's expiry starts anew. */
  touch({ tenantId, id }: ObjectRow): Promise<ObjectRow> {
    return this.change(tenantId, id, "expires_at = $3 where tenant_id = $1 and id = $2 and state = 'open'", [
      this.#in(UPLOAD_LIFE_MS),
    ]);
  }

  change(tenantId: string, id: string, change: string, values: readonly unknown[]): Promise<ObjectRow> {
    return this.#database.tenant(tenantId, (_tx, client) =>
      one(client, `update kernel.storage_object set ${change} returning ${OBJECT_COLUMNS}`, [tenantId, id, ...values]),
    );
  }

  /** Takes or renews the right to write to an upload; of what is no open upload there is nothing to take. */
  lease({ tenantId, accountId, objectId, token }: Writer, milliseconds: number): Promise<boolean> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const { rows } = await client.query<{ free: boolean }>(
        `select lease is null or lease = $4 or leased_until < now() as free from kernel.storage_object
         where tenant_id = $1 and id = $2 and account_id = $3 and state <> 'stored' for update`,
        [tenantId, objectId, accountId, token],
      );
      if (rows[0]?.free) {
        await client.query(
          `update kernel.storage_object set lease = $3, leased_until = now() + $4 * interval '1 ms'
           where tenant_id = $1 and id = $2`,
          [tenantId, objectId, token, milliseconds],
        );
      }
      return rows[0]?.free ?? true;
    });
  }

  async unlease({ tenantId, objectId, token }: Writer): Promise<void> {
    await this.#database.tenant(tenantId, (_tx, client) =>
      client.query('update kernel.storage_object set lease = null where tenant_id = $1 and id = $2 and lease = $3', [
        tenantId,
        objectId,
        token,
      ]),
    );
  }

  /** All bytes are staged, and this is what they are. */
  claim({ tenantId, id, bytes }: ObjectRow, sha256: string, type: string): Promise<ObjectRow> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const row = await one(
        client,
        `update kernel.storage_object set state = 'claimed', sha256 = $3, type = $4
         where tenant_id = $1 and id = $2 and state = 'open' returning ${OBJECT_COLUMNS}`,
        [tenantId, id, sha256, type],
      );
      await hold(client, tenantId, sha256, bytes);
      return row;
    });
  }

  /** The bytes are in their place: the object is there, and so is the fact that says so. */
  settle({ tenantId, id }: ObjectRow, fact?: (row: ObjectRow) => Fact): Promise<ObjectRow> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const row = await one(
        client,
        `update kernel.storage_object set state = 'stored', expires_at = keep_until
         where tenant_id = $1 and id = $2 and state = 'claimed' returning ${OBJECT_COLUMNS}`,
        [tenantId, id],
      );
      if (fact) await writeOutbox(client, [fact(row)]);
      return row;
    });
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
      await release(client, row, row.bytes);
      if (row.sha256 !== undefined) {
        await client.query(
          `update kernel.storage_blob set refs = refs - 1, orphaned_at = case when refs = 1 then $3::timestamptz end
           where tenant_id = $1 and sha256 = $2`,
          [tenantId, row.sha256, this.#clock.now()],
        );
      }
      return row;
    });
  }

  /** Files that no row knows of become blobs that nothing refers to: the next sweeps clear them away safely. */
  async adoptBlobs(
    tenantId: string,
    blobs: readonly { readonly sha256: string; readonly bytes: number }[],
  ): Promise<number> {
    if (blobs.length === 0) return 0;
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const { rowCount } = await client.query(
        `insert into kernel.storage_blob (tenant_id, sha256, bytes, refs, orphaned_at)
         select $1, sha256, bytes, 0, $4 from unnest($2::text[], $3::bigint[]) as found (sha256, bytes)
         on conflict (tenant_id, sha256) do nothing`,
        [tenantId, blobs.map((blob) => blob.sha256), blobs.map((blob) => blob.bytes), this.#clock.now()],
      );
      return rowCount ?? 0;
    });
  }

  /** Takes one blob out of the books while `erase` removes its bytes; a claim of the same bytes waits meanwhile. */
  sweepBlob(tenantId: string, erase: (sha256: string) => Promise<void>): Promise<boolean> {
    return this.#database.tenant(tenantId, async (_tx, client) => {
      const { rows } = await client.query<{ sha256: string }>(
        `select sha256 from kernel.storage_blob where tenant_id = $1 and orphaned_at <= $2
         order by orphaned_at limit 1 for update skip locked`,
        [tenantId, this.#in(-ORPHAN_GRACE_MS)],
      );
      const sha256 = rows[0]?.sha256;
      if (sha256 === undefined) return false;
      // The bytes first: a crash in between leaves a row without bytes, which the next claim or sweep puts right.
      await erase(sha256);
      await client.query('delete from kernel.storage_blob where tenant_id = $1 and sha256 = $2', [tenantId, sha256]);
      return true;
    });
  }

  #in(milliseconds: number): Date {
    return new Date(this.#clock.now().getTime() + milliseconds);
  }
}

async function hold(client: pg.ClientBase, tenantId: string, sha256: string, bytes: number): Promise<void> {
  await client.query(
    `insert into kernel.storage_blob as blob (tenant_id, sha256, bytes, refs) values ($1, $2, $3, 1)
     on conflict (tenant_id, sha256) do update set refs = blob.refs + 1, orphaned_at = null`,
    [tenantId, sha256, bytes],
  );
}

async function one(client: pg.ClientBase, sql: string, values: readonly unknown[]): Promise<ObjectRow> {
  const { rows } = await client.query(sql, [...values]);
  if (!rows[0]) throw errors.object_missing();
  return objectRow(rows[0]);
}
