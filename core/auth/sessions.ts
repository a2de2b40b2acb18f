// Sign-ins: each is a session with one living refresh token and a few short-lived access tokens.
import { newId } from '@plinth/sdk';
import type pg from 'pg';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import { type Asker, type Parts, revoking } from './parts.ts';
import { sameBytes, sha256, type TokenPair } from './tokens.ts';

const ACCESS_MS = 15 * 60_000;
const REFRESH_MS = 30 * 86_400_000;
/** Two tabs, or a retry after a lost reply, may use a refresh token twice within this time. */
const GRACE_MS = 10_000;

export interface SignedIn extends TokenPair {
  readonly sessionId: string;
  readonly accountId: string;
  /** Of the access token, in seconds. */
  readonly expiresIn: number;
}

/** Opens a session in the transaction that checked who it is for. */
export async function openSession(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  account: { readonly id: string; readonly email?: string; readonly displayName: string; readonly locale?: string },
  method: string,
): Promise<SignedIn> {
  const tenantId = asker.tenant.id;
  const now = parts.clock.now();
  const sessionId = newId(now.getTime());
  const pair = parts.refreshTokens.first(tenantId, sessionId);
  const known = await knowsDevice(client, tenantId, account.id, asker.userAgent);
  await client.query(
    `insert into kernel.session (tenant_id, id, account_id, refresh_sha256, rotated_at, expires_at, method, user_agent, address, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $5)`,
    [
      tenantId,
      sessionId,
      account.id,
      sha256(pair.refreshToken),
      now,
      new Date(now.getTime() + REFRESH_MS),
      method,
      asker.userAgent,
      asker.address,
    ],
  );
  await giveAccess(client, tenantId, sessionId, pair.accessToken, now);
  await writeAudit(client, asker, now, {
    action: 'auth.signed-in',
    subject: account.id,
    detail: { method, sessionId },
    address: asker.address,
  });
  if (!known && account.email !== undefined) {
    await parts.mail.enqueue(client, {
      tenantId,
      to: account.email,
      template: 'kernel.new-sign-in',
      locale: account.locale ?? asker.tenant.locale,
      data: {
        displayName: account.displayName,
        when: now.toISOString(),
        device: asker.userAgent,
        address: asker.address,
        link: `${await parts.publicUrlOf(tenantId)}/account/security`,
      },
    });
  }
  return { ...pair, sessionId, accountId: account.id, expiresIn: ACCESS_MS / 1000 };
}

/** The first device of all is no news. */
async function knowsDevice(
  client: pg.ClientBase,
  tenantId: string,
  accountId: string,
  userAgent: string,
): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean | null }>(
    'select bool_or(user_agent = $3) as known from kernel.session where tenant_id = $1 and account_id = $2',
    [tenantId, accountId, userAgent],
  );
  return rows[0]?.known ?? true;
}

/** Adds an access token, and clears away the session's old ones. */
async function giveAccess(
  client: pg.ClientBase,
  tenantId: string,
  sessionId: string,
  token: string,
  now: Date,
): Promise<void> {
  await client.query('delete from kernel.access_token where tenant_id = $1 and session_id = $2 and expires_at <= $3', [
    tenantId,
    sessionId,
    now,
  ]);
  await client.query(
    'insert into kernel.access_token (tenant_id, sha256, session_id, expires_at) values ($1, $2, $3, $4)',
    [tenantId, sha256(token), sessionId, new Date(now.getTime() + ACCESS_MS)],
  );
}

interface Family {
  readonly account_id: string;
  readonly refresh_sha256: Buffer;
  readonly rotated_at: Date;
  readonly expires_at: Date;
  readonly state: string;
}

/**
 * Gives the next pair for a refresh token. A token that was spent before is a sign of theft, whoever brings it: the
 * whole session ends. Within the grace, and until its successor was used, it is given that same successor again.
 */
