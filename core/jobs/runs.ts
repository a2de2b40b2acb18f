import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { ActorOnRecord } from '../events/outbox.ts';

/** A run as the queue knows it: one of its starts. */
export interface Pointer {
  readonly tenantId: string;
  readonly runId: string;
  readonly plugin: string;
  readonly job: string;
  /** How often it had been started when it was pushed: a pointer to an earlier start leads nowhere. */
  readonly attempts: number;
}

/** A run that this node has started. */
export interface Taken extends Pointer {
  /** 1 for the first, and again after a retry by hand. */
  readonly attempt: number;
  readonly cancelling: boolean;
  readonly data: unknown;
  readonly actor: ActorOnRecord;
  readonly requestId: string;
  readonly error: string | null;
}

/** How a start ended. `waiting`: it is started again at `at`, and `forgiven` more starts do not count. */
export interface Ending {
  readonly of: Taken;
  readonly state: 'waiting' | 'done' | 'failed' | 'cancelled';
  readonly at: Date;
  readonly error?: string | undefined;
  readonly forgiven?: number | undefined;
}

/** What a node sees every second: whether something is due, and what the rows say it is running. */
export interface Seen {
  readonly due: boolean;
  readonly mine: readonly { readonly runId: string; readonly attempts: number; readonly cancelling: boolean }[];
}

const POINTER = 'r.tenant_id as "tenantId", r.id as "runId", r.plugin, r.job, r.attempts';

/** The most that `due` answers. */
export const BATCH = 500;
/** So many runs at most are in the queue; the rest waits in its rows. A queue that loses everything loses little. */
const WINDOW = 4_000;

/** The rows of runs, as the nodes that push and do them see them. */
export class Runs {
  readonly #database: Database;
  readonly #worker: string;

  constructor(database: Database, worker: string) {
    this.#database = database;
    this.#worker = worker;
  }

  look(now: Date): string {
    return `select
      exists (select from kernel.job_run where state = 'waiting' and pushed_at is null and run_at <= '${now.toISOString()}') as due,
      (select coalesce(json_agg(json_build_object('runId', id, 'attempts', attempts, 'cancelling', cancelling)), '[]')
       from kernel.job_run where state = 'running' and worker = '${this.#worker}') as mine`;
  }

