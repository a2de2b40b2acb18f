// How an account comes to be, and how it gets another e-mail: both by a link that only the mailbox sees.
import { addAccount } from './accounts.ts';
import { attemptKey, countAttempt } from './attempts.ts';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import { issueOneTime, type OneTime, spendOneTime, voidOneTime } from './one-time.ts';
import type { Asker, Parts } from './parts.ts';
import { checkPassword } from './passwords.ts';
import { confirmPerson, findLogin, normalEmail } from './sign-in.ts';

const LINK_HOURS = 24;

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
  readonly locale?: string;
  readonly zone?: string;
}

/**
 * Takes a registration and sends a link. The account is made from what this one registration said, when its own link is
 * opened: so nobody can put a password on a mailbox that another then confirms, and a stranger cannot tell whether an
 * account exists.
 */
export async function register(parts: Parts, asker: Asker, { password, ...given }: Registration): Promise<void> {
  const email = normalEmail(given.email);
  checkPassword(password, email);
  const data = { ...given, email, passwordHash: await parts.passwords.hash(password) };
  await atDesk(parts, asker, (desk) => sendLink(desk, data, { purpose: 'register', data }));
}

/** Asks a new mailbox whether it belongs to the person. */
export async function requestEmailChange(
  parts: Parts,
  asker: Asker,
  given: { readonly email: string; readonly password?: string },
): Promise<void> {
  const login = await confirmPerson(parts, asker, given.password);
  const email = normalEmail(given.email);
  await atDesk(parts, asker, async (desk) => {
    await voidOneTime(desk, login.id);
    await sendLink(desk, { ...login, email }, { purpose: 'change-email', accountId: login.id, data: { email } });
  });
}

/** Sends the link, or to a mailbox that has an account the news that somebody tried. Both take the same steps. */
async function sendLink(
  desk: Desk,
  to: { readonly email: string; readonly displayName: string; readonly locale?: string },
  link: OneTime,
): Promise<void> {
  if (await countAttempt(desk, attemptKey('mail', to.email))) return;
  const taken = await findLogin(desk, { email: to.email });
  const token = await issueOneTime(desk, LINK_HOURS * 3_600_000, taken ? { ...link, purpose: 'nothing' } : link);
  if (taken) return desk.mail(taken, 'account-exists', '/sign-in');
  await desk.mail(to, 'verify-email', `/verify-email#${token}`, { hours: LINK_HOURS });
}

/** Opens a link: the account is there, or has its new e-mail. */
export async function verifyEmail(desk: Desk, token: string): Promise<{ email: string }> {
  type Pending = Omit<Registration, 'password'> & { readonly passwordHash: string };
  const spent = await spendOneTime<Pending>(desk, token, 'register', 'change-email');
  if (!spent) throw errors.bad_token();
  const { email } = spent.data;
  if (spent.accountId === undefined) await addAccount(desk, { ...spent.data, verified: true });
  else await changeEmail(desk, spent.accountId, email);
  return { email };
}

async function changeEmail(desk: Desk, accountId: string, email: string): Promise<void> {
  const before = await findLogin(desk, { id: accountId });
  if (!before) throw errors.account_missing();
  if (await findLogin(desk, { email })) throw errors.email_taken();
  await desk.run(
    'update kernel.account set email = $3, email_verified_at = $4 where tenant_id = $1 and id = $2',
    ...[accountId, email, desk.now],
  );
  // A link that went to the old mailbox must not work any more.
  await voidOneTime(desk, accountId);
  await desk.audit('auth.email-changed', accountId);
  await desk.mail(before, 'email-changed', '/forgot-password', { when: desk.now.toISOString() });
}
