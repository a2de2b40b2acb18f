// How an account comes to be, and how it gets another e-mail: both by a link that only the mailbox sees.
import type pg from 'pg';
import { addAccount, normalEmail } from './accounts.ts';
import { attemptKey, countAttempt } from './attempts.ts';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import { issueOneTime, spendOneTime, voidOneTime } from './one-time.ts';
import type { Asker, Parts } from './parts.ts';
import { checkPassword } from './passwords.ts';
import { confirmPassword, findLogin } from './sign-in.ts';

const LINK_HOURS = 24;

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
  readonly locale?: string | undefined;
  readonly zone?: string | undefined;
}

/**
 * Takes a registration and sends a link. The account is made from what this one registration said, when its own link is
 * opened: so nobody can put a password on a mailbox that another then confirms, and a stranger cannot tell whether an
 * account exists.
 */
export async function register(parts: Parts, asker: Asker, given: Registration): Promise<void> {
  const tenantId = asker.tenant.id;
  const email = normalEmail(given.email);
  checkPassword(given.password, email);
  const passwordHash = await parts.passwords.hash(given.password);
  if (await countAttempt(parts.database, tenantId, [attemptKey('mail', email)], parts.clock.now())) return;
  const { displayName, locale, zone } = given;
  await parts.database.tenant(tenantId, async (_tx, client) => {
    const data = { email, passwordHash, displayName, locale, zone };
    await sendLink(
      parts,
      client,
      asker,
      { email, displayName, locale },
      { purpose: 'register', template: 'kernel.verify-email', data },
    );
  });
}

/** Asks a new mailbox whether it belongs to the person. */
export async function requestEmailChange(
  parts: Parts,
  asker: Asker,
  accountId: string,
  given: { readonly email: string; readonly password: string },
): Promise<void> {
  const login = await confirmPassword(parts, asker, accountId, given.password);
  const email = normalEmail(given.email);
  if (await countAttempt(parts.database, asker.tenant.id, [attemptKey('mail', email)], parts.clock.now())) return;
  await parts.database.tenant(asker.tenant.id, async (_tx, client) => {
    await voidOneTime(client, asker.tenant.id, accountId, 'change-email');
    const what = { purpose: 'change-email', template: 'kernel.verify-email', accountId, data: { email } };
    await sendLink(parts, client, asker, { email, displayName: login.displayName, locale: login.locale }, what);
  });
}

/** Sends the link, or to a mailbox that has an account the news that somebody tried. Both take the same steps. */
async function sendLink(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  to: { readonly email: string; readonly displayName: string; readonly locale?: string | undefined },
  what: { readonly purpose: string; readonly template: string; readonly accountId?: string; readonly data: unknown },
): Promise<void> {
  const tenantId = asker.tenant.id;
  const taken = await findLogin(client, tenantId, { email: to.email });
  const purpose = taken ? 'nothing' : what.purpose;
  const token = await issueOneTime(parts, client, tenantId, { ...what, purpose, lifeMs: LINK_HOURS * 3_600_000 });
  const site = await parts.publicUrlOf(tenantId);
  await parts.mail.enqueue(client, {
    tenantId,
    to: to.email,
    template: taken ? 'kernel.account-exists' : what.template,
    locale: taken?.locale ?? to.locale ?? asker.tenant.locale,
    data: taken
      ? { displayName: taken.displayName, link: `${site}/sign-in` }
      : { displayName: to.displayName, link: `${site}/verify-email#${token}`, hours: LINK_HOURS },
  });
}

type Pending = Omit<Registration, 'password'> & { readonly passwordHash: string };

/** Opens a link: the account is there, or has its new e-mail. */
export async function verifyEmail(parts: Parts, asker: Asker, token: string): Promise<{ email: string }> {
  const tenantId = asker.tenant.id;
  return parts.database.tenant(tenantId, async (_tx, client) => {
    const spent = await spendOneTime<Pending>(parts, client, tenantId, ['register', 'change-email'], token);
    if (!spent) throw errors.bad_token();
    const { email } = spent.data;
    if (spent.purpose === 'register') await addAccount(parts, client, asker, { ...spent.data, verified: true });
    else if (spent.accountId !== undefined) await changeEmail(parts, client, asker, spent.accountId, email);
    return { email };
  });
}

async function changeEmail(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  accountId: string,
  email: string,
): Promise<void> {
  const tenantId = asker.tenant.id;
  const before = await findLogin(client, tenantId, { accountId });
  if (!before) throw errors.account_missing();
  if (await findLogin(client, tenantId, { email })) throw errors.email_taken();
  const now = parts.clock.now();
  await client.query('update kernel.account set email = $3, email_verified_at = $4 where tenant_id = $1 and id = $2', [
    tenantId,
    accountId,
    email,
    now,
  ]);
  // A link that went to the old mailbox must not work any more.
  await voidOneTime(client, tenantId, accountId, 'reset-password');
  await writeAudit(client, asker, now, { action: 'auth.email-changed', subject: accountId, address: asker.address });
  await parts.mail.enqueue(client, {
    tenantId,
    to: before.email,
    template: 'kernel.email-changed',
    locale: before.locale ?? asker.tenant.locale,
    data: { displayName: before.displayName, when: now.toISOString() },
  });
}
