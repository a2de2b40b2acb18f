import type { Clock } from '@plinth/sdk';
import { type Run, type RunPage, RunState } from '@plinth/sdk/services/jobs.ts';
import { type Static, Type } from 'typebox';
import type { Database } from '../database/database.ts';
import { errors } from '../errors.ts';

export const RunQuery = Type.Object({
  plugin: Type.Optional(Type.String()),
  job: Type.Optional(Type.String()),
  state: Type.Optional(RunState),
  after: Type.Optional(Type.String({ format: 'uuid' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});

/** Which runs of a tenant: all that is given must fit. */
interface Which extends Static<typeof RunQuery> {
  readonly runId?: string;
  /** The account that enqueued it. */
  readonly accountId?: string;
}

type One = Which & { readonly runId: string };

// The error for people: its first line, without the stack.
const VIEW = `id as "runId", plugin, job, state, attempts - forgiven as attempts, progress, note,
  split_part(error, E'\\n', 1) as error, case when run_at < 'infinity' then run_at end as "runAt",
  created_at as "createdAt", finished_at as "finishedAt"`;
const FITS = `tenant_id = $1 and ($2::uuid is null or id = $2) and ($3::text is null or plugin = $3)
  and ($4::text is null or actor ->> 'accountId' = $4)`;

const UNTOUCHED = `state = 'waiting' and not exists (select from kernel.job_step s where (s.tenant_id, s.run_id) = (r.tenant_id, r.id))`;

export type Directory = ReturnType<typeof directoryOf>;

/** Runs as people and plugins see them: within one tenant, looked up, cancelled and tried again. */
export function directoryOf(database: Database, clock: Clock, onChange: () => void) {
  const query = (tenantId: string, sql: string, values: unknown[]) =>
    database.tenant(tenantId, async (_tx, client) => (await client.query(sql, [tenantId, ...values])).rows);

  /** Newest first. */
  async function list(tenantId: string, which: Which): Promise<RunPage> {
    const { job, state, after, limit = 50 } = which;
    const rows = await query(
      tenantId,
      `select ${VIEW} from kernel.job_run where ${FITS} and ($5::text is null or job = $5)
         and ($6::text is null or state = $6) and ($7::uuid is null or id < $7) order by id desc limit $8`,
      [...fits(which), job, state, after, limit + 1],
    );
    const items = rows.slice(0, limit).map(view);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, ...(last ? { next: last.runId } : {}) };
  }

  async function find(tenantId: string, which: One): Promise<Run> {
    const run = (await list(tenantId, which)).items[0];
    if (!run) throw errors.not_found({ detail: 'There is no such run.' });
    return run;
  }

  /** Where the run is in another state, it stays as it is. */
  async function change(tenantId: string, which: One, to: string, from: string): Promise<Run> {
    const sql = `update kernel.job_run r set pushed_at = null, ${to} where ${FITS} and state in (${from}) returning ${VIEW}`;
    const [row] = await query(tenantId, sql, [...fits(which), clock.now()]);
    if (!row) return find(tenantId, which);
    onChange();
    return view(row);
  }

  return {
    list,
    find,

    /** A run that has steps behind it is started once more, to undo them. */
    cancel: (tenantId: string, which: One) =>
      change(
        tenantId,
        which,
        `cancelling = true,
         state = case when ${UNTOUCHED} then 'cancelled' else state end,
         finished_at = case when ${UNTOUCHED} then $5::timestamptz end,
         run_at = case when state = 'waiting' then $5::timestamptz else run_at end`,
        "'waiting', 'running'",
      ),

    /** Gives a failed run all its attempts again. Steps that could not be undone stay done. */
    retry: (tenantId: string, which: One) =>
      change(tenantId, which, `state = 'waiting', forgiven = attempts, run_at = $5, finished_at = null`, "'failed'"),
  };
}

const fits = ({ runId, plugin, accountId }: Which) => [runId, plugin, accountId];

/** A row as it is told: times as text, and nothing where there is null. */
const view = (row: object): Run => JSON.parse(JSON.stringify(row), (_key, value) => value ?? undefined);
