// Tokens that work once and not for long: in the links of mails, and between two steps of a browser.
import type pg from 'pg';
import type { Parts } from './parts.ts';
import { randomToken, sha256 } from './tokens.ts';

export interface OneTime {
  readonly purpose: string;
  readonly accountId?: string | undefined;
  readonly data?: unknown;
  readonly lifeMs: number;
}

export async function issueOneTime(
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  wanted: OneTime,
): Promise<string> {
  const token = randomToken();
  await client.query(
    `insert into kernel.one_time_token (tenant_id, sha256, purpose, account_id, data, expires_at) values ($1, $2, $3, $4, $5, $6)`,
    [
      tenantId,
      sha256(token),
      wanted.purpose,
      wanted.accountId,
      JSON.stringify(wanted.data ?? {}),
      new Date(parts.clock.now().getTime() + wanted.lifeMs),
    ],
  );
  return token;
}

export interface Spent<T> {
  readonly purpose: string;
  readonly accountId: string | undefined;
  readonly data: T;
}

/** Takes a token out of the world: of two that bring it at once, one finds nothing. */
export async function spendOneTime<T>(
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  purposes: readonly string[],
  token: string,
): Promise<Spent<T> | undefined> {
  const { rows } = await client.query<{ purpose: string; account_id: string | null; data: T }>(
    `delete from kernel.one_time_token where tenant_id = $1 and sha256 = $2 and purpose = any($3) and expires_at > $4
     returning purpose, account_id, data`,
    [tenantId, sha256(token), purposes, parts.clock.now()],
  );
  const [row] = rows;
  return row && { purpose: row.purpose, accountId: row.account_id ?? undefined, data: row.data };
}

/** Whose a token is, without spending it: a guessed one must not cost us a password hash. */
export async function accountOfOneTime(
  client: pg.ClientBase,
  tenantId: string,
  purpose: string,
  token: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ account_id: string | null }>(
    'select account_id from kernel.one_time_token where tenant_id = $1 and sha256 = $2 and purpose = $3',
    [tenantId, sha256(token), purpose],
  );
  return rows[0]?.account_id ?? undefined;
}

/** Makes an account's open links of some purpose worthless. */
export async function voidOneTime(
  client: pg.ClientBase,
  tenantId: string,
  accountId: string,
  purpose: string,
): Promise<void> {
  await client.query('delete from kernel.one_time_token where tenant_id = $1 and account_id = $2 and purpose = $3', [
    tenantId,
    accountId,
    purpose,
  ]);
}
