import type { Person } from '@plinth/sdk';
import type pg from 'pg';
import type { Parts } from './parts.ts';
import { ACCESS_PREFIX, idOfApiKey, KEY_PREFIX, sameBytes, sha256 } from './tokens.ts';

/** An API key's last use is written down this often at most. */
const USE_NOTED_EVERY_MS = 60_000;

interface Holder {
  readonly account_id: string;
  readonly operator: boolean;
  readonly roles: string[];
  readonly own: string[];
}

interface SessionRow extends Holder {
  readonly session_id: string;
  readonly expires_at: Date;
}

interface KeyRow extends Holder {
  readonly sha256: Buffer;
  readonly scopes: string[];
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
}

/** What an active account may do; `a` is the account. Everybody is a member. */
const HOLDER = `a.id as account_id, a.operator and (select t.platform from kernel.tenant t where t.id = a.tenant_id) as operator,
  array(select role from kernel.account_role ar where ar.tenant_id = a.tenant_id and ar.account_id = a.id) || 'member'::text as roles,
  array(select unnest(r.permissions) from kernel.role r where r.tenant_id = a.tenant_id and (r.name = 'member' or r.name in
    (select role from kernel.account_role ar where ar.tenant_id = a.tenant_id and ar.account_id = a.id))) as own`;

/**
 * Who is behind a bearer token in a tenant. Answers at once when it answered lately; nobody behind it is `undefined`,
 * also when the token is good in another tenant.
 */
export function createAuthenticate(parts: Parts) {
  return (tenantId: string, token: string): Person | undefined | Promise<Person | undefined> => {
    const now = parts.clock.now();
    const known = parts.actors.get(tenantId, token, now.getTime());
    if (known) return known;
    if (token.startsWith(ACCESS_PREFIX)) return load(parts, tenantId, token, now, bySession);
    if (token.startsWith(KEY_PREFIX)) return load(parts, tenantId, token, now, byKey);
    return undefined;
  };
}

type Found = { readonly actor: Person; readonly expiresAt: number };
type Search = (
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  token: string,
  now: Date,
) => Promise<Found | undefined>;

async function load(
  parts: Parts,
  tenantId: string,
  token: string,
  now: Date,
  search: Search,
): Promise<Person | undefined> {
  const { epoch } = parts.actors;
  const found = await parts.database.tenant(tenantId, (_tx, client) => search(parts, client, tenantId, token, now));
  if (found) parts.actors.put(tenantId, token, found.actor, now.getTime(), found.expiresAt, epoch);
  return found?.actor;
}

const bySession: Search = async (parts, client, tenantId, token, now) => {
  const { rows } = await client.query<SessionRow>(
    `select t.session_id, t.expires_at, ${HOLDER} from kernel.access_token t
     join kernel.session s on s.tenant_id = t.tenant_id and s.id = t.session_id
     join kernel.account a on a.tenant_id = s.tenant_id and a.id = s.account_id
     where t.tenant_id = $1 and t.sha256 = $2 and t.expires_at > $3 and a.state = 'active'`,
    [tenantId, sha256(token), now],
  );
  const [row] = rows;
  if (!row) return undefined;
  return { actor: personOf(parts, row, { kind: 'session', id: row.session_id }), expiresAt: row.expires_at.getTime() };
};

const byKey: Search = async (parts, client, tenantId, token, now) => {
  const id = idOfApiKey(token);
  if (id === undefined) return undefined;
  const { rows } = await client.query<KeyRow>(
    `select k.sha256, k.scopes, k.expires_at, k.last_used_at, ${HOLDER} from kernel.api_key k
     join kernel.account a on a.tenant_id = k.tenant_id and a.id = k.account_id
     where k.tenant_id = $1 and k.id = $2 and (k.expires_at is null or k.expires_at > $3) and a.state = 'active'`,
    [tenantId, id, now],
  );
  const [row] = rows;
  if (!row || !sameBytes(row.sha256, sha256(token))) return undefined;
  if (now.getTime() - (row.last_used_at?.getTime() ?? 0) >= USE_NOTED_EVERY_MS) {
    await client.query('update kernel.api_key set last_used_at = $3 where tenant_id = $1 and id = $2', [
      tenantId,
      id,
      now,
    ]);
  }
  const actor = { ...personOf(parts, row, { kind: 'key', id }), scopes: row.scopes };
  return { actor, expiresAt: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY };
};

/** The person of an account without any credential: for the command line, jobs and tests. */
export async function personFor(parts: Parts, tenantId: string, accountId: string): Promise<Person | undefined> {
  return parts.database.tenant(
    tenantId,
    async (_tx, client) => {
      const { rows } = await client.query<Holder>(
        `select ${HOLDER} from kernel.account a where a.tenant_id = $1 and a.id = $2 and a.state = 'active'`,
        [tenantId, accountId],
      );
      return rows[0] && personOf(parts, rows[0], { kind: 'session', id: accountId });
    },
    'read',
  );
}

function personOf(parts: Parts, row: Holder, credential: Person['credential']): Person {
  return {
    kind: 'person',
    accountId: row.account_id,
    credential,
    permissions: parts.permissions.of(row.roles, row.own),
    operator: row.operator,
  };
}
