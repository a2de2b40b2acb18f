import { type Actor, newId, type Page } from '@plinth/sdk';
import type { AuditEntry } from '@plinth/sdk/services/audit.ts';
import type pg from 'pg';

/** Who did it, from where. A `Call` has all but the address. */
export interface Origin {
  readonly tenant: { readonly id: string };
  readonly actor: Actor;
  readonly requestId?: string;
}

export interface AuditFact {
  /** `auth.signed-in`, `tip-jar.refunded` */
  readonly action: string;
  /** What it was done to: an id or a name. */
  readonly subject: string;
  /** No personal data: this cannot be taken back. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly address?: string;
}

/** Adds to the log in the transaction of `client`. */
export async function writeAudit(client: pg.ClientBase, origin: Origin, at: Date, fact: AuditFact): Promise<void> {
  await client.query(
    `insert into kernel.audit (tenant_id, id, at, actor_kind, actor_id, action, subject, detail, network, request_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      origin.tenant.id,
      newId(at.getTime()),
      at,
      origin.actor.kind,
      origin.actor.kind === 'person' ? origin.actor.accountId : undefined,
      fact.action,
      fact.subject,
      fact.detail ?? {},
      networkOf(fact.address ?? ''),
      origin.requestId ?? '',
    ],
  );
}

export interface AuditQuery {
  readonly action?: string;
  readonly subject?: string;
  readonly actorId?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** Newest first. */
export async function listAudit(client: pg.ClientBase, tenantId: string, query: AuditQuery): Promise<Page<AuditEntry>> {
  const limit = query.limit ?? 50;
  const { rows } = await client.query<AuditEntry & { at: Date }>(
    `select id, at, actor_kind as "actorKind", actor_id as "actorId", action, subject, detail, network,
       request_id as "requestId" from kernel.audit
     where tenant_id = $1 and ($2::text is null or action = $2) and ($3::text is null or subject = $3)
       and ($4::uuid is null or actor_id = $4) and ($5::uuid is null or id < $5)
     order by id desc limit $6`,
    [tenantId, query.action, query.subject, query.actorId, query.after, limit + 1],
  );
  const items = rows.slice(0, limit).map(({ at, actorId, ...row }) => ({
    ...row,
    at: at.toISOString(),
    ...(actorId ? { actorId } : {}),
  }));
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: last.id } : { items };
}

/** An address without the part that tells a household from its neighbours. */
export function networkOf(address: string): string {
  const v4 = /(\d+\.\d+\.\d+)\.\d+$/.exec(address);
  if (v4) return `${v4[1]}.0/24`;
  const groups = address.split('::')[0]?.split(':').slice(0, 3).filter(Boolean) ?? [];
  return groups.length === 0 ? '' : `${groups.join(':')}::/48`;
}
