// One tenant's book as it stands, and the rules by which it goes on. No I/O: what is decided here is written elsewhere.
import type { Held, Posted } from '@plinth/sdk/services/ledger.ts';
import type { Fact } from '../events/outbox.ts';
import { firstHash, type Kind, nextHash, type Recorded } from './chain.ts';
import { refusals } from './errors.ts';
import { iso } from './iso.ts';
import { floorOf, HIGHEST } from './names.ts';

export interface Account {
  readonly number: number;
  readonly currency: string;
  readonly name: string;
  readonly floor: bigint;
  balance: bigint;
}

/** Where a book is. */
export interface Place {
  seq: number;
  hash: string;
  /** Of the last entry. Times never run back within a book, whatever clocks do. */
  at: number;
}

export interface Book extends Place {
  readonly tenantId: string;
  readonly accounts: Accounts;
}

export function emptyBook(tenantId: string): Book {
  return { tenantId, seq: 0, hash: firstHash(tenantId), at: 0, accounts: new Accounts() };
}

/** Of an account opened by memory: such a plan is not carried out. */
const UNNUMBERED = 0;

export function accountWith(number: number, currency: string, name: string, balance: bigint): Account {
  return { number, currency, name, floor: floorOf(name), balance };
}

/** Accounts by currency and name. */
export class Accounts {
  readonly #of = new Map<string, Map<string, Account>>();

  get(currency: string, name: string): Account | undefined {
    return this.#of.get(currency)?.get(name);
  }
  add(account: Account): void {
    const same = this.#of.get(account.currency);
    if (same) same.set(account.name, account);
    else this.#of.set(account.currency, new Map([[account.name, account]]));
  }
  remove({ currency, name }: Account): void {
    this.#of.get(currency)?.delete(name);
  }
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
  readonly legs: readonly Leg[];
  readonly ref: string | undefined;
  readonly opensHold?: { readonly id: string; readonly forMs: number };
  readonly settlesHold?: string;
  readonly reverses?: number;
  /** Not part of what is asked: who asks again may make their ids and times anew. */
  readonly facts: readonly Fact[];
}

/** What a replay must repeat. */
function contentOf({ kind, legs, ref, opensHold, settlesHold, reverses }: Command): string {
  const moved = legs.map(({ from, to, currency, minor, memo }) => [from, to, currency, String(minor), memo]);
  return JSON.stringify([kind, ref, reverses, settlesHold, opensHold?.forMs, moved]);
}

/** What came of a command, as callers are told. The same for every replay of its key. */
export type Done = Posted | Held;

export function doneOf(post: number, at: number, hold: string | undefined): Done {
  return hold === undefined ? { post, at: iso(at) } : { post, at: iso(at), hold };
}

export interface Entry extends Recorded {
  readonly at: number;
  readonly minor: bigint;
  readonly hash: string;
  readonly from: Account;
  readonly to: Account;
}

/** What the database knows about the commands of a batch. It grows as the batch is decided. */
export interface Known {
  readonly keys: Map<string, { readonly content: () => string; readonly done: Done }>;
  readonly holds: Map<string, { readonly open: boolean; readonly expiresAt: number }>;
  readonly reversed: Set<number>;
  /** Accounts that are not open yet, with the numbers they would get. */
  readonly newcomers: Accounts;
}

export function nothingKnown(): Known {
  return { keys: new Map(), holds: new Map(), reversed: new Set(), newcomers: new Accounts() };
}

/** What happens to one book in one transaction. */
export interface Change {
  readonly book: Book;
  readonly known: Known;
  readonly before: Place;
  /** Kept here, because the book goes on before this is written. */
  readonly after: Place;
  readonly entries: Entry[];
  readonly opened: Account[];
  /** Each with its first entry. */
  readonly commands: { readonly command: Command; readonly entry: Entry }[];
}

export function noChange(book: Book, known: Known): Change {
  const place = placeOf(book);
  return { book, known, before: place, after: place, entries: [], opened: [], commands: [] };
}

export function placeOf({ seq, hash, at }: Book): Place {
  return { seq, hash, at };
}

/** Does a command and adds it to the change; or throws a refusal, with nothing done; or knows that it was done before. */
export function decide(change: Change, command: Command, now: number): Done {
  const { book, known, entries, opened } = change;
  const earlier = known.keys.get(command.key);
  if (earlier) {
    if (earlier.content() !== contentOf(command)) throw refusals.key_reused();
    return earlier.done;
  }
  const at = Math.max(now, book.at);
  mustBeOpen(command, known, at);
  const before = placeOf(book);
  const first = entries.length;
  const newcomer = opened.length;
  try {
    for (const leg of command.legs) entries.push(apply(change, command, leg, before.seq + 1, at));
  } catch (refusal) {
    undo({ book, before, entries: entries.splice(first), opened: opened.splice(newcomer) });
    throw refusal;
  }
  const entry = entries[first];
  if (entry) change.commands.push({ command, entry });
  const done = doneOf(before.seq + 1, at, command.opensHold?.id);
  known.keys.set(command.key, { content: () => contentOf(command), done });
  if (command.settlesHold !== undefined) known.holds.set(command.settlesHold, { open: false, expiresAt: 0 });
  if (command.reverses !== undefined) known.reversed.add(command.reverses);
  return done;
}

function mustBeOpen({ kind, settlesHold, reverses }: Command, known: Known, at: number): void {
  if (reverses !== undefined && known.reversed.has(reverses)) throw refusals.post_reversed();
  if (settlesHold === undefined) return;
  const hold = known.holds.get(settlesHold);
  if (!hold) throw refusals.hold_unknown();
  if (!hold.open) throw refusals.hold_settled();
  if (kind === 'capture' && hold.expiresAt <= at) throw refusals.hold_expired();
}

function apply(change: Change, command: Command, leg: Leg, post: number, at: number): Entry {
  const { book } = change;
  const { currency, minor, memo } = leg;
  const from = accountOf(change, currency, leg.from);
  const to = accountOf(change, currency, leg.to);
  if (from === to) throw refusals.bad_transfer({ detail: 'It goes from an account to itself.', account: from.name });
  if (from.balance - minor < from.floor) throw refusals.insufficient_funds({ currency, account: from.name });
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
    from,
    to,
    minor,
    fromBalance: from.balance,
    toBalance: to.balance,
    at,
    key: first ? command.key : undefined,
    ref: command.ref,
    memo,
    hold: command.opensHold?.id ?? command.settlesHold,
    reverses: first ? command.reverses : undefined,
    hash: '',
  };
  entry.hash = nextHash(book.hash, entry, currency, from.name, to.name);
  book.hash = entry.hash;
  return entry;
}

function accountOf({ book, known, opened }: Change, currency: string, name: string): Account {
  const open = book.accounts.get(currency, name);
  if (open) return open;
  const account = known.newcomers.get(currency, name) ?? accountWith(UNNUMBERED, currency, name, 0n);
  book.accounts.add(account);
  opened.push(account);
  return account;
}

/** Puts the book back to where the change began. */
export function undo({ book, before, entries, opened }: Pick<Change, 'book' | 'before' | 'entries' | 'opened'>): void {
  for (const { from, to, minor } of entries) {
    from.balance += minor;
    to.balance -= minor;
  }
  for (const account of opened) book.accounts.remove(account);
  Object.assign(book, before);
}