export async function refreshSession(parts: Parts, asker: Asker, refreshToken: string): Promise<SignedIn> {
  const tenantId = asker.tenant.id;
  const sessionId = parts.refreshTokens.sessionOf(refreshToken);
  if (sessionId === undefined) throw errors.session_ended();
  const now = parts.clock.now();
  const next = parts.refreshTokens.after(tenantId, refreshToken);

  const outcome = await parts.database.tenant(tenantId, async (_tx, client) => {
    const { rows } = await client.query<Family>(
      `select s.account_id, s.refresh_sha256, s.rotated_at, s.expires_at, a.state
       from kernel.session s join kernel.account a on a.tenant_id = s.tenant_id and a.id = s.account_id
       where s.tenant_id = $1 and s.id = $2 for update of s`,
      [tenantId, sessionId],
    );
    const [family] = rows;
    if (!family || family.expires_at <= now || family.state !== 'active') return 'ended';
    const signedIn = { ...next, sessionId, accountId: family.account_id };
    if (sameBytes(family.refresh_sha256, sha256(refreshToken))) {
      await rotate(client, tenantId, sessionId, next, now);
      return { ...signedIn, expiresIn: ACCESS_MS / 1000 };
    }
    if (!parts.refreshTokens.isOurs(tenantId, refreshToken)) return 'ended';
    const age = now.getTime() - family.rotated_at.getTime();
    if (age > GRACE_MS || !sameBytes(family.refresh_sha256, sha256(next.refreshToken))) return 'reused';
    return { ...signedIn, expiresIn: Math.floor((ACCESS_MS - age) / 1000) };
  });

  if (outcome === 'ended') throw errors.session_ended();
  if (outcome !== 'reused') return outcome;
  await endSessions(parts, asker, { sessionId }, 'auth.refresh-reused');
  throw errors.refresh_reused();
}

async function rotate(
  client: pg.ClientBase,
  tenantId: string,
  sessionId: string,
  next: TokenPair,
  now: Date,
): Promise<void> {
  await client.query(
    'update kernel.session set refresh_sha256 = $3, rotated_at = $4, expires_at = $5 where tenant_id = $1 and id = $2',
    [tenantId, sessionId, sha256(next.refreshToken), now, new Date(now.getTime() + REFRESH_MS)],
  );
  await giveAccess(client, tenantId, sessionId, next.accessToken, now);
}

export type SessionsOf =
  | { readonly sessionId: string; readonly accountId?: string }
  | { readonly accountId: string; readonly but?: string };

/** Ends one session, or all of an account (but one). Says how many there were. */
export async function endSessions(
  parts: Parts,
  asker: Asker,
  which: SessionsOf,
  action = 'auth.signed-out',
): Promise<number> {
  const one = 'sessionId' in which ? which.sessionId : undefined;
  return revoking(parts, asker.tenant.id, one ?? which.accountId, (client) =>
    dropSessions(parts, client, asker, which, action),
  );
}

/** The same within a transaction of `revoking`. */
export async function dropSessions(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  which: SessionsOf,
  action: string,
): Promise<number> {
  const { sessionId, but } = { sessionId: undefined, but: undefined, ...which };
  const { rows } = await client.query<{ id: string; account_id: string }>(
    `delete from kernel.session where tenant_id = $1 and ($2::uuid is null or id = $2)
       and ($3::uuid is null or account_id = $3) and ($4::uuid is null or id <> $4) returning id, account_id`,
    [asker.tenant.id, sessionId, which.accountId, but],
  );
  for (const { id, account_id } of rows) {
    await writeAudit(client, asker, parts.clock.now(), {
      action,
      subject: account_id,
      detail: { sessionId: id },
      address: asker.address,
    });
  }
  return rows.length;
}

export interface SessionFacts {
  readonly id: string;
  readonly method: string;
  readonly userAgent: string;
  readonly address: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
}

/** Newest use first. Use is known to the quarter of an hour: by the refreshes. */
export async function listSessions(parts: Parts, tenantId: string, accountId: string): Promise<SessionFacts[]> {
  return parts.database.tenant(
    tenantId,
    async (_tx, client) => {
      const { rows } = await client.query<SessionFacts & { createdAt: Date; lastUsedAt: Date }>(
        `select id, method, user_agent as "userAgent", address, created_at as "createdAt", rotated_at as "lastUsedAt"
         from kernel.session where tenant_id = $1 and account_id = $2 and expires_at > $3 order by rotated_at desc`,
        [tenantId, accountId, parts.clock.now()],
      );
      return rows.map((row) => ({
        ...row,
        createdAt: row.createdAt.toISOString(),
        lastUsedAt: row.lastUsedAt.toISOString(),
      }));
    },
    'read',
  );
}
