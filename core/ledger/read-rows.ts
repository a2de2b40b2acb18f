import type { Database } from '../database/database.ts';

/** One question to the ledger's tables, outside any lane. */
export async function readRows<R extends object>(database: Database, text: string, values: unknown[]): Promise<R[]> {
  const { rows } = await database.ledger((_tx, client) => client.query<R>(text, values), 'read');
  return rows;
}
