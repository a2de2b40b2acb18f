// The hash chain of a book: each entry's hash covers all of the entry and the hash before it.
import { hash } from 'node:crypto';

export type Kind = 'post' | 'hold' | 'capture' | 'release' | 'expire' | 'reverse';

/** All that is recorded of one transfer, but its hash. Names stand for numbers, so renaming an account breaks the chain. */
export interface Recorded {
  readonly seq: number;
  readonly post: number;
  readonly kind: Kind;
  readonly currency: string;
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
  readonly fromBalance: bigint;
  readonly toBalance: bigint;
  /** Milliseconds. */
  readonly at: number;
  readonly key: string | undefined;
  readonly ref: string | undefined;
  readonly memo: string | undefined;
  readonly hold: string | undefined;
  readonly reverses: number | undefined;
}

/** Before the first entry. It names the book, so that no entry fits into another one. */
export function firstHash(tenantId: string): string {
  return hash('sha256', tenantId);
}

/** Fields that may hold a space come last, quoted. */
export function nextHash(before: string, entry: Recorded): string {
  const { seq, post, kind, currency, from, to, minor, fromBalance, toBalance, at, hold, reverses, key, ref, memo } =
    entry;
  const facts = `${before} ${seq} ${post} ${kind} ${currency} ${from} ${to} ${minor} ${fromBalance} ${toBalance} ${at} ${hold} ${reverses} ${key}`;
  return hash('sha256', ref === undefined && memo === undefined ? facts : `${facts} ${JSON.stringify([ref, memo])}`);
}
