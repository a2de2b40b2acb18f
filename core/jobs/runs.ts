import type pg from 'pg';
import type { Database } from '../database/database.ts';

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
  readonly forgiven: number;
  readonly cancelling: boolean;
  readonly data: unknown;
  readonly actor: { readonly kind: string; readonly accountId?: string };
  readonly requestId: string;
  readonly error: string | undefined;
}

/** How a start ended. `waiting`: it is started again at `at`, and `forgiven` more starts do not count. */
export interface Ending {
  readonly of: Taken;
  readonly state: 'waiting' | 'done' | 'failed' | 'cancelled';
  readonly at: Date;
  readonly error?: string;
  readonly forgiven?: number;
}

interface Row {
  tenant_id: string;
  id: string;
  plugin: string;
  job: string;
  attempts: number;
  forgiven: number;
  cancelling: boolean;
  data: unknown;
  actor: { kind: string; accountId?: string };
  request_id: string;
  error: string | null;
}

const POINTER = 'tenant_id, id, plugin, job, attempts';
/** Pushed so long ago, and not started: the queue may have lost it. Pushing what it still has changes nothing. */
const STALE = "interval '10 seconds'";

/** The rows of runs, as the nodes that push and do them see them. */
export class Runs {
  readonly #database: Database;
  readonly #worker: string;

  constructor(database: Database, worker: string) {
    this.#database = database;
    this.#worker = worker;
  }

