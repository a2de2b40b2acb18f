import type { Call, Contribution } from '@plinth/sdk';
import { Audit, type AuditEntry } from '@plinth/sdk/services/audit.ts';
import type { Static } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { atDesk, type Desk, pageOf } from '../desk.ts';
import { askerOf, type Parts } from '../parts.ts';

type Query = Static<typeof Audit.methods.list.input>;

/** Newest first. */
export async function listAudit(desk: Desk, { action, subject, actorId, after, limit = 50 }: Query) {
  const rows = await desk.all<AuditEntry>(
    `select id, at, actor_kind, actor_id, action, subject, detail, network, request_id from kernel.audit
     where tenant_id = $1 and ($2::text is null or action = $2) and ($3::text is null or subject = $3)
       and ($4::uuid is null or actor_id = $4) and ($5::uuid is null or id < $5) order by id desc limit $6`,
    ...[action, subject, actorId, after, limit + 1],
  );
  return pageOf(rows, limit);
}

export function auditRoute(parts: Parts): Contribution {
  const { input: query, output: reply } = Audit.methods.list;
  const auth = { permission: 'kernel.audit' } as const;
  return kernelRoute(
    'GET /auth/audit',
    { auth, scope: 'audit:read', summary: 'Who did what, newest first', query, reply },
    (call: Call, request) => atDesk(parts, askerOf(call), (desk) => listAudit(desk, request.query)),
  );
}
