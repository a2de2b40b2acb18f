import { type Actor, type Clock, type EnqueueOptions, milliseconds, newId } from '@plinth/sdk';
import type pg from 'pg';
import { actorOnRecord } from '../events/outbox.ts';

export interface NewRun extends EnqueueOptions {
  readonly tenantId: string;
  readonly plugin: string;
  readonly job: string;
  readonly data: unknown;
  readonly actor: Actor;
  readonly requestId: string;
}

/** A key that a run holds while it is not failed or cancelled: the predicate of the unique index. */
const HOLDS_KEY = "key is not null and state in ('waiting', 'running', 'done')";

/** Adds a run in the transaction of `client`: it starts if that commits. With a known key, it answers the run there is. */
export async function enqueue(client: pg.ClientBase, clock: Clock, run: NewRun): Promise<{ runId: string }> {
  const runAt = new Date(clock.now().getTime() + (run.delay === undefined ? 0 : milliseconds(run.delay)));
  const key = [run.tenantId, run.plugin, run.job, run.key];
  const added = await client.query<{ id: string }>(
    `insert into kernel.job_run (tenant_id, plugin, job, key, id, data, run_at, actor, request_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (tenant_id, plugin, job, key) where ${HOLDS_KEY} do nothing returning id`,
    [...key, newId(), JSON.stringify(run.data), runAt, JSON.stringify(actorOnRecord(run.actor)), run.requestId],
  );
  if (added.rows[0]) return { runId: added.rows[0].id };
  const { rows } = await client.query<{ id: string }>(
    `select id from kernel.job_run where (tenant_id, plugin, job, key) = ($1, $2, $3, $4) and ${HOLDS_KEY}`,
    key,
  );
  // The run that held the key may have failed between the two statements, and given it free.
  return rows[0] ? { runId: rows[0].id } : enqueue(client, clock, run);
}
