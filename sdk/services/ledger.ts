// The contract of the ledger: double entry, append only. No other code keeps a balance.
import { type Static, Type } from 'typebox';
import type { Duration } from '../define/job.ts';
import { service } from '../define/service.ts';

/** The largest amount and balance: what a JSON integer can say exactly. */
export const LARGEST = Number.MAX_SAFE_INTEGER;

/** Integer minor units: cents, not dollars. */
export const Minor = Type.Integer({ minimum: 1, maximum: LARGEST });

/**
 * `<plugin-id>:<name>` is moved by that plugin alone. `coin`, `credit` and real money (`USD`) are moved by the plugin
 * `wallet` alone; everybody else asks `wallet@1`.
 */
export const Currency = Type.String({
  maxLength: 80,
  pattern: '^([a-z][a-z0-9-]*:[a-z][a-z0-9-]*|coin|credit|[A-Z][A-Z0-9]{2,9})$',
});

/**
 * Two to four parts: `person:<accountId>`, `plugin:<plugin-id>:<name>`, `platform:due`, `source:<name>`. It is opened
 * by the first transfer that names it, and holds one currency: the same name in two currencies is two accounts.
 *
 * **Limits follow the name.** An account never goes below zero, except `source:…`, which has no floor: money comes
 * into a book from a source (a mint, a payment provider) and leaves it there, so every currency of a book sums to zero.
 */
export const AccountName = Type.String({
  maxLength: 120,
  pattern: '^[a-z][a-z0-9-]*(:[A-Za-z0-9][A-Za-z0-9._-]*){1,3}$',
});

/** Your own name for what you ask. The same key returns the first answer; with other content it is refused. */
const Key = Type.String({ minLength: 1, maxLength: 200, pattern: '^[!-~]+$' });
/** Kept for ever, also when a person asks to be forgotten: point to what is personal by an id instead of writing it. */
const Text = Type.String({ minLength: 1, maxLength: 300, pattern: '^[^\\u0000-\\u001f\\u007f]*$' });
const Time = Type.String({ format: 'date-time' });
const EntryNumber = Type.Integer({ minimum: 1, maximum: LARGEST });

const common = {
  key: Key,
  /** What this belongs to on your side, or a correlation id shared by posts in two books. */
  ref: Type.Optional(Text),
  /** Facts that commit with the post, or not at all: your own events, by id. A replay does not tell them again. */
  emit: Type.Optional(
    Type.Array(
      Type.Object({
        event: Type.String({ maxLength: 200, pattern: '^[a-z][a-z0-9-]*\\.[a-z0-9.-]+@[0-9]+$' }),
        payload: Type.Unknown(),
      }),
      { maxItems: 20 },
    ),
  ),
};

export const Transfer = Type.Object({
  from: AccountName,
  to: AccountName,
  currency: Currency,
  minor: Minor,
  memo: Type.Optional(Text),
});
export type Transfer = Static<typeof Transfer>;

export const Post = Type.Object({
  ...common,
  /** All of them or none, in this order: what the first brings, the second may spend. */
  transfers: Type.Array(Transfer, { minItems: 1, maxItems: 100 }),
});
export type Post = Static<typeof Post>;

export const Hold = Type.Object({
  ...common,
  from: AccountName,
  currency: Currency,
  minor: Minor,
  memo: Type.Optional(Text),
  /** After this long the money goes back by itself: `15m`, `7d`. */
  expires: Type.Unsafe<Duration>(Type.String({ pattern: '^[1-9][0-9]{0,8}(ms|s|m|h|d)$' })),
});
export type Hold = Static<typeof Hold>;

export const Capture = Type.Object({
  ...common,
  hold: Type.String({ format: 'uuid' }),
  /** Who gets it. What they do not take goes back to where it was held. */
  to: Type.Array(Type.Object({ account: AccountName, minor: Minor, memo: Type.Optional(Text) }), {
    minItems: 1,
    maxItems: 99,
  }),
});
export type Capture = Static<typeof Capture>;

export const Release = Type.Object({ ...common, hold: Type.String({ format: 'uuid' }) });
export type Release = Static<typeof Release>;

export const Reverse = Type.Object({ ...common, post: EntryNumber, memo: Type.Optional(Text) });
export type Reverse = Static<typeof Reverse>;

/** Entries are numbered per book without a gap; a post is known by its first. */
export const Posted = Type.Object({ post: EntryNumber, at: Time });
export type Posted = Static<typeof Posted>;

export const Held = Type.Object({ post: EntryNumber, at: Time, hold: Type.String({ format: 'uuid' }) });
export type Held = Static<typeof Held>;

export const BalanceOf = Type.Object({
  account: AccountName,
  currency: Currency,
  /** As it stood then; now when absent. */
  at: Type.Optional(Time),
});
export type BalanceOf = Static<typeof BalanceOf>;

export const Balance = Type.Object({
  currency: Currency,
  /** What may be spent. */
  minor: Type.Integer(),
  /** What is set aside by open holds, beside it. */
  held: Type.Integer(),
});
export type Balance = Static<typeof Balance>;

export const StatementOf = Type.Object({
  account: AccountName,
  currency: Currency,
  /** From then on, and before then. */
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  cursor: Type.Optional(Type.String({ pattern: '^[0-9a-z]{1,11}$' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
export type StatementOf = Static<typeof StatementOf>;

export const Line = Type.Object({
  post: EntryNumber,
  at: Time,
  kind: Type.Enum(['post', 'hold', 'capture', 'release', 'expire', 'reverse']),
  /** What came in; negative: what went out. */
  minor: Type.Integer(),
  /** What was there after it. */
  balance: Type.Integer(),
  /** The other side. Held money lies on `<account>/held`. */
  with: Type.String(),
  memo: Type.Optional(Type.String()),
  ref: Type.Optional(Type.String()),
});
export type Line = Static<typeof Line>;

/** Lines from the newest to the oldest; `opening` and all lines make `closing`, whichever page this is. */
export const Statement = Type.Object({
  opening: Type.Integer(),
  closing: Type.Integer(),
  items: Type.Array(Line),
  next: Type.Optional(Type.String()),
});
export type Statement = Static<typeof Statement>;

const post = 'ledger:post';
const read = 'ledger:read';

/**
 * A plugin moves and reads only the currencies it owns. An answer means that the post is on disk. When the answer is
 * `kernel.unavailable`, or none, ask again with the same key: it happens once.
 *
 * @example
 * await ctx.ledger.post({
 *   key: body.key,
 *   transfers: [{ from: `person:${ctx.actor.accountId}`, to: `plugin:tip-jar:${jarId}`, currency: 'tip-jar:points', minor: 5 }],
 *   emit: [{ event: TipSent.id, payload: { jarId, points: 5 } }],
 * });
 */
export const Ledger = service('ledger@1', {
  post: { input: Post, output: Posted, capability: post },
  /** Sets money aside. */
  hold: { input: Hold, output: Held, capability: post },
  /** Settles a hold in full or in part. */
  capture: { input: Capture, output: Posted, capability: post },
  /** Gives a hold back. */
  release: { input: Release, output: Posted, capability: post },
  /** Undoes a post or a capture by opposite entries, once, and as far as the receivers still have it. */
  reverse: { input: Reverse, output: Posted, capability: post },
  balance: { input: BalanceOf, output: Balance, capability: read },
  /** Every currency of a name that the caller may read. */
  balances: {
    input: Type.Object({ account: AccountName }),
    output: Type.Object({ items: Type.Array(Balance) }),
    capability: read,
  },
  statement: { input: StatementOf, output: Statement, capability: read },
});
