// Tokens that work once and not for long: in the links of mails, and between two steps of a browser.
import type { Desk } from './desk.ts';
import { randomToken, sha256 } from './tokens.ts';

export interface OneTime {
  readonly purpose: string;
  readonly accountId?: string | undefined;
  readonly data?: unknown;
}

export async function issueOneTime(
  desk: Desk,
  lifeMs: number,
  { purpose, accountId, data = {} }: OneTime,
): Promise<string> {
  const token = randomToken();
  await desk.run(
    `insert into kernel.one_time_token (tenant_id, sha256, purpose, account_id, data, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    ...[sha256(token), purpose, accountId, JSON.stringify(data), desk.in(lifeMs)],
  );
  return token;
}

interface Spent<T> {
  readonly accountId?: string;
  readonly data: T;
}

/** Takes a token out of the world: of two that bring it at once, one finds nothing. */
export async function spendOneTime<T>(desk: Desk, token: string, ...purposes: string[]): Promise<Spent<T> | undefined> {
  return desk.one(
    `delete from kernel.one_time_token where tenant_id = $1 and sha256 = $2 and purpose = any($3) and expires_at > $4
     returning account_id, data`,
    ...[sha256(token), purposes, desk.now],
  );
}

/** Makes every open link and ticket of an account worthless: whoever holds one may no longer be who they were. */
export async function voidOneTime(desk: Desk, accountId: string): Promise<void> {
  await desk.run('delete from kernel.one_time_token where tenant_id = $1 and account_id = $2', accountId);
}
