// The people of a tenant: who exists, what is known of them, and in what state they are.
import { newId, type Page } from '@plinth/sdk';
import { type Account, AccountCreated } from '@plinth/sdk/services/accounts.ts';
import type pg from 'pg';
import { writeOutbox } from '../events/outbox.ts';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';

export interface NewAccount {
  readonly email: string;
  readonly displayName: string;
  readonly passwordHash?: string | undefined;
  readonly verified: boolean;
  readonly operator?: boolean;
  readonly locale?: string | undefined;
  readonly zone?: string | undefined;
}

/** Adds an account in the transaction of `client`. */
export async function addAccount(
  parts: Parts,
  client: pg.ClientBase,
  asker: Pick<Asker, 'tenant' | 'actor' | 'requestId'>,
  account: NewAccount,
): Promise<string> {
  const now = parts.clock.now();
  const id = newId(now.getTime());
  const { rowCount } = await client.query(
    `insert into kernel.account (tenant_id, id, email, email_verified_at, password_hash, display_name, locale, zone, operator, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (tenant_id, email) do nothing`,
    [
      asker.tenant.id,
      id,
      account.email,
      account.verified ? now : undefined,
      account.passwordHash,
      account.displayName,
      account.locale,
      account.zone,
      account.operator ?? false,
      now,
    ],
  );
  if (rowCount === 0) throw errors.email_taken();
  await writeAudit(client, asker, now, { action: 'auth.account-created', subject: id });
  const origin = { tenantId: asker.tenant.id, actor: asker.actor, requestId: asker.requestId };
  await writeOutbox(client, [{ ...origin, event: AccountCreated.id, payload: { accountId: id } }]);
  return id;
}

/** One spelling per mailbox. */
export function normalEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

interface FactsRow extends Omit<Account, 'createdAt' | 'age'> {
  readonly createdAt: Date;
  readonly birthDate: string | null;
}

const FACTS = `a.id, a.display_name as "displayName", a.state, a.email_verified_at is not null as "emailVerified",
  coalesce(a.locale, t.locale) as locale, coalesce(a.zone, t.zone) as zone, a.birth_date::text as "birthDate",
  a.age_verified_at is not null as "ageVerified", a.verification, a.created_at as "createdAt"`;
const FROM = 'from kernel.account a join kernel.tenant t on t.id = a.tenant_id';

export async function accountsById(
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  ids: readonly string[],
): Promise<Account[]> {
  const { rows } = await client.query<FactsRow>(`select ${FACTS} ${FROM} where a.tenant_id = $1 and a.id = any($2)`, [
    tenantId,
    ids,
  ]);
  const now = parts.clock.now();
  return rows.map((row) => factsOf(row, now));
}

export async function accountById(parts: Parts, client: pg.ClientBase, tenantId: string, id: string): Promise<Account> {
  const [account] = await accountsById(parts, client, tenantId, [id]);
  if (!account) throw errors.account_missing();
  return account;
}

function factsOf({ birthDate, createdAt, ...row }: FactsRow, now: Date): Account {
  return { ...row, age: ageOf(birthDate, now), createdAt: createdAt.toISOString() };
}

/** Grown up at eighteen. */
function ageOf(birthDate: string | null, now: Date): Account['age'] {
  if (birthDate === null) return 'unknown';
  const comesOfAge = new Date(`${birthDate}T00:00:00Z`);
  comesOfAge.setUTCFullYear(comesOfAge.getUTCFullYear() + 18);
  return comesOfAge <= now ? 'adult' : 'minor';
}

/** What a person, and who runs the site, sees beside the public facts. */
export interface PrivateAccount extends Account {
  readonly email?: string;
  readonly roles: readonly string[];
}

export interface AccountQuery {
  readonly accountId?: string;
  /** The start of an e-mail, or a part of a name. */
  readonly search?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** Newest first. */
export async function listAccounts(parts: Parts, tenantId: string, query: AccountQuery): Promise<Page<PrivateAccount>> {
  const limit = query.limit ?? 50;
  const like = query.search?.toLowerCase().replace(/[\\%_]/g, '\\$&');
  const rows = await parts.database.tenant(
    tenantId,
    async (_tx, client) => {
      const { rows } = await client.query<FactsRow & { email: string | null; roles: string[] }>(
        `select ${FACTS}, a.email, array(select role from kernel.account_role r
           where r.tenant_id = a.tenant_id and r.account_id = a.id order by role) as roles
         ${FROM} where a.tenant_id = $1 and ($2::uuid is null or a.id = $2) and ($3::uuid is null or a.id < $3)
           and ($4::text is null or a.email like $4 || '%' or lower(a.display_name) like '%' || $4 || '%')
         order by a.id desc limit $5`,
        [tenantId, query.accountId, query.after, like, limit + 1],
      );
      return rows;
    },
    'read',
  );
  const now = parts.clock.now();
  const items = rows.slice(0, limit).map(({ email, roles, ...row }) => ({
    ...factsOf(row, now),
    roles,
    ...(email === null ? {} : { email }),
  }));
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: last.id } : { items };
}

export interface AccountChange {
  readonly displayName?: string | undefined;
  readonly locale?: string | undefined;
  readonly zone?: string | undefined;
  readonly birthDate?: string | undefined;
  readonly state?: 'active' | 'suspended' | undefined;
  readonly verification?: Account['verification'] | undefined;
  readonly ageVerified?: boolean | undefined;
}

/** Changes what is given. A new day of birth has not been checked by anybody. */
export async function changeAccount(
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  accountId: string,
  change: AccountChange,
): Promise<Account> {
  const { rowCount } = await client.query(
    `update kernel.account set display_name = coalesce($3, display_name), locale = coalesce($4, locale), zone = coalesce($5, zone),
       birth_date = coalesce($6::date, birth_date), state = coalesce($7, state), verification = coalesce($8, verification),
       age_verified_at = case when $9 then $10::timestamptz when $9 is not null or $6::date <> birth_date then null else age_verified_at end
     where tenant_id = $1 and id = $2 and state <> 'deleted'`,
    [
      tenantId,
      accountId,
      change.displayName,
      change.locale,
      change.zone,
      change.birthDate,
      change.state,
      change.verification,
      change.ageVerified,
      parts.clock.now(),
    ],
  );
  if (rowCount === 0) throw errors.account_missing();
  return accountById(parts, client, tenantId, accountId);
}
