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
const DeadLetters = Type.Object({ items: Type.Array(DeadLetter), next: Type.Optional(Type.String()) });

/** Which dead letters: one event's, one consumer's, or both; neither means all. */
const Which = Type.Object({
  eventId: Type.Optional(Type.String({ format: 'uuid' })),
  consumer: Type.Optional(Type.String()),
});

const Page = Type.Object({
  consumer: Type.Optional(Type.String()),
  after: Type.Optional(Type.String({ pattern: '^[0-9a-f-]{36} \\S+$' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});

const access = { auth: { permission: 'kernel.events' }, scope: 'events' } as const;

/** Deliveries whose attempts are used up: they wait for somebody to look, mend the consumer and replay them. */
export function deadLetters(database: Database, now: () => Date, onReplay: () => void) {
  return [
    kernelRoute(
      'GET /events/dead',
      { ...access, summary: 'Events that a consumer could not handle', query: Page, reply: DeadLetters },
      (call, { query }) => list(database, call.tenant.id, query),
    ),
    kernelRoute(
      'POST /events/dead/replay',
      {
        ...access,
        summary: 'Deliver dead events again',
        body: Which,
        reply: Type.Object({ replayed: Type.Integer() }),
      },
      async (call, { body: { eventId, consumer } }) => {
        const { rowCount } = await database.tenant(call.tenant.id, (_tx, client) =>
          client.query(
            `update kernel.delivery set state = 'waiting', attempt = 0, due_at = $4
             where tenant_id = $1 and state = 'dead' and ($2::uuid is null or event_id = $2) and ($3::text is null or consumer = $3)`,
            [call.tenant.id, eventId, consumer, now()],
          ),
        );
        onReplay();
        return { replayed: rowCount ?? 0 };
      },
    ),
  ];
}

async function list(database: Database, tenantId: string, { consumer, after, limit = 50 }: Static<typeof Page>) {
  const [eventId, name] = after?.split(' ') ?? [];
  const { rows } = await database.tenant(
    tenantId,
    (_tx, client) =>
      client.query<Omit<Static<typeof DeadLetter>, 'diedAt'> & { diedAt: Date }>(
        `select d.event_id as "eventId", d.consumer, o.event, o.payload, d.attempt as attempts, d.error, d.due_at as "diedAt"
         from kernel.delivery d join kernel.outbox o on (o.tenant_id, o.id) = (d.tenant_id, d.event_id)
         where d.tenant_id = $1 and d.state = 'dead' and ($2::text is null or d.consumer = $2)
           and ($3::uuid is null or (d.event_id, d.consumer) > ($3, $4))
         order by d.event_id, d.consumer limit $5`,
        [tenantId, consumer, eventId, name, limit + 1],
      ),
    'read',
  );
  const items = rows.slice(0, limit).map((row) => ({ ...row, diedAt: row.diedAt.toISOString() }));
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, ...(last ? { next: `${last.eventId} ${last.consumer}` } : {}) };
}