  /** Runs that are due and not in the queue, as many as it may take. */
  due(now: Date): Promise<Pointer[]> {
    return this.#query(
      `select ${POINTER} from kernel.job_run r where state = 'waiting' and pushed_at is null and run_at <= $1
       order by run_at limit (select least(${BATCH}, greatest(${WINDOW} - count(*), 0))
         from kernel.job_run where state = 'waiting' and pushed_at is not null)`,
      [now],
    );
  }

  /** What was pushed so long ago, and not started, is due again. Pushing what the queue still has changes nothing. */
  async doubtQueue(seconds: number): Promise<void> {
    await this.#query(
      `update kernel.job_run set pushed_at = null where state = 'waiting' and pushed_at <= now() - make_interval(secs => $1)`,
      [seconds],
    );
  }

  /** For tests: when the next waiting run is due, or the next of these repeated jobs. */
  async nextDue(repeated: readonly string[]): Promise<Date | undefined> {
    const [row] = await this.#query<{ at: Date | null }>(
      `select least((select min(run_at) from kernel.job_run where state = 'waiting' and run_at < 'infinity'),
         (select min(next_due) from kernel.job_schedule where plugin || '/' || job = any ($1))) as at`,
      [repeated],
    );
    return row?.at ?? undefined;
  }

  async markPushed(pointers: readonly Pointer[]): Promise<void> {
    await this.#query(
      `update kernel.job_run r set pushed_at = now() from unnest($1::uuid[], $2::uuid[], $3::int[]) as p (tenant_id, id, attempts)
       where (r.tenant_id, r.id, r.attempts) = (p.tenant_id, p.id, p.attempts) and r.state = 'waiting'`,
      columns(pointers),
    );
  }

  /** Starts runs, each unless another node was quicker or it has moved on. */
  async take(pointers: readonly Pointer[]): Promise<(Taken | undefined)[]> {
    const rows = await this.#query<Taken>(
      `update kernel.job_run r set state = 'running', worker = $4, attempts = r.attempts + 1, pushed_at = null
       from unnest($1::uuid[], $2::uuid[], $3::int[]) as p (tenant_id, id, attempts)
       where (r.tenant_id, r.id, r.attempts) = (p.tenant_id, p.id, p.attempts) and r.state = 'waiting'
       returning ${POINTER}, r.attempts - forgiven as attempt, cancelling, data, actor, request_id as "requestId", error`,
      [...columns(pointers), this.#worker],
      // Whatever the run commits takes this to the disk as well.
      'quick',
    );
    const byId = new Map(rows.map((row) => [row.runId, row]));
    return pointers.map(({ runId }) => {
      const mine = byId.get(runId);
      byId.delete(runId);
      return mine;
    });
  }

  /** Not for this node, or not now: back to the others, or parked until somebody wants it. */
  async park({ tenantId, runId, attempts }: Pointer): Promise<void> {
    await this.#query(
      `update kernel.job_run set run_at = 'infinity', pushed_at = null
       where tenant_id = $1 and id = $2 and attempts = $3 and state = 'waiting'`,
      [tenantId, runId, attempts],
    );
  }

  /** Which jobs have parked runs, and where. */
  parked(): Promise<Pick<Pointer, 'tenantId' | 'plugin' | 'job'>[]> {
    return this.#query(
      `select distinct tenant_id as "tenantId", plugin, job from kernel.job_run
       where state = 'waiting' and pushed_at is null and run_at = 'infinity'`,
      [],
    );
  }

  async unpark({ tenantId, plugin, job }: Pick<Pointer, 'tenantId' | 'plugin' | 'job'>, now: Date): Promise<void> {
    await this.#query(
      `update kernel.job_run set run_at = $4 where tenant_id = $1 and plugin = $2 and job = $3
         and state = 'waiting' and run_at = 'infinity'`,
      [tenantId, plugin, job, now],
    );
  }

  /** Writes how starts ended, each if it is still this node's. */
  async finish(endings: readonly Ending[]): Promise<void> {
    await this.#query(
      `update kernel.job_run r set state = e.state, worker = null, error = e.error, forgiven = r.forgiven + e.forgiven,
         run_at = case when e.state = 'waiting' then e.at else r.run_at end,
         finished_at = case when e.state = 'waiting' then null else e.at end,
         progress = case when e.state = 'done' then 1 else r.progress end
       from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::text[], $7::int[])
         as e (tenant_id, id, attempts, state, at, error, forgiven)
       where (r.tenant_id, r.id, r.attempts) = (e.tenant_id, e.id, e.attempts) and r.state = 'running' and r.worker = $8`,
      [
        ...columns(endings.map((ending) => ending.of)),
        endings.map((ending) => ending.state),
        endings.map((ending) => ending.at),
        endings.map((ending) => ending.error),
        endings.map((ending) => ending.forgiven ?? 0),
        this.#worker,
      ],
    );
  }

  /** Runs of nodes that are gone, and those in our name that we know nothing of: to be started again. */
  async release(now: Date, unknown: readonly string[]): Promise<void> {
    await this.#query(
      `update kernel.job_run r set state = 'waiting', worker = null, run_at = $1, error = 'The node that ran it went away.'
       where state = 'running' and (not exists (select from kernel.member m where m.id = r.worker)
         or (worker = $2 and id = any ($3)))`,
      [now, this.#worker, unknown],
    );
  }

  /** Nothing of this plugin is to start any more. */
  async forget(plugin: string, now: Date): Promise<void> {
    await this.#query('delete from kernel.job_schedule where plugin = $1', [plugin]);
    await this.#query(
      `update kernel.job_run set state = 'cancelled', cancelling = true, finished_at = $2 where plugin = $1 and state = 'waiting'`,
      [plugin, now],
    );
  }

  /** For metrics. `lateMs`: how long the run that is due longest has been waiting. */
  async figures(now: Date) {
    const none = { waiting: 0, running: 0, failed: 0, lateMs: 0 };
    const [row] = await this.#query<typeof none>(
      `select count(*) filter (where state = 'waiting')::int as waiting, count(*) filter (where state = 'running')::int as running,
         count(*) filter (where state = 'failed')::int as failed,
         coalesce(extract(epoch from $1 - min(run_at) filter (where state = 'waiting' and run_at <= $1)) * 1000, 0)::float8 as "lateMs"
       from kernel.job_run where state in ('waiting', 'running', 'failed')`,
      [now],
    );
    return row ?? none;
  }

  async progress({ tenantId, runId, attempts }: Pointer, fraction: number, note: string | undefined): Promise<void> {
    await this.#query(
      `update kernel.job_run set progress = $4, note = coalesce($5, note)
       where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`,
      [tenantId, runId, attempts, fraction, note],
      'quick',
    );
  }

  #query<R extends pg.QueryResultRow>(sql: string, values: unknown[], how?: 'quick'): Promise<R[]> {
    return this.#database.spanning(async (_tx, client) => (await client.query<R>(sql, values)).rows, how);
  }
}

const columns = (pointers: readonly Pointer[]) => [
  pointers.map((each) => each.tenantId),
  pointers.map((each) => each.runId),
  pointers.map((each) => each.attempts),
];
