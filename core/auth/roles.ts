// Who may do what in a tenant: its own roles, and who holds which. Nobody hands out or takes more than they hold.
import { type Static, Type } from 'typebox';
import { accountById } from './accounts.ts';
import type { Desk } from './desk.ts';
import { errors } from './errors.ts';

export const Role = Type.Object({
  name: Type.String(),
  title: Type.String(),
  permissions: Type.Array(Type.String()),
  /** Built in, made by the tenant, or suggested by a plugin. */
  origin: Type.Union([Type.Literal('kernel'), Type.Literal('tenant'), Type.Literal('plugin')]),
});
export type Role = Static<typeof Role>;

/** What a tenant gave to `member` takes the place of the built-in one. */
export async function rolesOf(desk: Desk): Promise<Role[]> {
  const own = await desk.all<Role>(
    `select name, title, permissions, 'tenant' as origin from kernel.role where tenant_id = $1 order by name`,
  );
  return [...desk.parts.permissions.roles().filter((role) => !own.some(({ name }) => name === role.name)), ...own];
}

/** Creates or changes one of the tenant's own roles, or what every member may do. */
export async function putRole(desk: Desk, { name, title, permissions }: Omit<Role, 'origin'>): Promise<void> {
  const known = desk.parts.permissions.described();
  const unknown = permissions.filter((permission) => !Object.hasOwn(known, permission));
  if (unknown.length > 0) throw errors.unknown_permission({ detail: unknown.join(', ') });
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) throw errors.bad_name();
  if (name === 'owner' || name === 'admin') throw errors.role_reserved();
  await takeTurns(desk);
  const before = (await rolesOf(desk)).find((role) => role.name === name)?.permissions ?? [];
  demandAll(desk, [...permissions, ...before]);
  await desk.run(
    `insert into kernel.role (tenant_id, name, title, permissions) values ($1, $2, $3, $4)
     on conflict (tenant_id, name) do update set title = excluded.title, permissions = excluded.permissions`,
    ...[name, title, permissions],
  );
  await desk.revoke();
  await desk.audit('auth.role-changed', name, { permissions, before });
}

/** Takes a role of the tenant's own from everybody, and removes it. */
export async function removeRole(desk: Desk, name: string): Promise<void> {
  await takeTurns(desk);
  const role = (await rolesOf(desk)).find((each) => each.name === name);
  if (role?.origin !== 'tenant') throw role ? errors.role_reserved() : errors.role_missing();
  demandAll(desk, role.permissions);
  await desk.run('delete from kernel.account_role where tenant_id = $1 and role = $2', name);
  await desk.run('delete from kernel.role where tenant_id = $1 and name = $2', name);
  await desk.revoke();
  await desk.audit('auth.role-removed', name);
}

/** Gives an account exactly these roles. Being a member needs none. */
export async function assignRoles(desk: Desk, accountId: string, wanted: readonly string[]): Promise<void> {
  await takeTurns(desk);
  await accountById(desk, accountId);
  const held = await desk.all<{ role: string }>(
    'select role from kernel.account_role where tenant_id = $1 and account_id = $2',
    accountId,
  );
  const given = wanted.filter((name) => !held.some(({ role }) => role === name));
  const taken = held.map(({ role }) => role).filter((name) => !wanted.includes(name));
  const roles = await rolesOf(desk);
  const missing = given.find((name) => !roles.some((role) => role.name === name));
  if (missing !== undefined) throw errors.role_missing({ detail: `"${missing}" is unknown.` });
  demandAll(
    desk,
    roles.filter(({ name }) => given.includes(name) || taken.includes(name)).flatMap((role) => role.permissions),
  );
  if (taken.includes('owner')) await keepAnOwner(desk, accountId);
  for (const role of taken) {
    await desk.run(
      'delete from kernel.account_role where tenant_id = $1 and account_id = $2 and role = $3',
      accountId,
      role,
    );
    await desk.audit('auth.role-revoked', accountId, { role });
  }
  for (const role of given) {
    await desk.run('insert into kernel.account_role values ($1, $2, $3, $4)', accountId, role, desk.now);
    await desk.audit('auth.role-granted', accountId, { role });
  }
  await desk.revoke(accountId);
}

/** Changes of who may do what happen one after the other in a tenant: each counts on what it read. */
export async function takeTurns(desk: Desk): Promise<void> {
  await desk.run("select pg_advisory_xact_lock(hashtext('kernel.roles'), hashtext($1))");
}

/** Fails if there would be no active owner without this account. */
export async function keepAnOwner(desk: Desk, withoutAccountId: string): Promise<void> {
  const owners = await desk.all<{ id: string }>(
    `select a.id from kernel.account_role r join kernel.account a on a.tenant_id = r.tenant_id and a.id = r.account_id
     where r.tenant_id = $1 and r.role = 'owner' and a.state = 'active'`,
  );
  if (owners.length === 1 && owners[0]?.id === withoutAccountId) throw errors.last_owner();
}

/** The kernel itself may do everything; a person only what they hold. */
export function demandAll({ asker: { actor } }: Desk, permissions: Iterable<string>): void {
  if (actor.kind === 'system') return;
  const beyond = [...new Set(permissions)].filter((each) => actor.kind !== 'person' || !actor.permissions.has(each));
  if (beyond.length > 0) throw errors.beyond_you({ detail: `You lack ${beyond.join(', ')}.` });
}
