import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { Pointer } from './runs.ts';

type Of = Pick<Pointer, 'tenantId' | 'runId'>;

/** Results of finished steps as they come back from JSON, by name. */
export async function readSteps(database: Database, { tenantId, runId }: Of): Promise<Map<string, unknown>> {
  return database.tenant(
    tenantId,
    async (_tx, client) => {
      const { rows } = await client.query<{ name: string; result: { value?: unknown } }>(
        'select name, result from kernel.job_step where tenant_id = $1 and run_id = $2',
        [tenantId, runId],
      );
      return new Map(rows.map((row) => [row.name, row.result.value]));
    },
    'read',
  );
}

/** Keeps a result. Marking it in the transaction of the step's effect comes first; the step's own result then counts. */
export async function writeStep(client: pg.ClientBase, of: Of, name: string, value: unknown, how: 'mark' | 'keep') {
  await client.query(
    `insert into kernel.job_step (tenant_id, run_id, name, result) values ($1, $2, $3, $4)
     on conflict (tenant_id, run_id, name) do ${how === 'mark' ? 'nothing' : 'update set result = excluded.result'}`,
    [of.tenantId, of.runId, name, how === 'mark' ? jsonIfPossible(value) : JSON.stringify({ value })],
  );
}

/** What a transaction returns is only a guess at the step's result, and need not be JSON. */
function jsonIfPossible(value: unknown): string {
  try {
    return JSON.stringify({ value });
  } catch {
    return '{}';
  }
}

export const dropStep = (client: pg.ClientBase, of: Of, name: string) =>
  client.query('delete from kernel.job_step where (tenant_id, run_id, name) = ($1, $2, $3)', [
    of.tenantId,
    of.runId,
    name,
  ]);
