import { type Static, Type } from 'typebox';
import type { Database } from '../database/database.ts';
import { kernelRoute } from '../room.ts';

const DeadLetter = Type.Object({
  eventId: Type.String({ format: 'uuid' }),
  /** `plugin/id` */
  consumer: Type.String(),
  event: Type.String(),
  payload: Type.Unknown(),
  attempts: Type.Integer(),
  error: Type.String(),
  diedAt: Type.String({ format: 'date-time' }),
});
export type DeadLetter = Static<typeof DeadLetter>;

/** Which dead letters: one event's, one consumer's, or both; neither means all. */
export interface Which {
  readonly eventId?: string;
  readonly consumer?: string;
}

const auth = { permission: 'kernel.events' };

/** Deliveries whose attempts are used up: they wait for somebody to look, mend the consumer and replay them. */
export function deadLetters(database: Database, now: () => Date, onReplay: () => void) {
  async function list(tenantId: string, page: { consumer?: string; after?: string; limit?: number } = {}) {
    const { consumer, after, limit = 50 } = page;
    const [eventId, name] = after?.split(' ') ?? [];
    const items = await database.tenant(
      tenantId,
      async (_tx, client) => {
        const { rows } = await client.query<Omit<DeadLetter, 'diedAt'> & { diedAt: Date }>(
          `select d.event_id as "eventId", d.consumer, o.event, o.payload, d.attempt as attempts, d.error, d.due_at as "diedAt"
           from kernel.delivery d join kernel.outbox o on (o.tenant_id, o.id) = (d.tenant_id, d.event_id)
           where d.tenant_id = $1 and d.state = 'dead' and ($2::text is null or d.consumer = $2)
             and ($3::uuid is null or (d.event_id, d.consumer) > ($3, $4))
           order by d.event_id, d.consumer limit $5`,
          [tenantId, consumer, eventId, name, limit + 1],
        );
        return rows.map((row): DeadLetter => ({ ...row, diedAt: row.diedAt.toISOString() }));
      },
      'read',
    );
    const last = items.length > limit ? items[limit - 1] : undefined;
    return { items: items.slice(0, limit), ...(last ? { next: `${last.eventId} ${last.consumer}` } : {}) };
  }

  async function replay(tenantId: string, { eventId, consumer }: Which = {}): Promise<number> {
    const count = await database.tenant(tenantId, async (_tx, client) => {
      const { rowCount } = await client.query(
        `update kernel.delivery set state = 'waiting', attempt = 0, due_at = $4
         where tenant_id = $1 and state = 'dead' and ($2::uuid is null or event_id = $2) and ($3::text is null or consumer = $3)`,
        [tenantId, eventId, consumer, now()],
      );
      return rowCount ?? 0;
    });
    if (count > 0) onReplay();
    return count;
  }

  const query = Type.Object({
    consumer: Type.Optional(Type.String()),
    after: Type.Optional(Type.String({ pattern: '^[0-9a-f-]{36} \\S+$' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  });
  const reply = Type.Object({ items: Type.Array(DeadLetter), next: Type.Optional(Type.String()) });
  const which = Type.Object({
    eventId: Type.Optional(Type.String({ format: 'uuid' })),
    consumer: Type.Optional(Type.String()),
  });
  const routes = [
    kernelRoute(
      'GET /events/dead',
      { auth, scope: 'events', summary: 'Events that a consumer could not handle', query, reply },
      (call, request) => list(call.tenant.id, request.query),
    ),
    kernelRoute(
      'POST /events/dead/replay',
      {
        auth,
        scope: 'events',
        summary: 'Deliver dead events again',
        body: which,
        reply: Type.Object({ replayed: Type.Integer() }),
      },
      async (call, request) => ({ replayed: await replay(call.tenant.id, request.body) }),
    ),
  ];
  return { list, replay, routes };
}
