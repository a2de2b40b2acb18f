// The people of a tenant: who exists, what is known of them, and in what state they are.
import { newId } from '@plinth/sdk';
import { Account, AccountCreated } from '@plinth/sdk/services/accounts.ts';
import { type Static, Type } from 'typebox';
import type { Recipient } from '../mail/mail.ts';
import { type Desk, pageOf } from './desk.ts';
import { errors } from './errors.ts';

export interface NewAccount {
  readonly email: string;
  readonly displayName: string;
  readonly passwordHash?: string | undefined;
  readonly verified: boolean;
  readonly operator?: boolean;
  readonly locale?: string;
  readonly zone?: string;
}

export async function addAccount(desk: Desk, account: NewAccount): Promise<string> {
  const { email, verified, passwordHash, displayName, locale, zone, operator = false } = account;
  const id = newId(desk.now.getTime());
  const added = await desk.run(
    `insert into kernel.account (tenant_id, id, email, email_verified_at, password_hash, display_name, locale, zone, operator, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (tenant_id, email) do nothing`,
    ...[id, email, verified ? desk.now : undefined, passwordHash, displayName, locale, zone, operator, desk.now],
  );
  if (added === 0) throw errors.email_taken();
  await desk.audit('auth.account-created', id);
  await desk.emit(AccountCreated, { accountId: id });
  return id;
}

/** The public facts; `$2` is now. */
const FACTS = `select a.id, a.display_name, a.state, a.email_verified_at is not null as email_verified,
  coalesce(a.locale, t.locale) as locale, coalesce(a.zone, t.zone) as zone, a.verification, a.created_at,
  case when a.birth_date is null then 'unknown' when a.birth_date + interval '18 years' <= $2 then 'adult' else 'minor' end as age,
  a.age_verified_at is not null as age_verified`;
const FROM = 'from kernel.account a join kernel.tenant t on t.id = a.tenant_id where a.tenant_id = $1';

export async function accountsById(desk: Desk, ids: readonly string[]): Promise<Account[]> {
  return desk.all(`${FACTS} ${FROM} and a.id = any($3)`, desk.now, ids);
}

export async function accountById(desk: Desk, id: string): Promise<Account> {
  const [account] = await accountsById(desk, [id]);
  if (!account) throw errors.account_missing();
  return account;
}

/** Where mail for an account goes. */
export async function recipientOf(desk: Desk, id: string): Promise<Recipient | undefined> {
  const columns = 'a.email as address, a.display_name, coalesce(a.locale, t.locale) as locale';
  return desk.one(`select ${columns} ${FROM} and a.id = $2 and a.state <> 'deleted'`, id);
}

/** What a person sees of themselves beside the public facts, and who runs the site of everybody. */
export const PrivateAccount = Type.Object({
  ...Account.properties,
  email: Type.Optional(Type.String()),
  roles: Type.Array(Type.String()),
  /** The person has asked for it. */
  deleteAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type PrivateAccount = Static<typeof PrivateAccount>;

/** Newest first. `search` is the start of an e-mail, or a part of a name. */
export async function listAccounts(
  desk: Desk,
  query: { readonly id?: string; readonly search?: string; readonly after?: string; readonly limit?: number },
) {
  const { limit = 50 } = query;
  const like = query.search?.toLowerCase().replace(/[\\%_]/g, '\\$&');
  const rows = await desk.all<PrivateAccount>(
    `${FACTS}, a.email, a.delete_at, array(select role from kernel.account_role r
       where r.tenant_id = a.tenant_id and r.account_id = a.id order by role) as roles
     ${FROM} and ($3::uuid is null or a.id = $3) and ($4::uuid is null or a.id < $4)
       and ($5::text is null or a.email like $5 || '%' or lower(a.display_name) like '%' || $5 || '%')
     order by a.id desc limit $6`,
    ...[desk.now, query.id, query.after, like, limit + 1],
  );
  return pageOf(rows, limit);
}

export interface AccountChange {
  readonly displayName?: string;
  readonly locale?: string;
  readonly zone?: string;
  readonly birthDate?: string;
  readonly state?: 'active' | 'suspended';
  readonly verification?: Account['verification'];
  readonly ageVerified?: boolean;
}

/** Changes what is given. A new day of birth has not been checked by anybody. */
export async function changeAccount(desk: Desk, id: string, change: AccountChange): Promise<Account> {
  const { displayName, locale, zone, birthDate, state, verification, ageVerified } = change;
  const changed = await desk.run(
    `update kernel.account set display_name = coalesce($4, display_name), locale = coalesce($5, locale), zone = coalesce($6, zone),
       birth_date = coalesce($7::date, birth_date), state = coalesce($8, state), verification = coalesce($9, verification),
       age_verified_at = case when $10 then $3 when $10 is not null or $7::date <> birth_date then null else age_verified_at end
     where tenant_id = $1 and id = $2 and state <> 'deleted'`,
    ...[id, desk.now, displayName, locale, zone, birthDate, state, verification, ageVerified],
  );
  if (changed === 0) throw errors.account_missing();
  return accountById(desk, id);
}
