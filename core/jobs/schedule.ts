import { milliseconds, newId } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { checkOf } from '../schemas.ts';
import type { Definition } from './execution.ts';
import type { PerformerDeps } from './performer.ts';

interface Due {
  readonly tenantId: string;
  readonly plugin: string;
  readonly job: string;
  readonly at: Date;
}

const BATCH = 500;

/**
 * A repeated job that is new to a tenant is due for the first time one interval from now. None is due later than that:
 * what a clock that ran ahead wrote, or a longer interval of before, would be waited for.
 */
export async function spreadRepeated(database: Database, definitions: Iterable<Definition>, now: Date): Promise<void> {
  const repeated = [...definitions].filter(({ job }) => job.every !== undefined);
  const first = [
    repeated.map(({ plugin }) => plugin),
    repeated.map(({ name }) => name),
    repeated.map((definition) => new Date(now.getTime() + interval(definition))),
  ];
  await database.spanning(async (_tx, client) => {
    await client.query(
      `update kernel.job_schedule s set next_due = d.due
       from unnest($1::text[], $2::text[], $3::timestamptz[]) as d (plugin, job, due)
       where s.plugin = d.plugin and s.job = d.job and s.next_due > d.due`,
      first,
    );
    await client.query(
      `insert into kernel.job_schedule (tenant_id, plugin, job, next_due)
       select t.id, d.* from kernel.tenant t cross join unnest($1::text[], $2::text[], $3::timestamptz[]) as d (plugin, job, due)
       where t.state = 'active' and not exists (select from kernel.job_schedule s
         where (s.tenant_id, s.plugin, s.job) = (t.id, d.plugin, d.job))
       on conflict do nothing`,
      first,
    );
  });
}

/**
 * Enqueues repeated jobs that are due: once per interval in each tenant where the plugin is enabled, however many nodes
 * there are, because the row that says when it is due is moved on in the same transaction. After a long absence a job
 * runs once, not once for each interval missed; and not while its last run is still on its way.
 */
export async function enqueueRepeated(
  { database, enabled }: Pick<PerformerDeps, 'database' | 'enabled'>,
  definitions: ReadonlyMap<string, Definition>,
  now: Date,
): Promise<void> {
  const enqueueBatch = () =>
    database.spanning(async (_tx, client) => {
      const { rows } = await client.query<Due>(
        `select tenant_id as "tenantId", plugin, job, next_due as at from kernel.job_schedule
         where next_due <= $1 and plugin || '/' || job = any ($2) order by next_due limit ${BATCH} for update skip locked`,
        [now, [...definitions.keys()]],
      );
      for (const due of rows) {
        const definition = definitions.get(`${due.plugin}/${due.job}`);
        if (!definition) continue;
        if (await enabled(due.tenantId, due.plugin)) await enqueueOnce(client, due, definition, now);
        await client.query(
          'update kernel.job_schedule set next_due = $4 where (tenant_id, plugin, job) = ($1, $2, $3)',
          [due.tenantId, due.plugin, due.job, following(due.at, interval(definition), now)],
        );
      }
      return rows.length;
    });
  while ((await enqueueBatch()) === BATCH);
}

const interval = ({ job }: Definition) => milliseconds(job.every ?? '1d');

/** On the beat of the first, however late this one is noticed. */
function following(due: Date, every: number, now: Date): Date {
  const missed = Math.floor((now.getTime() - due.getTime()) / every);
  return new Date(due.getTime() + (missed + 1) * every);
}

async function enqueueOnce(client: pg.ClientBase, due: Due, { job }: Definition, now: Date): Promise<void> {
  const data = {};
  // Fills in the schema's defaults.
  checkOf(job.data)(data);
  await client.query(
    `insert into kernel.job_run (tenant_id, id, plugin, job, key, data, run_at) select $1, $2, $3, $4, $5, $6, $7
     where not exists (select from kernel.job_run where tenant_id = $1 and plugin = $3 and job = $4
       and key like 'every %' and state in ('waiting', 'running'))
     on conflict do nothing`,
    [due.tenantId, newId(), due.plugin, due.job, `every ${due.at.toISOString()}`, JSON.stringify(data), now],
  );
}
