// From a bearer token to a person: an access token of a session, or an API key.
import type { Person } from '@plinth/sdk';
import { atDesk, type Desk } from './desk.ts';
import { type Parts, systemIn } from './parts.ts';
import { ACCESS_PREFIX, idOfApiKey, KEY_PREFIX, sameBytes, sha256 } from './tokens.ts';

/** An API key's last use is written down this often at most. */
const USE_NOTED_EVERY_MS = 60_000;

/**
 * Who is behind a bearer token in a tenant. Answers at once when it answered lately; nobody behind it is `undefined`,
 * also when the token is good in another tenant.
 */
export function createAuthenticate(parts: Parts) {
  return (tenantId: string, token: string): Person | undefined | Promise<Person | undefined> => {
    const known = parts.actors.get(tenantId, token, parts.clock.now().getTime());
    if (known) return known;
    if (token.startsWith(ACCESS_PREFIX)) return load(parts, tenantId, token, bySession);
    if (token.startsWith(KEY_PREFIX)) return load(parts, tenantId, token, byKey);
    return undefined;
  };
}

type Found = { readonly actor: Person; readonly expiresAt: string | undefined };

async function load(
  parts: Parts,
  tenantId: string,
  token: string,
  find: (desk: Desk, token: string) => Promise<Found | undefined>,
) {
  const { epoch } = parts.actors;
  const found = await atDesk(parts, systemIn(tenantId), (desk) => find(desk, token));
  const until = found?.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(found.expiresAt);
  if (found) parts.actors.put(tenantId, token, found.actor, parts.clock.now().getTime(), until, epoch);
  return found?.actor;
}

interface Holder {
  readonly accountId: string;
  readonly operator: boolean;
  readonly roles: string[];
  readonly own: string[];
}

/** What an active account may do; `a` is the account. Everybody is a member. Operators are those of the platform's tenant. */
const HOLDER = `a.id as account_id, a.operator and (select t.platform from kernel.tenant t where t.id = a.tenant_id) as operator,
  array(select role from kernel.account_role ar where ar.tenant_id = a.tenant_id and ar.account_id = a.id) || 'member'::text as roles,
  array(select unnest(r.permissions) from kernel.role r where r.tenant_id = a.tenant_id and (r.name = 'member' or r.name in
    (select role from kernel.account_role ar where ar.tenant_id = a.tenant_id and ar.account_id = a.id))) as own`;

async function bySession(desk: Desk, token: string): Promise<Found | undefined> {
  const row = await desk.one<Holder & { sessionId: string; expiresAt: string }>(
    `select t.session_id, t.expires_at, ${HOLDER} from kernel.access_token t
     join kernel.session s on s.tenant_id = t.tenant_id and s.id = t.session_id
     join kernel.account a on a.tenant_id = s.tenant_id and a.id = s.account_id
     where t.tenant_id = $1 and t.sha256 = $2 and t.expires_at > $3 and a.state = 'active'`,
    ...[sha256(token), desk.now],
  );
  return row && { actor: personOf(desk, row, { kind: 'session', id: row.sessionId }), expiresAt: row.expiresAt };
}

async function byKey(desk: Desk, token: string): Promise<Found | undefined> {
  const id = idOfApiKey(token);
  if (id === undefined) return undefined;
  const row = await desk.one<Holder & { sha256: Buffer; scopes: string[]; expiresAt?: string; lastUsedAt?: string }>(
    `select k.sha256, k.scopes, k.expires_at, k.last_used_at, ${HOLDER} from kernel.api_key k
     join kernel.account a on a.tenant_id = k.tenant_id and a.id = k.account_id
     where k.tenant_id = $1 and k.id = $2 and (k.expires_at is null or k.expires_at > $3) and a.state = 'active'`,
    ...[id, desk.now],
  );
  if (!row || !sameBytes(row.sha256, sha256(token))) return undefined;
  if ((row.lastUsedAt ?? '') <= desk.in(-USE_NOTED_EVERY_MS).toISOString()) {
    await desk.run('update kernel.api_key set last_used_at = $3 where tenant_id = $1 and id = $2', id, desk.now);
  }
  return { actor: { ...personOf(desk, row, { kind: 'key', id }), scopes: row.scopes }, expiresAt: row.expiresAt };
}

/** The person of an account without any credential: for the command line, jobs and tests. */
export async function personFor(desk: Desk, accountId: string): Promise<Person | undefined> {
  const sql = `select ${HOLDER} from kernel.account a where a.tenant_id = $1 and a.id = $2 and a.state = 'active'`;
  const row = await desk.one<Holder>(sql, accountId);
  return row && personOf(desk, row, { kind: 'session', id: accountId });
}

function personOf(desk: Desk, row: Holder, credential: Person['credential']): Person {
  const permissions = desk.parts.permissions.of(row.roles, row.own);
  return { kind: 'person', accountId: row.accountId, credential, permissions, operator: row.operator };
}
