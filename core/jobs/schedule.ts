import { type Clock, milliseconds, newId } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { checkOf } from '../schemas.ts';
import type { Definition } from './execution.ts';

export interface ScheduleDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
}

interface Due {
  tenant_id: string;
  plugin: string;
  job: string;
  next_due: Date;
}

const BATCH = 500;

/**
 * Enqueues repeated jobs: once per interval in each tenant where the plugin is enabled, however many nodes there are,
 * because the row that says when it is due is moved on in the same transaction. After a long absence a job runs once,
 * not once for each interval missed; and not while its last run is still on its way.
 */
export class Schedule {
  readonly #deps: ScheduleDeps;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  /**
   * A job that is new to a tenant is due for the first time one interval from now. No job is due later than that: what
   * a clock that ran ahead wrote, or a longer interval of before, would be waited for.
   */
  async spread(definitions: readonly Definition[]): Promise<void> {
    const now = this.#deps.clock.now().getTime();
    const repeated = definitions.filter((definition) => definition.job.every !== undefined);
    const first = [
      repeated.map((definition) => definition.plugin),
      repeated.map((definition) => definition.name),
      repeated.map((definition) => new Date(now + interval(definition))),
    ];
    await this.#deps.database.spanning(async (_tx, client) => {
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

  /** Enqueues what is due. Answers whether there may be more. */
  async enqueueDue(definitions: readonly Definition[]): Promise<boolean> {
    const now = this.#deps.clock.now();
    const known = new Map(definitions.map((definition) => [`${definition.plugin}/${definition.name}`, definition]));
    return this.#deps.database.spanning(async (_tx, client) => {
      const { rows } = await client.query<Due>(
        `select tenant_id, plugin, job, next_due from kernel.job_schedule
         where next_due <= $1 and plugin || '/' || job = any ($2) order by next_due limit ${BATCH} for update skip locked`,
        [now, [...known.keys()]],
      );
      for (const row of rows) {
        const definition = known.get(`${row.plugin}/${row.job}`);
        if (!definition) continue;
        if (await this.#deps.enabled(row.tenant_id, row.plugin)) await enqueueOnce(client, row, definition, now);
        await client.query(
          'update kernel.job_schedule set next_due = $4 where (tenant_id, plugin, job) = ($1, $2, $3)',
          [row.tenant_id, row.plugin, row.job, following(row.next_due, interval(definition), now)],
        );
      }
      return rows.length === BATCH;
    });
  }

  /** When the next of these jobs is due anywhere. */
  async nextDue(definitions: readonly Definition[]): Promise<Date | undefined> {
    return this.#deps.database.spanning(async (_tx, client) => {
      const { rows } = await client.query<{ at: Date | null }>(
        `select min(next_due) as at from kernel.job_schedule where plugin || '/' || job = any ($1)`,
        [definitions.map((definition) => `${definition.plugin}/${definition.name}`)],
      );
      return rows[0]?.at ?? undefined;
    }, 'read');
  }
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
    [due.tenant_id, newId(), due.plugin, due.job, `every ${due.next_due.toISOString()}`, JSON.stringify(data), now],
  );
}
