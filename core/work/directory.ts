// Work as people and plugins see it: within one tenant, looked up and cancelled.
import type { Clock } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { errors } from './errors.ts';
import { COLUMNS, type Work, type WorkState, workOf } from './item.ts';
import type { Rows } from './rows.ts';

/** Which work of a tenant: all that is given must fit. */
export interface Which {
  readonly workId?: string | undefined;
  readonly plugin?: string | undefined;
  readonly accountId?: string | undefined;
  readonly room?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: WorkState | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

type One = Which & { readonly workId: string };

export interface DirectoryDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly rows: Rows;
  readonly onCancel: (work: Work) => void;
}

export type Directory = ReturnType<typeof directoryOf>;

const FITS = `tenant_id = $1 and ($2::uuid is null or id = $2) and ($3::text is null or plugin = $3)
  and ($4::uuid is null or account_id = $4) and ($5::text is null or room = $5) and ($6::text is null or kind = $6)
  and ($7::text is null or state = $7) and ($8::uuid is null or id < $8) and parent is null`;

const fits = (tenantId: string, { workId, plugin, accountId, room, kind, state, after }: Which) => [
  ...[tenantId, workId, plugin, accountId, room, kind, state, after],
];

export function directoryOf({ database, clock, rows, onCancel }: DirectoryDeps) {
  async function list(tenantId: string, which: Which): Promise<{ items: Work[]; next?: string }> {
    const { limit = 50 } = which;
    const found = await database.tenant(
      tenantId,
      async (_tx, client) => {
        const sql = `select ${COLUMNS} from kernel.work where ${FITS} order by id desc limit $9`;
        return (await client.query(sql, [...fits(tenantId, which), limit + 1])).rows.map(workOf);
      },
      'read',
    );
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { items, ...(last ? { next: last.workId } : {}) };
  }

  async function find(tenantId: string, which: One): Promise<Work> {
    const [work] = (await list(tenantId, { ...which, limit: 1 })).items;
    if (!work) throw errors.work_missing();
    return work;
  }

  async function change(client: pg.ClientBase, tenantId: string, which: One): Promise<Work | undefined> {
    const sql = `select ${COLUMNS} from kernel.work where ${FITS} for update`;
    const found = await client.query(sql, fits(tenantId, which));
    if (!found.rows[0]) throw errors.work_missing();
    const work = workOf(found.rows[0]);
    if (work.state !== 'waiting' && work.state !== 'running') return undefined;
    return rows.cancel(client, work, work.state, clock.now());
  }

  async function cancel(tenantId: string, which: One): Promise<Work> {
    const work = await database.tenant(tenantId, (_tx, client) => change(client, tenantId, which));
    if (!work) return find(tenantId, which);
    onCancel(work);
    return work;
  }

  return {
    /** Newest first. */
    list,
    find,
    /** What waits ends at once; who does it is told to stop. What has ended stays as it is. */
    cancel,

    /** Whoever deleted their account wants nothing any more. What still runs is forgotten when it is old. */
    async forgetPerson(tenantId: string, accountId: string): Promise<void> {
      for (const state of ['waiting', 'running'] as const) {
        const { items } = await list(tenantId, { accountId, state, limit: 200 });
        for (const { workId } of items) await cancel(tenantId, { workId });
      }
      await database.tenant(tenantId, async (_tx, client) => {
        const over = 'finished_at is not null';
        await client.query(`delete from kernel.work where tenant_id = $1 and account_id = $2 and ${over}`, [
          tenantId,
          accountId,
        ]);
        await client.query('delete from kernel.work_share where tenant_id = $1 and owner = $2', [tenantId, accountId]);
      });
    },
  };
}
