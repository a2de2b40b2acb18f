import type pg from 'pg';
import { normalEmail } from './accounts.ts';
import { type AttemptKey, attemptKey, demandAttempt, forgiveAttempt } from './attempts.ts';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';
import { openSession, type SignedIn } from './sessions.ts';

/** An account as its holder proves to be it. */
export interface Login {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly locale?: string;
  readonly passwordHash: string | undefined;
  readonly verified: boolean;
  readonly state: 'active' | 'suspended';
}

export async function findLogin(
  client: pg.ClientBase,
  tenantId: string,
  by: { readonly email: string } | { readonly accountId: string },
): Promise<Login | undefined> {
  const [column, value] = 'email' in by ? ['email', by.email] : ['id', by.accountId];
  const { rows } = await client.query<{
    id: string;
    email: string;
    display_name: string;
    locale: string | null;
    password_hash: string | null;
    verified: boolean;
    state: Login['state'];
  }>(
    `select id, email, display_name, locale, password_hash, email_verified_at is not null as verified, state
     from kernel.account where tenant_id = $1 and ${column} = $2 and state <> 'deleted'`,
    [tenantId, value],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { id, email, display_name, locale, password_hash, verified, state } = row;
  return {
    id,
    email,
    displayName: display_name,
    ...(locale === null ? {} : { locale }),
    passwordHash: password_hash ?? undefined,
    verified,
    state,
  };
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
  const tenantId = asker.tenant.id;
  const now = parts.clock.now();
  const email = normalEmail(given.email);
  const keys: AttemptKey[] = [`address:${asker.address}`, attemptKey('account', email)];
  await demandAttempt(parts.database, tenantId, keys, now);
  const login = await parts.database.tenant(tenantId, (_tx, client) => findLogin(client, tenantId, { email }), 'read');
  const right = await parts.passwords.matches(given.password, login?.passwordHash);
  if (!right || !login?.verified) {
    await parts.database.tenant(tenantId, (_tx, client) =>
      writeAudit(client, asker, now, {
        action: 'auth.sign-in-failed',
        subject: login?.id ?? '',
        address: asker.address,
      }),
    );
    throw errors.bad_credentials();
  }
  return parts.database.tenant(tenantId, async (_tx, client) => {
    await forgiveAttempt(client, tenantId, keys, now);
    return enter(parts, client, asker, login, 'password');
  });
}

/** Whoever has proved who they are comes in, unless they were shut out. */
export async function enter(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  login: Login,
  method: string,
): Promise<SignedIn> {
  if (login.state === 'suspended') throw errors.account_suspended();
  return openSession(parts, client, asker, login, method);
}

/** Asks a signed-in person for the password again, as slowly as a sign-in. */
export async function confirmPassword(parts: Parts, asker: Asker, accountId: string, password: string): Promise<Login> {
  const tenantId = asker.tenant.id;
  const now = parts.clock.now();
  const login = await parts.database.tenant(
    tenantId,
    (_tx, client) => findLogin(client, tenantId, { accountId }),
    'read',
  );
  if (!login) throw errors.account_missing();
  const keys = [attemptKey('account', login.email)];
  await demandAttempt(parts.database, tenantId, keys, now);
  if (!(await parts.passwords.matches(password, login.passwordHash))) throw errors.wrong_password();
  await parts.database.tenant(tenantId, (_tx, client) => forgiveAttempt(client, tenantId, keys, now));
  return login;
}
