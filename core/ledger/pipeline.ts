// Transactions whose statements are sent without waiting for each other's answers: one round trip to the server.
import pg from 'pg';
import { isConnectionFailure } from '../database/database.ts';

/** What a transaction sends through. */
export interface Pipeline {
  /** Sends a statement and returns at once. If it fails, the transaction's end tells. */
  tell(query: pg.QueryConfig): void;
  ask<R extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<R>>;
  /** For code that sends statements of its own: hand its promise to `also` instead of waiting for it. */
  readonly client: pg.PoolClient;
  also(work: Promise<unknown>): void;
}

/** A server that stays silent longer than its own time-outs is not there. */
const SILENT_MS = 40_000;
/** Somebody holds a book open from outside; what else waits must not wait with it for ever. */
const LOCKED_MS = 2_000;

/** A pool of the ledger's own, as pipelining belongs to a connection. */
export function pipelinePool(pool: pg.Pool, size: number): pg.Pool {
  // The pool hides its password from copies; without it given here the copy could not log in.
  const { password } = pool.options;
  const options = { ...pool.options, ...(password === undefined ? {} : { password }) };
  const own = new pg.Pool({
    ...options,
    max: size,
    application_name: 'plinth-ledger',
    pipeline: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: SILENT_MS,
    lock_timeout: LOCKED_MS,
  });
  // A connection that breaks fails what runs on it; unheard, its error would end the process as well.
  own.on('error', ignore);
  own.on('connect', (client) => client.on('error', ignore));
  return own;
}

/** One connection while it is used: transactions that begin before others have ended follow them on it, in order. */
export class Line {
  readonly #pool: pg.Pool;
  readonly #begin: string;
  #client: Promise<pg.PoolClient> | undefined;
  #users = 0;
  #flushMs = 0;
  #broken: Error | undefined;

  constructor(pool: pg.Pool, role: string) {
    this.#pool = pool;
    this.#begin = `begin; set local role "${role}"`;
  }

  /** How long the disk takes to keep a transaction, lately. */
  get flushMs(): number {
    return this.#flushMs;
  }

  /** `run` either sends all at once, or has the line to itself while it waits for answers. */
  async transaction<T>(run: (pipeline: Pipeline) => T | Promise<T>): Promise<T> {
    this.#users += 1;
    this.#client ??= this.#pool.connect();
    const sent: Promise<unknown>[] = [];
    let pipeline: Pipeline | undefined;
    try {
      pipeline = pipelineOf(await this.#client, sent);
      pipeline.tell({ text: this.#begin });
      const answer = run(pipeline);
      const result = answer instanceof Promise ? await answer : answer;
      const executed = Promise.all(sent);
      pipeline.tell({ text: 'commit' });
      pipeline = undefined;
      await executed;
      const began = performance.now();
      await Promise.all(sent);
      this.#flushMs += (performance.now() - began - this.#flushMs) / 8;
      return result;
    } catch (error) {
      // Behind a failed statement "commit" rolls back too; this is for what failed before it was sent.
      pipeline?.tell({ text: 'rollback' });
      if (isConnectionFailure(error) || !(error instanceof pg.DatabaseError)) this.#broken = error as Error;
      throw error;
    } finally {
      await Promise.allSettled(sent);
      this.#users -= 1;
      if (this.#users === 0) await this.#release();
    }
  }

  async #release(): Promise<void> {
    const [client, broken] = [this.#client, this.#broken];
    this.#client = undefined;
    this.#broken = undefined;
    (await client?.catch(ignore))?.release(broken);
  }
}

function pipelineOf(client: pg.PoolClient, sent: Promise<unknown>[]): Pipeline {
  const also = (work: Promise<unknown>) => {
    sent.push(work);
    // Reported once, by the end of the transaction: statements behind a failed one only fail because of it.
    work.catch(ignore);
  };
  return {
    client,
    also,
    tell: (query) => also(client.query(query)),
    ask(query) {
      const answer = client.query(query);
      also(answer);
      return answer as never;
    },
  };
}

const ignore = () => {};
