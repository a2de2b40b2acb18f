import type pg from 'pg';

/** One event at one consumer: `tip-jar/open-goal`. */
export interface Handled {
  readonly tenantId: string;
  readonly eventId: string;
  readonly consumer: string;
}

/**
 * Marks an event as handled in the transaction of its effect: both happen, or neither. False means that the effect has
 * been committed before, and this transaction has to be given up. While another transaction is about to commit the
 * same, this waits for it.
 *
 * @example if (!(await markHandled(client, delivery))) throw ALREADY_HANDLED;
 */
export async function markHandled(client: pg.ClientBase, { tenantId, consumer, eventId }: Handled): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'mark-handled',
    text: 'insert into kernel.inbox (tenant_id, consumer, event_id) values ($1, $2, $3) on conflict do nothing',
    values: [tenantId, consumer, eventId],
  });
  return rowCount === 1;
}
