// For who runs a site: its people, their roles, and what was done.
import type { Contribution } from '@plinth/sdk';
import { Audit, type AuditEntry } from '@plinth/sdk/services/audit.ts';
import { type Static, Type } from 'typebox';
import { changeAccount, listAccounts, PrivateAccount } from '../accounts.ts';
import { personFor } from '../authenticate.ts';
import { type Desk, pageOf } from '../desk.ts';
import type { Parts } from '../parts.ts';
import { assignRoles, demandAll, keepAnOwner, putRole, Role, removeRole, rolesOf, takeTurns } from '../roles.ts';
import { endSessions } from '../sessions.ts';
import { deskRoutes } from './desk-route.ts';
import { Id, idOf } from './session-routes.ts';

const accounts = { permission: 'kernel.accounts' } as const;
const roles = { permission: 'kernel.roles' } as const;

export function peopleRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  return [
    route(
      'GET /auth/accounts',
      {
        ...{ auth: accounts, scope: 'accounts:read', summary: 'The people of this site, newest first' },
        query: Type.Object({
          search: Type.Optional(Type.String({ maxLength: 100 })),
          after: Type.Optional(Id),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
        }),
        reply: Type.Object({ items: Type.Array(PrivateAccount), next: Type.Optional(Id) }),
      },
      (desk, { query }) => listAccounts(desk, query),
    ),
    route(
      'PATCH /auth/accounts/:accountId',
      {
        ...{ auth: accounts, summary: 'Suspend an account, or let it in again' },
        body: Type.Object({ state: Type.Union([Type.Literal('active'), Type.Literal('suspended')]) }),
      },
      (desk, { params, body }) => setState(desk, idOf(params.accountId), body.state),
    ),
    route(
      'PUT /auth/accounts/:accountId/roles',
      {
        ...{ auth: roles, summary: 'Give an account exactly these roles' },
        body: Type.Object({ roles: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 50, uniqueItems: true }) }),
      },
      (desk, { params, body }) => assignRoles(desk, idOf(params.accountId), body.roles),
    ),
  ];
}

/** Nobody shuts out somebody who may do more than they may. */
async function setState(desk: Desk, accountId: string, state: 'active' | 'suspended'): Promise<void> {
  await takeTurns(desk);
  const person = await personFor(desk, accountId);
  demandAll(desk, person?.permissions ?? []);
  if (state === 'suspended') {
    await keepAnOwner(desk, accountId);
    await endSessions(desk, { accountId });
  }
  await changeAccount(desk, accountId, { state });
  await desk.revoke(accountId);
  await desk.audit(`auth.account-${state}`, accountId);
}

export function roleRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  const permissions = Type.Array(Type.String({ maxLength: 120 }), { maxItems: 500, uniqueItems: true });
  return [
    route(
      'GET /auth/roles',
      {
        ...{ auth: roles, summary: 'Roles, and the permissions they can be made of' },
        reply: Type.Object({
          items: Type.Array(Role),
          permissions: Type.Record(Type.String(), Type.String(), { description: 'What each lets a person do.' }),
        }),
      },
      async (desk) => ({ items: await rolesOf(desk), permissions: { ...parts.permissions.described() } }),
    ),
    route(
      'PUT /auth/roles/:role',
      {
        ...{ auth: roles, summary: 'Make or change a role of this site; "member" is what everybody may do' },
        body: Type.Object({ title: Type.String({ minLength: 1, maxLength: 80 }), permissions }),
      },
      (desk, { params, body }) => putRole(desk, { name: params.role, ...body }),
    ),
    route('DELETE /auth/roles/:role', { auth: roles, summary: 'Remove a role of this site' }, (desk, { params }) =>
      removeRole(desk, params.role),
    ),
  ];
}

/** Newest first. */
export async function listAudit(desk: Desk, query: Static<typeof Audit.methods.list.input>) {
  const { action, subject, actorId, after, limit = 50 } = query;
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
  const options = { scope: 'audit:read', summary: 'Who did what, newest first', query, reply };
  return deskRoutes(parts)('GET /auth/audit', { ...options, auth: { permission: 'kernel.audit' } }, (desk, request) =>
    listAudit(desk, request.query),
  );
}
