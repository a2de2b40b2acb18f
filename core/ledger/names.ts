// What the names of accounts and currencies mean: who may move what, and how low an account may go.
import { LARGEST } from '@plinth/sdk/services/ledger.ts';
import { refusals } from './errors.ts';

/** A plugin's id, or `kernel` for the kernel's own rooms. */
export type Party = string;

export const KERNEL: Party = 'kernel';
const WALLET: Party = 'wallet';

export const HIGHEST = BigInt(LARGEST);

/** Money comes into a book from a source and leaves it there; what anybody else has must be there. */
export function floorOf(account: string): bigint {
  return account.startsWith('source:') ? -HIGHEST : 0n;
}

const HELD = '/held';

/** Where an account's held money lies. No caller can name it: the grammar of the contract knows no slash. */
export function heldBy(account: string): string {
  return account + HELD;
}

export function ownerOf(account: string): string {
  return account.endsWith(HELD) ? account.slice(0, -HELD.length) : account;
}

/** Whether a currency is theirs to move and to read. */
export function owns(party: Party, currency: string): boolean {
  if (party === KERNEL) return true;
  const colon = currency.indexOf(':');
  return (colon < 0 ? WALLET : currency.slice(0, colon)) === party;
}

export function mustOwn(party: Party, currency: string): void {
  if (!owns(party, currency)) throw refusals.currency_not_yours({ currency });
}
