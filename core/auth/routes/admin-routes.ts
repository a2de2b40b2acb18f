// For who runs a site: its people, their roles, and the audit log.
import type { Contribution } from '@plinth/sdk';
import { AuditEntry } from '@plinth/sdk/services/audit.ts';
import { Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { changeAccount, listAccounts } from '../accounts.ts';
import { listAudit, writeAudit } from '../audit.ts';
import { personFor } from '../authenticate.ts';
import { errors } from '../errors.ts';
import { type Asker, askerOf, type Parts, revoking } from '../parts.ts';
import { demandAll, keepAnOwner, putRole, removeRole, rolesOf, setRoles } from '../roles.ts';
import { dropSessions } from '../sessions.ts';
import { PrivateAccount } from './account-routes.ts';
import { idOr } from './session-routes.ts';

const Id = Type.String({ format: 'uuid' });
const RoleName = '^[a-z][a-z0-9-]{0,39}$';
const Permissions = Type.Array(Type.String({ maxLength: 120 }), { maxItems: 500, uniqueItems: true });
const Role = Type.Object({
  name: Type.String(),
  title: Type.String(),
  permissions: Type.Array(Type.String()),
  origin: Type.Union([Type.Literal('kernel'), Type.Literal('tenant'), Type.Literal('plugin')]),
});
const Paging = { after: Type.Optional(Id), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })) };
const accounts = { permission: 'kernel.accounts' } as const;
const roles = { permission: 'kernel.roles' } as const;

export function adminRoutes(parts: Parts): Contribution[] {
  return [...peopleRoutes(parts), ...roleRoutes(parts), auditRoute(parts)];
}

function peopleRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'GET /auth/accounts',
      {
        auth: accounts,
        scope: 'accounts:read',
        summary: 'The people of this site, newest first',
        query: Type.Object({ search: Type.Optional(Type.String({ maxLength: 100 })), ...Paging }),
        reply: Type.Object({ items: Type.Array(PrivateAccount), next: Type.Optional(Type.String()) }),
      },
      async (call, { query }) => {
        const page = await listAccounts(parts, call.tenant.id, query);
        return { ...page, items: page.items.map((each) => ({ ...each, roles: [...each.roles] })) };
      },
    ),
    kernelRoute(
      'PATCH /auth/accounts/:accountId',
      {
        auth: accounts,
        summary: 'Suspend an account, or let it in again',
        body: Type.Object({ state: Type.Union([Type.Literal('active'), Type.Literal('suspended')]) }),
      },
      async (call, request) =>
        setState(parts, askerOf(call, request), idOr(request.params.accountId), request.body.state),
    ),
    kernelRoute(
      'PUT /auth/accounts/:accountId/roles',
      {
        auth: roles,
        summary: 'Give an account exactly these roles',
        body: Type.Object({ roles: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 50, uniqueItems: true }) }),
      },
      async (call, request) =>
        setRoles(parts, askerOf(call, request), idOr(request.params.accountId), request.body.roles),
    ),
  ];
}

/** Nobody shuts out somebody who may do more than they may. */
async function setState(parts: Parts, asker: Asker, accountId: string, state: 'active' | 'suspended'): Promise<void> {
  const tenantId = asker.tenant.id;
  const person = await personFor(parts, tenantId, accountId);
  if (person) demandAll(asker, person.permissions);
  await revoking(parts, tenantId, accountId, async (client) => {
    if (state === 'suspended') {
      await keepAnOwner(client, tenantId, accountId);
      await dropSessions(parts, client, asker, { accountId }, 'auth.signed-out');
    }
    await changeAccount(parts, client, tenantId, accountId, { state });
    await writeAudit(client, asker, parts.clock.now(), { action: `auth.account-${state}`, subject: accountId });
  });
}

function roleRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'GET /auth/roles',
      {
        auth: roles,
        summary: 'Roles, and the permissions they can be made of',
        reply: Type.Object({
          items: Type.Array(Role),
          permissions: Type.Record(Type.String(), Type.String(), {
            description: 'Permission → what it lets a person do.',
          }),
        }),
      },
      async (call) => {
        const found = await parts.database.tenant(
          call.tenant.id,
          (_tx, client) => rolesOf(parts, client, call.tenant.id),
          'read',
        );
        return {
          items: found.map((role) => ({ ...role, permissions: [...role.permissions] })),
          permissions: { ...parts.permissions.described() },
        };
      },
    ),
    kernelRoute(
      'PUT /auth/roles/:role',
      {
        auth: roles,
        summary: 'Make or change a role of this site; "member" is what everybody may do',
        body: Type.Object({ title: Type.String({ minLength: 1, maxLength: 80 }), permissions: Permissions }),
      },
      async (call, request) => {
        const { role } = request.params;
        if (!new RegExp(RoleName).test(role))
          throw errors.role_reserved({ detail: 'A name has small letters, digits and "-".' });
        await putRole(parts, askerOf(call, request), { name: role, ...request.body });
      },
    ),
    kernelRoute(
      'DELETE /auth/roles/:role',
      { auth: roles, summary: 'Remove a role of this site' },
      async (call, request) => removeRole(parts, askerOf(call, request), request.params.role),
    ),
  ];
}

function auditRoute(parts: Parts): Contribution {
  return kernelRoute(
    'GET /auth/audit',
    {
      auth: { permission: 'kernel.audit' },
      scope: 'audit:read',
      summary: 'Who did what, newest first',
      query: Type.Object({
        action: Type.Optional(Type.String({ maxLength: 120 })),
        subject: Type.Optional(Type.String({ maxLength: 200 })),
        actorId: Type.Optional(Id),
        ...Paging,
      }),
      reply: Type.Object({ items: Type.Array(AuditEntry), next: Type.Optional(Type.String()) }),
    },
    async (call, { query }) => {
      const page = await parts.database.tenant(
        call.tenant.id,
        (_tx, client) => listAudit(client, call.tenant.id, query),
        'read',
      );
      return { ...page, items: [...page.items] };
    },
  );
}
