// Who is it: by e-mail and password, as slowly for a stranger as for a friend.
import { attemptKey, demandAttempt, forgiveAttempt } from './attempts.ts';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';
import { openSession, type SignedIn } from './sessions.ts';

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
  given: { readonly email: string; readonly password: string },
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
  return atDesk(parts, asker, async (desk) => {
    await forgiveAttempt(desk, keys);
    return enter(desk, login, 'password');
  });
}

/** Whoever has proved who they are comes in, unless they were shut out. */
export async function enter(desk: Desk, login: Login, method: string): Promise<SignedIn> {
  if (login.state === 'suspended') throw errors.account_suspended();
  return openSession(desk, login, method);
}

/** Asks a signed-in person for the password again, as slowly as a sign-in. */
export async function confirmPassword(parts: Parts, asker: Asker, password: string): Promise<Login> {
  const login = await atDesk(parts, asker, (desk) => findLogin(desk, { id: desk.me }));
  if (!login) throw errors.account_missing();
  const keys = [attemptKey('account', login.email)];
  await demandAttempt(parts, asker, keys);
  if (!(await parts.passwords.matches(password, login.passwordHash))) throw errors.wrong_password();
  await atDesk(parts, asker, (desk) => forgiveAttempt(desk, keys));
  return login;
}
