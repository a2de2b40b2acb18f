// How a password is replaced: by a link to the mailbox, or by who knows the old one.
import { attemptKey, countAttempt, forgiveAttempt } from './attempts.ts';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import { issueOneTime, spendOneTime, voidOneTime } from './one-time.ts';
import type { Asker, Parts } from './parts.ts';
import { checkPassword } from './passwords.ts';
import { dropWaysIn } from './person-data.ts';
import { endSessions } from './sessions.ts';
import { confirmPerson, findLogin, type Login, normalEmail } from './sign-in.ts';
import { sha256 } from './tokens.ts';

const LINK_MINUTES = 30;

/** Sends a link if there is such an account, and does the same work if there is none. */
export async function requestReset(desk: Desk, given: { readonly email: string }): Promise<void> {
  const email = normalEmail(given.email);
  if (await countAttempt(desk, attemptKey('mail', email))) return;
  const login = await findLogin(desk, { email });
  const link = { purpose: login ? 'reset-password' : 'nothing', accountId: login?.id };
  const token = await issueOneTime(desk, LINK_MINUTES * 60_000, link);
  if (login) await desk.mail(login, 'reset-password', `/reset-password#${token}`, { minutes: LINK_MINUTES });
}

/** Whoever reads the mailbox sets the password, and everybody else is signed out. */
export async function resetPassword(
  parts: Parts,
  asker: Asker,
  given: { readonly token: string; readonly password: string },
): Promise<void> {
  const { token, password } = given;
  // Looked at before it is spent: a guessed token must not cost us a password hash.
  const sql = `select from kernel.one_time_token where tenant_id = $1 and sha256 = $2 and purpose = 'reset-password'`;
  if ((await atDesk(parts, asker, (desk) => desk.run(sql, sha256(token)))) === 0) throw errors.bad_token();
  const passwordHash = await parts.passwords.hash(password);
  await atDesk(parts, asker, async (desk) => {
    const spent = await spendOneTime(desk, token, 'reset-password');
    const login = spent?.accountId === undefined ? undefined : await findLogin(desk, { id: spent.accountId });
    if (!login) throw errors.bad_token();
    checkPassword(password, login.email);
    // Ways into an account whose mailbox nobody had confirmed may be those of somebody who took the name in advance.
    if (!login.verified) await dropWaysIn(desk, login.id);
    await setPassword(desk, login, passwordHash);
    await forgiveAttempt(desk, [attemptKey('account', login.email)]);
  });
}

/** Every other session ends; the one that speaks stays. */
export async function changePassword(
  parts: Parts,
  asker: Asker,
  given: { readonly current: string; readonly password: string },
): Promise<void> {
  const login = await confirmPerson(parts, asker, given.current);
  checkPassword(given.password, login.email);
  const passwordHash = await parts.passwords.hash(given.password);
  const session = asker.actor.kind === 'person' ? asker.actor.credential.id : undefined;
  await atDesk(parts, asker, (desk) => setPassword(desk, login, passwordHash, session));
}

async function setPassword(desk: Desk, login: Login, passwordHash: string, but?: string): Promise<void> {
  await desk.run(
    `update kernel.account set password_hash = $3, email_verified_at = coalesce(email_verified_at, $4)
     where tenant_id = $1 and id = $2`,
    ...[login.id, passwordHash, desk.now],
  );
  await voidOneTime(desk, login.id);
  await endSessions(desk, { accountId: login.id, but });
  await desk.revoke(login.id);
  await desk.audit('auth.password-changed', login.id);
  await desk.mail(login, 'password-changed', '/forgot-password', { when: desk.now.toISOString() });
}
