// Who is it: by e-mail and password, as slowly for a stranger as for a friend.
import { attemptKey, demandAttempt, forgiveAttempt } from './attempts.ts';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';
import { openSession, type SignedIn } from './sessions.ts';
import { demandSecondFactor } from './totp.ts';

/** An account as its holder proves to be it. */
export interface Login {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly locale?: string;
  readonly passwordHash?: string;
  readonly verified: boolean;
  readonly state: 'active' | 'suspended';
}

export async function findLogin(
  desk: Desk,
  by: { readonly email?: string; readonly id?: string },
): Promise<Login | undefined> {
  return desk.one(
    `select id, email, display_name, locale, password_hash, email_verified_at is not null as verified, state
     from kernel.account where tenant_id = $1 and state <> 'deleted' and ${by.id === undefined ? 'email' : 'id'} = $2`,
    by.id ?? by.email,
  );
}

/** One spelling per mailbox. */
export function normalEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

/**
 * Signs in by password. A stranger learns nothing: an unknown e-mail, a wrong password and an unconfirmed account cost
 * the same work and get the same answer.
 */
export async function signIn(
  parts: Parts,
  asker: Asker,
  given: { readonly email: string; readonly password: string; readonly code?: string },
): Promise<SignedIn> {
  const email = normalEmail(given.email);
  const keys = [attemptKey('address', asker.address), attemptKey('account', email)];
  await demandAttempt(parts, asker, keys);
  const login = await atDesk(parts, asker, (desk) => findLogin(desk, { email }));
  const right = await parts.passwords.matches(given.password, login?.passwordHash);
  if (!right || !login?.verified) {
    await atDesk(parts, asker, (desk) => desk.audit('auth.sign-in-failed', login?.id ?? ''));
    throw errors.bad_credentials();
  }
  // Until the second factor is given the attempt stays counted: six digits are not many.
  return atDesk(parts, asker, async (desk) => {
    await demandSecondFactor(desk, login.id, given.code);
    await forgiveAttempt(desk, keys);
    return enter(desk, login, 'password');
  });
}

/** Whoever has proved who they are comes in, unless they were shut out. */
export async function enter(desk: Desk, login: Login, method: string): Promise<SignedIn> {
  if (login.state === 'suspended') throw errors.account_suspended();
  return openSession(desk, login, method);
}

/** How long after its beginning a session is taken for the person itself. */
const JUST_NOW_MS = 10 * 60_000;

/**
 * For what changes how somebody gets in: the password again, as slowly as at a sign-in; or, as not everybody has one, a
 * session that was opened just now. A token that was stolen from a running session does not get this far.
 */
export async function confirmPerson(parts: Parts, asker: Asker, password: string | undefined): Promise<Login> {
  const session = asker.actor.kind === 'person' ? asker.actor.credential.id : undefined;
  const { login, fresh } = await atDesk(parts, asker, async (desk) => {
    const sql = 'select from kernel.session where tenant_id = $1 and id = $2 and created_at > $3';
    const fresh = password === undefined && (await desk.run(sql, session, desk.in(-JUST_NOW_MS))) > 0;
    return { login: await findLogin(desk, { id: desk.me }), fresh };
  });
  if (!login) throw errors.account_missing();
  if (fresh) return login;
  if (password === undefined) throw errors.confirm_first();
  const keys = [attemptKey('account', login.email)];
  await demandAttempt(parts, asker, keys);
  if (!(await parts.passwords.matches(password, login.passwordHash))) throw errors.wrong_password();
  await atDesk(parts, asker, (desk) => forgiveAttempt(desk, keys));
  return login;
}
