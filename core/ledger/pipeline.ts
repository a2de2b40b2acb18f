// One transaction whose statements are sent without waiting for each other's answers: one round trip to the server.
import pg from 'pg';
import { isConnectionFailure } from '../database/database.ts';

export type Send = <R extends pg.QueryResultRow>(query: pg.QueryConfig) => Promise<pg.QueryResult<R>>;

export interface Pipeline {
  readonly send: Send;
  /** For code that sends queries of its own: hand its promise to `also`, do not wait for it. */
  readonly client: pg.PoolClient;
  also(work: Promise<unknown>): void;
}

/** A pool of the ledger's own, as `pipeline` belongs to a connection. */
export function pipelinePool(pool: pg.Pool, size: number): pg.Pool {
  // The pool hides its password from copies; without it given here the copy could not log in.
  const { password } = pool.options;
  const options = { ...pool.options, ...(password === undefined ? {} : { password }) };
  const own = new pg.Pool({
    ...options,
    max: size,
    pipeline: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: SILENT_MS,
  });
  own.on('error', () => {});
  return own;
}

/** A server that stays silent longer than its own time-outs is not there. */
const SILENT_MS = 40_000;
/** Somebody holds a book open from outside; what else waits must not wait with it for ever. */
const LOCKED_MS = 5_000;

/** Errors of what was sent come out at the end. */
export async function inPipeline<T>(pool: pg.Pool, role: string, run: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const sent: Promise<unknown>[] = [];
  const also = (work: Promise<unknown>) => {
    sent.push(work);
    // Reported once, below: the statements behind a failed one only fail because of it.
    work.catch(() => {});
  };
  const send: Send = (query) => {
    const answer = client.query(query);
    also(answer);
    return answer as never;
  };
  let broken: Error | undefined;
  try {
    send({ text: `begin; set local role "${role}"; set local lock_timeout = ${LOCKED_MS}` });
    const result = await run({ send, client, also });
    send({ text: 'commit' });
    await Promise.all(sent);
    return result;
  } catch (error) {
    // Behind a failed statement "commit" rolls back too; this is for what failed before it was sent.
    await client.query('rollback').catch(() => {});
    if (isConnectionFailure(error) || !(error instanceof pg.DatabaseError)) broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}
