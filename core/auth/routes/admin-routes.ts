// For who runs a site: its people, and their roles.
import type { Contribution } from '@plinth/sdk';
import { Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { changeAccount, listAccounts, PrivateAccount } from '../accounts.ts';
import { personFor } from '../authenticate.ts';
import { atDesk, type Desk } from '../desk.ts';
import { errors } from '../errors.ts';
import { askerOf, type Parts } from '../parts.ts';
import { assignRoles, demandAll, keepAnOwner, putRole, Role, removeRole, rolesOf, takeTurns } from '../roles.ts';
import { endSessions } from '../sessions.ts';
import { Id, idOf } from './session-routes.ts';

const accounts = { permission: 'kernel.accounts' } as const;
const roles = { permission: 'kernel.roles' } as const;

export function peopleRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'GET /auth/accounts',
      {
        auth: accounts,
        scope: 'accounts:read',
        summary: 'The people of this site, newest first',
        query: Type.Object({
          search: Type.Optional(Type.String({ maxLength: 100 })),
          after: Type.Optional(Id),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
        }),
        reply: Type.Object({ items: Type.Array(PrivateAccount), next: Type.Optional(Id) }),
      },
      (call, { query }) => atDesk(parts, askerOf(call), (desk) => listAccounts(desk, query)),
    ),
    kernelRoute(
      'PATCH /auth/accounts/:accountId',
      {
        auth: accounts,
        summary: 'Suspend an account, or let it in again',
        body: Type.Object({ state: Type.Union([Type.Literal('active'), Type.Literal('suspended')]) }),
      },
      (call, request) => {
        const { params, body } = request;
        return atDesk(parts, askerOf(call, request), (desk) => setState(desk, idOf(params.accountId), body.state));
      },
    ),
    kernelRoute(
      'PUT /auth/accounts/:accountId/roles',
      {
        auth: roles,
        summary: 'Give an account exactly these roles',
        body: Type.Object({ roles: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 50, uniqueItems: true }) }),
      },
      (call, request) => {
        const { params, body } = request;
        return atDesk(parts, askerOf(call, request), (desk) => assignRoles(desk, idOf(params.accountId), body.roles));
      },
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
  const name = Type.String({ minLength: 1, maxLength: 80 });
  const permissions = Type.Array(Type.String({ maxLength: 120 }), { maxItems: 500, uniqueItems: true });
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
      async (call) => ({
        items: await atDesk(parts, askerOf(call), rolesOf),
        permissions: { ...parts.permissions.described() },
      }),
    ),
    kernelRoute(
      'PUT /auth/roles/:role',
      {
        auth: roles,
        summary: 'Make or change a role of this site; "member" is what everybody may do',
        body: Type.Object({ title: name, permissions }),
      },
      (call, request) => {
        const role = { name: request.params.role, ...request.body };
        if (!/^[a-z][a-z0-9-]{0,39}$/.test(role.name)) throw errors.bad_role_name();
        return atDesk(parts, askerOf(call, request), (desk) => putRole(desk, role));
      },
    ),
    kernelRoute('DELETE /auth/roles/:role', { auth: roles, summary: 'Remove a role of this site' }, (call, request) =>
      atDesk(parts, askerOf(call, request), (desk) => removeRole(desk, request.params.role)),
    ),
  ];
}
