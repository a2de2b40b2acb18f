// The names of files that belong together: a playlist finds its segments by them, and a link opens all of a set.
import type { MediaFile } from '@plinth/sdk/services/media-recipes.ts';
import type pg from 'pg';
import type { Database } from '../database/database.ts';

/** A file of a set as an object. */
export interface Placed extends MediaFile {
  readonly objectId: string;
}

export interface NewFiles {
  readonly tenantId: string;
  readonly mediaId: string;
  readonly plugin: string;
  readonly files: readonly Placed[];
  readonly keepUntil: Date | undefined;
}

export interface FoundFile extends Pick<MediaFile, 'name' | 'type' | 'main'> {
  readonly objectId: string;
  readonly settled: boolean;
}

export type FileSets = ReturnType<typeof fileSetsOf>;

const COLUMNS = 'name, type, main, object_id as "objectId", settled';

export function fileSetsOf(database: Database) {
  const rows = <R extends pg.QueryResultRow>(tenantId: string, sql: string, values: readonly unknown[]) =>
    database.tenant(tenantId, async (_tx, client) => (await client.query<R>(sql, [tenantId, ...values])).rows);

  return {
    /** Files of a set that is not settled yet. A name that is there leads to the new file. */
    async add(client: pg.ClientBase, { tenantId, mediaId, plugin, files, keepUntil }: NewFiles): Promise<void> {
      await client.query(
        `insert into kernel.media_file (tenant_id, media_id, plugin, name, object_id, type, main, keep_until)
         select $1, $2, $3, name, "objectId", type, main, $5
         from jsonb_to_recordset($4) as file (name text, "objectId" uuid, type text, main boolean)
         on conflict (tenant_id, media_id, name)
         do update set object_id = excluded.object_id, type = excluded.type, keep_until = excluded.keep_until`,
        [tenantId, mediaId, plugin, JSON.stringify(files), keepUntil],
      );
    },

    /** They stay as they are. Answers their objects, and until when those are to be kept. */
    async settle(client: pg.ClientBase, tenantId: string, mediaId: string) {
      const { rows: settled } = await client.query<{ objectId: string; keepUntil: Date | null }>(
        `update kernel.media_file set settled = true where tenant_id = $1 and media_id = $2
         returning object_id as "objectId", keep_until as "keepUntil"`,
        [tenantId, mediaId],
      );
      return {
        objectIds: settled.map(({ objectId }) => objectId),
        keepUntil: settled[0]?.keepUntil?.toISOString(),
      };
    },

    /** Nothing leads to them any more. */
    async drop(client: pg.ClientBase, tenantId: string, mediaId: string): Promise<void> {
      await client.query('delete from kernel.media_file where tenant_id = $1 and media_id = $2', [tenantId, mediaId]);
    },

    objectsOf: (tenantId: string, mediaId: string, plugin: string): Promise<{ objectId: string }[]> =>
      rows(
        tenantId,
        'select object_id as "objectId" from kernel.media_file where tenant_id = $1 and media_id = $2 and plugin = $3',
        [mediaId, plugin],
      ),

    /** By its name, or the main one; of one plugin, or of any. */
    async find(tenantId: string, mediaId: string, which: { name?: string | undefined; plugin?: string }) {
      const [found] = await rows<FoundFile>(
        tenantId,
        `select ${COLUMNS} from kernel.media_file
         where tenant_id = $1 and media_id = $2 and ($3::text is null or name = $3) and ($4::text is null or plugin = $4)
           and ($3::text is not null or main) limit 1`,
        [mediaId, which.name, which.plugin],
      );
      return found;
    },
  };
}
