import { type Actor, newId, type Person } from '@plinth/sdk';
import type pg from 'pg';

/** A fact on its way to the outbox. */
export interface Fact {
  readonly tenantId: string;
  /** `feed.video-published@1` */
  readonly event: string;
  readonly payload: unknown;
  readonly actor?: Actor | Pick<Person, 'kind' | 'accountId'>;
  readonly requestId?: string;
}

/** Adds facts in the transaction of `client`: they happen if it commits, and are delivered then. */
export async function writeOutbox(client: pg.ClientBase, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return;
  await client.query(
    `insert into kernel.outbox (tenant_id, id, event, payload, actor, request_id)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::jsonb[], $6::text[])`,
    [
      facts.map((fact) => fact.tenantId),
      facts.map(() => newId()),
      facts.map((fact) => fact.event),
      facts.map((fact) => JSON.stringify(fact.payload)),
      facts.map((fact) => JSON.stringify(actorOnRecord(fact.actor))),
      facts.map((fact) => fact.requestId ?? ''),
    ],
  );
}

/** Who is kept, what they were allowed is not: a consumer acts for the system, in their name. */
export interface ActorOnRecord {
  readonly kind: string;
  readonly accountId?: string;
}

export function actorOnRecord(actor: Fact['actor']): ActorOnRecord {
  if (actor?.kind === 'person') return { kind: 'person', accountId: actor.accountId };
  return { kind: actor?.kind ?? 'system' };
}
