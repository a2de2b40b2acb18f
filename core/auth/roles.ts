// Who may do what in a tenant: its own roles, and who holds which. Nobody hands out or takes more than they hold.
import type { Person } from '@plinth/sdk';
import type pg from 'pg';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import { type Asker, type Parts, revoking } from './parts.ts';
import type { RoleFacts } from './permissions.ts';

interface RoleRow {
  readonly name: string;
  readonly title: string;
  readonly permissions: string[];
}

/** Built in, suggested by plugins, and the tenant's own; what a tenant gave to `member` takes the built-in one's place. */
export async function rolesOf(parts: Parts, client: pg.ClientBase, tenantId: string): Promise<RoleFacts[]> {
  const { rows } = await client.query<RoleRow>(
    'select name, title, permissions from kernel.role where tenant_id = $1 order by name',
    [tenantId],
  );
  const given = parts.permissions.roles().filter((role) => !rows.some((row) => row.name === role.name));
  return [...given, ...rows.map((row): RoleFacts => ({ ...row, origin: 'tenant' }))];
}

/** Creates or changes one of the tenant's own roles, or what every member may do. */
export async function putRole(parts: Parts, asker: Asker, role: RoleRow): Promise<void> {
  const tenantId = asker.tenant.id;
  const known = parts.permissions.described();
  const unknown = role.permissions.filter((permission) => !Object.hasOwn(known, permission));
  if (unknown.length > 0) throw errors.unknown_permission({ detail: unknown.join(', ') });
  if (role.name === 'owner' || role.name === 'admin') throw errors.role_reserved();
  await revoking(parts, tenantId, undefined, async (client) => {
    const before = (await rolesOf(parts, client, tenantId)).find(({ name }) => name === role.name);
    demandAll(asker, [...role.permissions, ...(before?.permissions ?? [])]);
    await client.query(
      `insert into kernel.role (tenant_id, name, title, permissions) values ($1, $2, $3, $4)
       on conflict (tenant_id, name) do update set title = excluded.title, permissions = excluded.permissions`,
      [tenantId, role.name, role.title, role.permissions],
    );
    const detail = { permissions: role.permissions, before: before?.permissions ?? [] };
    await writeAudit(client, asker, parts.clock.now(), { action: 'auth.role-changed', subject: role.name, detail });
  });
}

/** Takes a role of the tenant's own from everybody, and removes it. */
export async function removeRole(parts: Parts, asker: Asker, name: string): Promise<void> {
  const tenantId = asker.tenant.id;
  await revoking(parts, tenantId, undefined, async (client) => {
    const role = (await rolesOf(parts, client, tenantId)).find((each) => each.name === name);
    if (role?.origin !== 'tenant') throw role ? errors.role_reserved() : errors.role_missing();
    demandAll(asker, role.permissions);
    await client.query('delete from kernel.account_role where tenant_id = $1 and role = $2', [tenantId, name]);
    await client.query('delete from kernel.role where tenant_id = $1 and name = $2', [tenantId, name]);
    await writeAudit(client, asker, parts.clock.now(), { action: 'auth.role-removed', subject: name });
  });
}

/** Gives an account exactly these roles. Being a member needs no role. */
export async function setRoles(
  parts: Parts,
  asker: Asker,
  accountId: string,
  wanted: readonly string[],
): Promise<void> {
  await revoking(parts, asker.tenant.id, accountId, (client) => assignRoles(parts, client, asker, accountId, wanted));
}

/** The same within a transaction, for an account that is being made. */
export async function assignRoles(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  accountId: string,
  wanted: readonly string[],
): Promise<void> {
  const tenantId = asker.tenant.id;
  const roles = await rolesOf(parts, client, tenantId);
  const held = await heldRoles(client, tenantId, accountId);
  const given = wanted.filter((role) => !held.includes(role));
  const taken = held.filter((role) => !wanted.includes(role));
  const missing = given.find((role) => !roles.some(({ name }) => name === role));
  if (missing !== undefined) throw errors.role_missing({ detail: `"${missing}" is unknown.` });
  demandAll(
    asker,
    roles.filter(({ name }) => given.includes(name) || taken.includes(name)).flatMap((role) => role.permissions),
  );
  if (taken.includes('owner')) await keepAnOwner(client, tenantId, accountId);
  await client.query('delete from kernel.account_role where tenant_id = $1 and account_id = $2 and role = any($3)', [
    tenantId,
    accountId,
    taken,
  ]);
  const now = parts.clock.now();
  await client.query(
    `insert into kernel.account_role (tenant_id, account_id, role, granted_at) select $1, $2, role, $4 from unnest($3::text[]) as role
     on conflict (tenant_id, account_id, role) do nothing`,
    [tenantId, accountId, given, now],
  );
  for (const [action, names] of [['auth.role-granted', given] as const, ['auth.role-revoked', taken] as const]) {
    for (const role of names) await writeAudit(client, asker, now, { action, subject: accountId, detail: { role } });
  }
}

async function heldRoles(client: pg.ClientBase, tenantId: string, accountId: string): Promise<string[]> {
  // The account's row makes two who change its roles at once take turns.
  const { rowCount } = await client.query(
    "select from kernel.account where tenant_id = $1 and id = $2 and state <> 'deleted' for no key update",
    [tenantId, accountId],
  );
  if (rowCount === 0) throw errors.account_missing();
  const { rows } = await client.query<{ role: string }>(
    'select role from kernel.account_role where tenant_id = $1 and account_id = $2',
    [tenantId, accountId],
  );
  return rows.map((row) => row.role);
}

/** Fails if there would be no active owner without this account. Two owners who remove each other wait here. */
export async function keepAnOwner(client: pg.ClientBase, tenantId: string, withoutAccountId: string): Promise<void> {
  const { rows } = await client.query<{ account_id: string; state: string }>(
    `select r.account_id, a.state from kernel.account_role r
     join kernel.account a on a.tenant_id = r.tenant_id and a.id = r.account_id
     where r.tenant_id = $1 and r.role = 'owner' order by r.account_id for update of r`,
    [tenantId],
  );
  const owner = rows.some(({ account_id }) => account_id === withoutAccountId);
  const others = rows.some(({ account_id, state }) => account_id !== withoutAccountId && state === 'active');
  if (owner && !others) throw errors.last_owner();
}

/** The kernel itself may do everything; a person only what they hold. */
export function demandAll(asker: Asker, permissions: Iterable<string>): void {
  if (asker.actor.kind === 'system') return;
  const held: Person['permissions'] = asker.actor.kind === 'person' ? asker.actor.permissions : new Set();
  const beyond = [...new Set(permissions)].filter((permission) => !held.has(permission));
  if (beyond.length > 0) throw errors.beyond_you({ detail: `You lack ${beyond.join(', ')}.` });
}

/** Who holds a permission, by whichever role. */
export async function holdersOf(
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  permission: string,
): Promise<string[]> {
  const names = (await rolesOf(parts, client, tenantId))
    .filter((role) => role.permissions.includes(permission))
    .map((role) => role.name);
  const { rows } = await client.query<{ id: string }>(
    `select distinct a.id from kernel.account a join kernel.account_role r on r.tenant_id = a.tenant_id and r.account_id = a.id
     where a.tenant_id = $1 and a.state = 'active' and r.role = any($2)`,
    [tenantId, names],
  );
  return rows.map((row) => row.id);
}
