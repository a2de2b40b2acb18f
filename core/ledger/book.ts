// One tenant's book as it stands, and the rules by which it goes on. No I/O: what is decided here is written elsewhere.
import type { Fact } from '../events/outbox.ts';
import { firstHash, type Kind, nextHash, type Recorded } from './chain.ts';
import { refusals } from './errors.ts';
import { floorOf, HIGHEST } from './names.ts';

export interface Account {
  readonly number: number;
  readonly currency: string;
  readonly name: string;
  readonly floor: bigint;
  balance: bigint;
}

export interface Book {
  readonly tenantId: string;
  seq: number;
  hash: string;
  /** Of the last entry. Times never run back within a book, whatever clocks do. */
  at: number;
  opened: number;
  readonly accounts: Map<string, Account>;
}

export function emptyBook(tenantId: string): Book {
  return { tenantId, seq: 0, hash: firstHash(tenantId), at: 0, opened: 0, accounts: new Map() };
}

export function accountKey(currency: string, name: string): string {
  return `${currency} ${name}`;
}

export interface Leg {
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly minor: bigint;
  readonly memo: string | undefined;
}

/** One thing to be done to a book, wholly or not at all. */
export interface Command {
  readonly tenantId: string;
  readonly kind: Kind;
  /** `<who>/<idempotency key>` */
  readonly key: string;
  /** Of what was asked. */
  readonly digest: string;
  readonly legs: readonly Leg[];
  readonly ref?: string | undefined;
  readonly opensHold?: { readonly id: string; readonly forMs: number };
  readonly settlesHold?: string;
  readonly reverses?: number;
  readonly facts: readonly Fact[];
}

/** What came of a command. The same for every replay of its key. */
export interface Done {
  readonly post: number;
  readonly at: number;
  readonly hold: string | undefined;
}

export interface Entry extends Recorded {
  readonly hash: string;
  readonly fromAccount: Account;
  readonly toAccount: Account;
}

/** What the database knows about the commands of a batch. It grows as the batch is decided. */
export interface Known {
  readonly keys: Map<string, { readonly digest: string; readonly done: Done }>;
  readonly holds: Map<string, { readonly open: boolean; readonly expiresAt: number }>;
  readonly reversed: Set<number>;
}

export function nothingKnown(): Known {
  return { keys: new Map(), holds: new Map(), reversed: new Set() };
}

/** What a command adds to the book: nothing, if it was done before. */
export interface Decision {
  readonly done: Done;
  readonly entries: readonly Entry[];
  readonly opened: readonly Account[];
}

/** Applies a command, or throws a refusal and leaves the book as it was. */
export function decide(book: Book, command: Command, known: Known, now: number): Decision {
  const earlier = known.keys.get(command.key);
  if (earlier) {
    if (earlier.digest !== command.digest) throw refusals.key_reused();
    return { done: earlier.done, entries: [], opened: [] };
  }
  const at = Math.max(now, book.at);
  mustBeOpen(command, known, at);
  const before = { seq: book.seq, hash: book.hash, at: book.at, opened: book.opened };
  const entries: Entry[] = [];
  const opened: Account[] = [];
  try {
    for (const leg of command.legs) entries.push(apply(book, command, leg, before.seq + 1, at, opened));
  } catch (refusal) {
    undo(book, entries, opened);
    Object.assign(book, before);
    throw refusal;
  }
  const done = { post: before.seq + 1, at, hold: command.opensHold?.id };
  known.keys.set(command.key, { digest: command.digest, done });
  if (command.settlesHold !== undefined) known.holds.set(command.settlesHold, { open: false, expiresAt: 0 });
  if (command.reverses !== undefined) known.reversed.add(command.reverses);
  return { done, entries, opened };
}

function mustBeOpen({ kind, settlesHold, reverses }: Command, known: Known, at: number): void {
  if (reverses !== undefined && known.reversed.has(reverses)) throw refusals.post_reversed();
  if (settlesHold === undefined) return;
  const hold = known.holds.get(settlesHold);
  if (!hold) throw refusals.hold_unknown();
  if (!hold.open) throw refusals.hold_settled();
  if (kind === 'capture' && hold.expiresAt <= at) throw refusals.hold_expired();
}

function apply(book: Book, command: Command, leg: Leg, post: number, at: number, opened: Account[]): Entry {
  const { currency, minor } = leg;
  const from = accountOf(book, currency, leg.from, opened);
  const to = accountOf(book, currency, leg.to, opened);
  const where = { currency, account: from.name };
  if (from === to) throw refusals.bad_transfer({ detail: 'It goes from an account to itself.', ...where });
  if (from.balance - minor < from.floor) throw refusals.insufficient_funds(where);
  if (to.balance + minor > HIGHEST) throw refusals.balance_too_large({ currency, account: to.name });
  from.balance -= minor;
  to.balance += minor;
  book.seq += 1;
  book.at = at;
  const first = book.seq === post;
  const entry = {
    seq: book.seq,
    post,
    kind: command.kind,
    currency,
    from: from.name,
    to: to.name,
    minor,
    fromBalance: from.balance,
    toBalance: to.balance,
    at,
    key: first ? command.key : undefined,
    digest: first ? command.digest : undefined,
    ref: command.ref,
    memo: leg.memo,
    hold: command.opensHold?.id ?? command.settlesHold,
    reverses: first ? command.reverses : undefined,
    fromAccount: from,
    toAccount: to,
    hash: '',
  };
  entry.hash = nextHash(book.hash, entry);
  book.hash = entry.hash;
  return entry;
}

function accountOf(book: Book, currency: string, name: string, opened: Account[]): Account {
  const key = accountKey(currency, name);
  const known = book.accounts.get(key);
  if (known) return known;
  book.opened += 1;
  const account = { number: book.opened, currency, name, floor: floorOf(name), balance: 0n };
  book.accounts.set(key, account);
  opened.push(account);
  return account;
}

/** Takes entries back, the last first. */
export function undo(book: Book, entries: readonly Entry[], opened: readonly Account[]): void {
  for (const { fromAccount, toAccount, minor } of entries) {
    fromAccount.balance += minor;
    toAccount.balance -= minor;
  }
  for (const { currency, name } of opened) book.accounts.delete(accountKey(currency, name));
}
