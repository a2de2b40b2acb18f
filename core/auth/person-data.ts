// A person's right to see what is held of them, and to be forgotten.
import { Problem } from '@plinth/sdk';
import { AccountDeleted } from '@plinth/sdk/services/accounts.ts';
import { listAccounts } from './accounts.ts';
import { attemptKey } from './attempts.ts';
import type { Desk } from './desk.ts';
import { errors } from './errors.ts';
import { keepAnOwner, takeTurns } from './roles.ts';
import { endSessions } from './sessions.ts';
import { findLogin } from './sign-in.ts';

export const GRACE_DAYS = 14;

/** Everything this room holds of an account, but the secrets. */
export async function exportAccount(desk: Desk, accountId: string): Promise<Record<string, unknown>> {
  const { items } = await listAccounts(desk, { id: accountId });
  const rows = (columns: string, table: string, where = 'account_id = $2') =>
    desk.all(`select ${columns} from kernel.${table} where tenant_id = $1 and ${where} limit 10000`, accountId);
  return {
    account: items[0],
    personal: await rows('birth_date::text as birth_date, age_verified_at', 'account', 'id = $2'),
    sessions: await rows('id, method, user_agent, address, created_at, rotated_at as last_used_at', 'session'),
    apiKeys: await rows('id, name, scopes, expires_at, last_used_at, created_at', 'api_key'),
    passkeys: await rows('id, name, host, created_at, last_used_at', 'passkey'),
    identities: await rows('provider, subject, created_at', 'identity'),
    secondFactor: await rows('confirmed_at', 'totp'),
    audit: await rows('at, action, subject, detail, network', 'audit', '(actor_id = $2 or subject = $2::text)'),
  };
}

/**
 * Forgets a person for good. The row stays, without anything of them: others refer to it. Everybody who keeps something
 * of theirs hears of it by `kernel.account-deleted@1`.
 */
export async function eraseAccount(desk: Desk, accountId: string): Promise<void> {
  await takeTurns(desk);
  await keepAnOwner(desk, accountId);
  const login = await findLogin(desk, { id: accountId });
  if (!login) throw errors.account_missing();
  await endSessions(desk, { accountId });
  await dropWaysIn(desk, accountId);
  await desk.run('delete from kernel.account_role where tenant_id = $1 and account_id = $2', accountId);
  for (const kind of ['account', 'mail'] as const) {
    await desk.run('delete from kernel.attempt where tenant_id = $1 and key = $2', attemptKey(kind, login.email).key);
  }
  await desk.run(
    `update kernel.account set state = 'deleted', display_name = 'deleted', email = null, email_verified_at = null,
       password_hash = null, locale = null, zone = null, birth_date = null, age_verified_at = null, verification = 'none',
       operator = false, delete_at = null where tenant_id = $1 and id = $2`,
    accountId,
  );
  await desk.parts.mail.forget(desk.client, desk.tenantId, login.email);
  await desk.revoke(accountId);
  await desk.audit('auth.account-deleted', accountId);
  await desk.emit(AccountDeleted, { accountId });
}

/** Everything but the password that lets somebody in, or brings them nearer to it. */
export async function dropWaysIn(desk: Desk, accountId: string): Promise<void> {
  for (const table of ['api_key', 'passkey', 'identity', 'totp', 'recovery_code', 'one_time_token']) {
    await desk.run(`delete from kernel.${table} where tenant_id = $1 and account_id = $2`, accountId);
  }
}

/** Those whose time has come. Who has become the only owner meanwhile has to give that up first. */
export async function eraseDue(desk: Desk): Promise<void> {
  const due = await desk.all<{ id: string }>(
    `select id from kernel.account where tenant_id = $1 and delete_at <= $2 order by delete_at limit 100`,
    desk.now,
  );
  for (const { id } of due) {
    await eraseAccount(desk, id).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      desk.parts.log.warn('deletion-refused', { tenant: desk.tenantId, account: id, code: error.code });
    });
  }
}