  /** Runs that are due and not in the queue, and how many are in it without having been started. */
  due(now: Date, most: number): Promise<{ due: Pointer[]; pushed: number }> {
    return this.#database.spanning(async (_tx, client) => {
      const { rows } = await client.query<Row>(
        `select ${POINTER} from kernel.job_run where state = 'waiting' and pushed_at is null and run_at <= $1
         order by run_at limit $2`,
        [now, most],
      );
      const counted = await client.query<{ count: number }>(
        "select count(*)::int from kernel.job_run where state = 'waiting' and pushed_at is not null",
      );
      return { due: rows.map(pointer), pushed: counted.rows[0]?.count ?? 0 };
    }, 'read');
  }

  /** Runs that the queue may have lost. */
  async stale(most: number): Promise<Pointer[]> {
    return this.#select(
      `select ${POINTER} from kernel.job_run where state = 'waiting' and pushed_at < now() - ${STALE} order by pushed_at limit $1`,
      [most],
    );
  }

  /** For tests: what is due, pushed or not. */
  async dueAtAll(now: Date): Promise<Pointer[]> {
    return this.#select(
      `select ${POINTER} from kernel.job_run where state = 'waiting' and run_at <= $1 order by run_at, id limit 100`,
      [now],
    );
  }

  /** When the next waiting run is due. */
  async nextDue(): Promise<Date | undefined> {
    return this.#database.spanning(async (_tx, client) => {
      const { rows } = await client.query<{ at: Date | null }>(
        "select min(run_at) as at from kernel.job_run where state = 'waiting' and run_at < 'infinity'",
      );
      return rows[0]?.at ?? undefined;
    }, 'read');
  }

  async markPushed(pointers: readonly Pointer[]): Promise<void> {
    await this.#change(
      `update kernel.job_run r set pushed_at = now() from unnest($1::uuid[], $2::uuid[], $3::int[]) as p (tenant_id, id, attempts)
       where (r.tenant_id, r.id, r.attempts) = (p.tenant_id, p.id, p.attempts) and r.state = 'waiting'`,
      columns(pointers),
    );
  }

  /** Starts runs, each unless another node was quicker or it has moved on. */
  async take(pointers: readonly Pointer[]): Promise<(Taken | undefined)[]> {
    const rows = await this.#change<Row>(
      `update kernel.job_run r set state = 'running', worker = $4, attempts = r.attempts + 1, pushed_at = null
       from unnest($1::uuid[], $2::uuid[], $3::int[]) as p (tenant_id, id, attempts)
       where (r.tenant_id, r.id, r.attempts) = (p.tenant_id, p.id, p.attempts) and r.state = 'waiting'
       returning r.tenant_id, r.id, plugin, job, r.attempts, forgiven, cancelling, data, actor, request_id, error`,
      [...columns(pointers), this.#worker],
      // Whatever the run commits takes this to the disk as well.
      'quick',
    );
    const byId = new Map(rows.map((row) => [row.id, taken(row)]));
    return pointers.map(({ runId }) => {
      const mine = byId.get(runId);
      byId.delete(runId);
      return mine;
    });
  }

  /** Not for this node, or not now: back to the others, or parked until somebody wants it. */
  async park({ tenantId, runId, attempts }: Pointer): Promise<void> {
    await this.#change(
      `update kernel.job_run set run_at = 'infinity', pushed_at = null
       where tenant_id = $1 and id = $2 and attempts = $3 and state = 'waiting'`,
      [tenantId, runId, attempts],
    );
  }

  /** Which jobs have parked runs, and where. */
  async parked(): Promise<Pick<Pointer, 'tenantId' | 'plugin' | 'job'>[]> {
    return this.#database.spanning(async (_tx, client) => {
      const { rows } = await client.query<{ tenantId: string; plugin: string; job: string }>(
        `select distinct tenant_id as "tenantId", plugin, job from kernel.job_run
         where state = 'waiting' and pushed_at is null and run_at = 'infinity'`,
      );
      return rows;
    }, 'read');
  }

  async unpark({ tenantId, plugin, job }: Pick<Pointer, 'tenantId' | 'plugin' | 'job'>, now: Date): Promise<void> {
    await this.#change(
      `update kernel.job_run set run_at = $4 where tenant_id = $1 and plugin = $2 and job = $3
         and state = 'waiting' and run_at = 'infinity'`,
      [tenantId, plugin, job, now],
    );
  }

  /** Writes how starts ended, each if it is still this node's. */
  async finish(endings: readonly Ending[]): Promise<undefined[]> {
    await this.#change(
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
    return [];
  }

  /** What the rows say this node is running. */
  async mine(): Promise<{ runId: string; attempts: number; cancelling: boolean }[]> {
    return this.#change(
      `select id as "runId", attempts, cancelling from kernel.job_run where state = 'running' and worker = $1`,
      [this.#worker],
    );
  }

  /** Runs of nodes that are gone, and those in our name that we know nothing of: to be started again. */
  async release(now: Date, unknown: readonly string[]): Promise<void> {
    await this.#change(
      `update kernel.job_run r set state = 'waiting', worker = null, run_at = $1, error = 'The node that ran it went away.'
       where state = 'running' and (not exists (select from kernel.member m where m.id = r.worker)
         or (worker = $2 and id = any ($3)))`,
      [now, this.#worker, unknown],
    );
  }

  /** Nothing of this plugin is to start any more. */
  async forget(plugin: string, now: Date): Promise<void> {
    await this.#change('delete from kernel.job_schedule where plugin = $1', [plugin]);
    await this.#change(
      `update kernel.job_run set state = 'cancelled', cancelling = true, finished_at = $2 where plugin = $1 and state = 'waiting'`,
      [plugin, now],
    );
  }

  async figures(now: Date): Promise<{ waiting: number; running: number; failed: number; lateMs: number }> {
    const [row] = await this.#change<{ waiting: number; running: number; failed: number; due: Date | null }>(
      `select count(*) filter (where state = 'waiting')::int as waiting, count(*) filter (where state = 'running')::int as running,
         count(*) filter (where state = 'failed')::int as failed, min(run_at) filter (where state = 'waiting') as due
       from kernel.job_run where state in ('waiting', 'running', 'failed')`,
      [],
    );
    const { waiting = 0, running = 0, failed = 0, due } = row ?? {};
    return { waiting, running, failed, lateMs: due instanceof Date ? Math.max(now.getTime() - due.getTime(), 0) : 0 };
  }

  async progress({ tenantId, runId, attempts }: Pointer, fraction: number, note: string | undefined): Promise<void> {
    await this.#change(
      `update kernel.job_run set progress = $4, note = coalesce($5, note)
       where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`,
      [tenantId, runId, attempts, fraction, note],
      'quick',
    );
  }

  #change<R extends pg.QueryResultRow>(sql: string, values: unknown[], how?: 'quick'): Promise<R[]> {
    return this.#database.spanning(async (_tx, client) => (await client.query<R>(sql, values)).rows, how);
  }

  async #select(sql: string, values: unknown[]): Promise<Pointer[]> {
    return (await this.#change<Row>(sql, values)).map(pointer);
  }
}

const columns = (pointers: readonly Pointer[]) => [
  pointers.map((each) => each.tenantId),
  pointers.map((each) => each.runId),
  pointers.map((each) => each.attempts),
];

function pointer({ tenant_id: tenantId, id: runId, plugin, job, attempts }: Row): Pointer {
  return { tenantId, runId, plugin, job, attempts };
}

function taken(row: Row): Taken {
  const { forgiven, cancelling, data, actor, request_id: requestId, error } = row;
  return { ...pointer(row), forgiven, cancelling, data, actor, requestId, error: error ?? undefined };
}
