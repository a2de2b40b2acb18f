// How a password is replaced: by a link to the mailbox, or by who knows the old one.
import type pg from 'pg';
import { normalEmail } from './accounts.ts';
import { attemptKey, countAttempt } from './attempts.ts';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import { accountOfOneTime, issueOneTime, spendOneTime, voidOneTime } from './one-time.ts';
import { type Asker, type Parts, revoking } from './parts.ts';
import { checkPassword } from './passwords.ts';
import { dropSessions } from './sessions.ts';
import { confirmPassword, findLogin, type Login } from './sign-in.ts';

const LINK_MINUTES = 30;

/** Sends a link if there is such an account, and does the same work if there is none. */
export async function requestReset(parts: Parts, asker: Asker, given: { readonly email: string }): Promise<void> {
  const tenantId = asker.tenant.id;
  const email = normalEmail(given.email);
  if (await countAttempt(parts.database, tenantId, [attemptKey('mail', email)], parts.clock.now())) return;
  await parts.database.tenant(tenantId, async (_tx, client) => {
    const login = await findLogin(client, tenantId, { email });
    const purpose = login ? 'reset-password' : 'nothing';
    const lifeMs = LINK_MINUTES * 60_000;
    const token = await issueOneTime(parts, client, tenantId, { purpose, accountId: login?.id, lifeMs });
    if (!login) return;
    await parts.mail.enqueue(client, {
      tenantId,
      to: login.email,
      template: 'kernel.reset-password',
      locale: login.locale ?? asker.tenant.locale,
      data: {
        displayName: login.displayName,
        link: `${await parts.publicUrlOf(tenantId)}/reset-password#${token}`,
        minutes: LINK_MINUTES,
      },
    });
  });
}

/** Whoever reads the mailbox sets the password, and everybody else is signed out. */
export async function resetPassword(
  parts: Parts,
  asker: Asker,
  given: { readonly token: string; readonly password: string },
): Promise<void> {
  const tenantId = asker.tenant.id;
  const accountId = await parts.database.tenant(tenantId, (_tx, client) =>
    accountOfOneTime(client, tenantId, 'reset-password', given.token),
  );
  if (accountId === undefined) throw errors.bad_token();
  const passwordHash = await parts.passwords.hash(given.password);
  await revoking(parts, tenantId, accountId, async (client) => {
    const login = await findLogin(client, tenantId, { accountId });
    const spent = await spendOneTime(parts, client, tenantId, ['reset-password'], given.token);
    if (!spent || !login) throw errors.bad_token();
    checkPassword(given.password, login.email);
    // Keys on an account whose mailbox nobody had confirmed may be those of somebody who took the name in advance.
    if (!login.verified) {
      await client.query('delete from kernel.api_key where tenant_id = $1 and account_id = $2', [tenantId, login.id]);
    }
    await setPassword(parts, client, asker, login, passwordHash);
    await client.query('delete from kernel.attempt where tenant_id = $1 and key = $2', [
      tenantId,
      attemptKey('account', login.email),
    ]);
  });
}

/** Every other session ends; the one that speaks stays. */
export async function changePassword(
  parts: Parts,
  asker: Asker,
  accountId: string,
  given: { readonly current: string; readonly password: string; readonly sessionId: string },
): Promise<void> {
  const login = await confirmPassword(parts, asker, accountId, given.current);
  checkPassword(given.password, login.email);
  const passwordHash = await parts.passwords.hash(given.password);
  await revoking(parts, asker.tenant.id, accountId, (client) =>
    setPassword(parts, client, asker, login, passwordHash, given.sessionId),
  );
}

async function setPassword(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  login: Login,
  passwordHash: string,
  keepSession?: string,
): Promise<void> {
  const tenantId = asker.tenant.id;
  const now = parts.clock.now();
  await client.query(
    `update kernel.account set password_hash = $3, email_verified_at = coalesce(email_verified_at, $4)
     where tenant_id = $1 and id = $2`,
    [tenantId, login.id, passwordHash, now],
  );
  await voidOneTime(client, tenantId, login.id, 'reset-password');
  const sessions = keepSession === undefined ? { accountId: login.id } : { accountId: login.id, but: keepSession };
  await dropSessions(parts, client, asker, sessions, 'auth.signed-out');
  await writeAudit(client, asker, now, { action: 'auth.password-changed', subject: login.id, address: asker.address });
  await parts.mail.enqueue(client, {
    tenantId,
    to: login.email,
    template: 'kernel.password-changed',
    locale: login.locale ?? asker.tenant.locale,
    data: {
      displayName: login.displayName,
      when: now.toISOString(),
      link: `${await parts.publicUrlOf(tenantId)}/forgot-password`,
    },
  });
}
