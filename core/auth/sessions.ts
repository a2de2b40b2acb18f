// Sign-ins: each is a session with one living refresh token and a few short-lived access tokens.
import { newId } from '@plinth/sdk';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';
import { sameBytes, sha256, type TokenPair } from './tokens.ts';

const ACCESS_MS = 15 * 60_000;
export const REFRESH_MS = 30 * 86_400_000;
/** Two tabs, or a retry after a lost reply, may use a refresh token twice within this time. */
const GRACE_MS = 10_000;

export interface SignedIn extends TokenPair {
  readonly sessionId: string;
  readonly accountId: string;
  /** Of the access token, in seconds. */
  readonly expiresIn: number;
}

/** Opens a session in the transaction that made sure who it is for. */
export async function openSession(
  desk: Desk,
  account: { readonly id: string; readonly email: string; readonly displayName: string; readonly locale?: string },
  method: string,
): Promise<SignedIn> {
  const { asker, now, parts } = desk;
  const sessionId = newId(now.getTime());
  const pair = parts.refreshTokens.first(desk.tenantId, sessionId);
  // The first device of all is no news.
  const seen = await desk.one<{ device?: boolean }>(
    'select bool_or(user_agent = $3) as device from kernel.session where tenant_id = $1 and account_id = $2',
    ...[account.id, asker.userAgent],
  );
  await desk.run(
    `insert into kernel.session (tenant_id, id, account_id, refresh_sha256, rotated_at, expires_at, method, user_agent, address, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $5)`,
    ...[sessionId, account.id, sha256(pair.refreshToken), now, desk.in(REFRESH_MS), method],
    ...[asker.userAgent, asker.address],
  );
  await giveAccess(desk, sessionId, pair.accessToken);
  await desk.audit('auth.signed-in', account.id, { method, sessionId });
  if (seen?.device === false) {
    const data = { when: now.toISOString(), device: asker.userAgent, address: asker.address };
    await desk.mail(account, 'new-sign-in', '/account/security', data);
  }
  return { ...pair, sessionId, accountId: account.id, expiresIn: ACCESS_MS / 1000 };
}

/** Adds an access token, and clears away the session's old ones. */
async function giveAccess(desk: Desk, sessionId: string, token: string): Promise<void> {
  const old = 'delete from kernel.access_token where tenant_id = $1 and session_id = $2 and expires_at <= $3';
  await desk.run(old, sessionId, desk.now);
  await desk.run(
    'insert into kernel.access_token (tenant_id, sha256, session_id, expires_at) values ($1, $2, $3, $4)',
    ...[sha256(token), sessionId, desk.in(ACCESS_MS)],
  );
}

/**
 * Gives the next pair for a refresh token. A token that was spent before is a sign of theft, whoever brings it: the
 * whole session ends. Within the grace, and until its successor was used, it is given that same successor again.
 */
export async function refreshSession(parts: Parts, asker: Asker, refreshToken: string): Promise<SignedIn> {
  const tenantId = asker.tenant.id;
  const sessionId = parts.refreshTokens.sessionOf(refreshToken);
  if (sessionId === undefined) throw errors.session_ended();
  const next = parts.refreshTokens.after(tenantId, refreshToken);
  const outcome = await atDesk(parts, asker, async (desk) => {
    const session = await desk.one<{ accountId: string; refreshSha256: Buffer; rotatedAt: string }>(
      `select s.account_id, s.refresh_sha256, s.rotated_at from kernel.session s
       join kernel.account a on a.tenant_id = s.tenant_id and a.id = s.account_id and a.state = 'active'
       where s.tenant_id = $1 and s.id = $2 and s.expires_at > $3 for update of s`,
      ...[sessionId, desk.now],
    );
    if (!session) return 'ended';
    const { accountId, refreshSha256: current } = session;
    const signedIn = { ...next, sessionId, accountId };
    if (sameBytes(current, sha256(refreshToken))) {
      await rotate(desk, sessionId, next);
      return { ...signedIn, expiresIn: ACCESS_MS / 1000 };
    }
    if (!parts.refreshTokens.isOurs(tenantId, refreshToken)) return 'ended';
    const age = desk.now.getTime() - Date.parse(session.rotatedAt);
    if (age <= GRACE_MS && sameBytes(current, sha256(next.refreshToken))) {
      return { ...signedIn, expiresIn: Math.floor((ACCESS_MS - age) / 1000) };
    }
    // No throwing here: the end of the session must commit.
    await endSessions(desk, { sessionId }, 'auth.refresh-reused');
    return 'reused';
  });
  if (outcome === 'ended') throw errors.session_ended();
  if (outcome === 'reused') throw errors.refresh_reused();
  return outcome;
}

async function rotate(desk: Desk, sessionId: string, next: TokenPair): Promise<void> {
  await desk.run(
    'update kernel.session set refresh_sha256 = $3, rotated_at = $4, expires_at = $5 where tenant_id = $1 and id = $2',
    ...[sessionId, sha256(next.refreshToken), desk.now, desk.in(REFRESH_MS)],
  );
  await giveAccess(desk, sessionId, next.accessToken);
}

/** One session, or those of an account, all `but` one. */
export interface SessionsOf {
  readonly sessionId?: string;
  readonly accountId?: string;
  readonly but?: string | undefined;
}

/** Says how many there were. */
export async function endSessions(desk: Desk, which: SessionsOf, action = 'auth.signed-out'): Promise<number> {
  const ended = await desk.all<{ id: string; accountId: string }>(
    `delete from kernel.session where tenant_id = $1 and ($2::uuid is null or id = $2)
       and ($3::uuid is null or account_id = $3) and ($4::uuid is null or id <> $4) returning id, account_id`,
    ...[which.sessionId, which.accountId, which.but],
  );
  for (const { id, accountId } of ended) {
    await desk.revoke(id);
    await desk.audit(action, accountId, { sessionId: id });
  }
  return ended.length;
}
