import { type Static, Type } from 'typebox';
import { event } from '../define/event.ts';
import { point } from '../define/point.ts';
import { service } from '../define/service.ts';

const Id = Type.String({ format: 'uuid' });
export const DisplayName = Type.String({ minLength: 1, maxLength: 80 });
export const Email = Type.String({ format: 'email', maxLength: 254 });
export const Verification = Type.Union([
  Type.Literal('none'),
  Type.Literal('pending'),
  Type.Literal('verified'),
  Type.Literal('rejected'),
]);

/** What plugins may know of everybody. The e-mail is not among it, nor the day of birth. */
export const Account = Type.Object({
  id: Id,
  displayName: DisplayName,
  state: Type.Union([Type.Literal('active'), Type.Literal('suspended'), Type.Literal('deleted')]),
  emailVerified: Type.Boolean(),
  /** The person's own, or the tenant's. */
  locale: Type.String(),
  /** IANA time zone: the person's own, or the tenant's. */
  zone: Type.String(),
  /** From the stated day of birth; `ageVerified` says whether somebody checked it. */
  age: Type.Union([Type.Literal('unknown'), Type.Literal('minor'), Type.Literal('adult')]),
  ageVerified: Type.Boolean(),
  /** Of the person's identity, as a payout needs it. */
  verification: Verification,
  createdAt: Type.String({ format: 'date-time' }),
});
export type Account = Static<typeof Account>;

/** The people of a tenant. */
export const Accounts = service('accounts@1', {
  /** Fails with `kernel.account_missing`. */
  get: { input: Type.Object({ accountId: Id }), output: Account },
  /** Those that exist, in no order. */
  getMany: {
    input: Type.Object({ accountIds: Type.Array(Id, { maxItems: 500 }) }),
    output: Type.Object({ items: Type.Array(Account) }),
  },
  findByEmail: {
    input: Type.Object({ email: Email }),
    output: Type.Object({ accountId: Type.Optional(Id) }),
    capability: 'accounts:email',
  },
  setVerification: {
    input: Type.Object({
      accountId: Id,
      verification: Type.Optional(Verification),
      ageVerified: Type.Optional(Type.Boolean()),
    }),
    output: Account,
    capability: 'accounts:verify',
  },
});

export const AccountCreated = event('kernel.account-created@1', Type.Object({ accountId: Id }));
export const AccountDeleted = event('kernel.account-deleted@1', Type.Object({ accountId: Id }));

/** Asked of every plugin when a person wants to see what is held of them. */
export const AccountExport = point('kernel.account-export@1', {
  input: Type.Object({ accountId: Id }),
  output: Type.Object({ section: Type.String(), data: Type.Unknown() }),
  combine: 'all',
  budgetMs: 10_000,
  onError: 'fail',
});
