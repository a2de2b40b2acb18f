import type { Transaction } from '@plinth/sdk';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { errors } from '../errors.ts';
import { type DatabaseRoles, pluginRole } from './roles.ts';

/**
 * The only way to rows. The pool logs in as a role that can see nothing by itself; each transaction takes on a role
 * and, but for the kernel's own spanning work, one tenant. Both end with the transaction, so nothing leaks to the
 * next borrower of the connection.
 */
export class Database {
  readonly roles: DatabaseRoles;
  /** For LISTEN and session locks only: connections that outlive a transaction. */
  readonly pool: pg.Pool;

  constructor(connection: pg.PoolConfig, roles: DatabaseRoles) {
    this.roles = roles;
    this.pool = new pg.Pool({
      max: 20,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
      ...connection,
    });
    // An idle connection that breaks (server restart) is replaced on next use; unhandled it would end the process.
    this.pool.on('error', () => {});
    // So it is with one that breaks between two queries of a transaction: the next query tells.
    this.pool.on('connect', (client) => void client.on('error', () => {}));
  }

  /** Kernel tables, one tenant's rows. */
  tenant<T>(tenantId: string, run: (tx: Transaction, client: pg.PoolClient) => Promise<T>, mode?: 'read'): Promise<T> {
    return this.#run(this.roles.kernel, tenantId, run, mode);
  }

  /** A plugin's own schema, one tenant's rows. */
  plugin<T>(
    pluginId: string,
    tenantId: string,
    run: (tx: Transaction, client: pg.PoolClient) => Promise<T>,
    mode?: 'read',
  ): Promise<T> {
    return this.#run(pluginRole(this.roles, pluginId), tenantId, run, mode);
  }

  /**
   * Kernel tables, every tenant's rows: relays, schedulers and the look-up of a tenant by host. Nothing else.
   * `quick` does not wait for the disk: a crash of the server may take back the last of such commits.
   */
  spanning<T>(run: (tx: Transaction, client: pg.PoolClient) => Promise<T>, mode?: 'read' | 'quick'): Promise<T> {
    return this.#run(this.roles.system, undefined, run, mode);
  }

  /** The ledger's tables, every book. */
  ledger<T>(run: (tx: Transaction, client: pg.PoolClient) => Promise<T>, mode?: 'read'): Promise<T> {
    return this.#run(this.roles.ledger, undefined, run, mode);
  }

  async #run<T>(
    role: string,
    tenantId: string | undefined,
    run: (tx: Transaction, client: pg.PoolClient) => Promise<T>,
    mode: 'read' | 'quick' | undefined,
  ): Promise<T> {
    if (tenantId !== undefined && !UUID.test(tenantId)) throw errors.bad_tenant({ detail: 'A tenant id is a uuid.' });
    const client = await this.pool.connect();
    // Only an error that left the connection in an unknown state may cost the connection.
    let broken: Error | undefined;
    try {
      // One round trip. Both values are checked above or made by us, so they can stand in the text.
      const tenant = tenantId === undefined ? '' : `; set local app.tenant = '${tenantId}'`;
      const quick = mode === 'quick' ? '; set local synchronous_commit = off' : '';
      await client.query(`begin${mode === 'read' ? ' read only' : ''}; set local role "${role}"${tenant}${quick}`);
      try {
        const result = await run(drizzle(client), client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      }
    } catch (error) {
      if (isConnectionFailure(error)) broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the server went away, as opposed to answering with an error. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(08|57P0)/.test(code) ||
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT)$/.test(code) ||
    /terminated|not queryable/i.test(error.message)
  );
}
