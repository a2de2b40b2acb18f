// The hash chain of a book: each entry's hash covers all of the entry and the hash before it.
import { hash } from 'node:crypto';

export type Kind = 'post' | 'hold' | 'capture' | 'release' | 'expire' | 'reverse';

/** All that is recorded of one transfer, but its hash; whole numbers in any type. */
export interface Recorded {
  readonly seq: Whole;
  readonly post: Whole;
  readonly kind: Kind;
  readonly minor: Whole;
  readonly fromBalance: Whole;
  readonly toBalance: Whole;
  /** Milliseconds. */
  readonly at: Whole;
  readonly hold: string | null | undefined;
  readonly reverses: Whole | null | undefined;
  readonly key: string | null | undefined;
  readonly ref: string | null | undefined;
  readonly memo: string | null | undefined;
}

type Whole = number | bigint | string;

/** Before the first entry. It names the book, so that no entry fits into another one. */
export function firstHash(tenantId: string): string {
  return hash('sha256', tenantId);
}

/** Accounts stand in it by name, so renaming one breaks the chain. What may hold a space comes last, quoted. */
export function nextHash(before: string, entry: Recorded, currency: string, from: string, to: string): string {
  const { seq, post, kind, minor, fromBalance, toBalance, at, hold, reverses, key, ref, memo } = entry;
  const moved = `${currency} ${from} ${to} ${minor} ${fromBalance} ${toBalance}`;
  const said = ref || memo ? JSON.stringify([ref ?? null, memo ?? null]) : '';
  return hash(
    'sha256',
    `${before} ${seq} ${post} ${kind} ${moved} ${at} ${hold ?? '-'} ${reverses ?? '-'} ${key ?? '-'} ${said}`,
  );
}
