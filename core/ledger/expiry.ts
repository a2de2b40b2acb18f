import type { Command } from './book.ts';
import { type Desk, expireCommand, HOLDS, type HoldRow } from './commands.ts';
import { readRows } from './read-rows.ts';

/** Holds settled side by side. */
const PAGE = 500;
const EXPIRED = `${HOLDS} where state = 'open' and expires_at <= $1 order by expires_at, id offset $2 limit $3`;

/** Gives back what is held past its time, in every book. Safe on any number of nodes at once: a hold is settled once. */
export async function expireHolds(
  desk: Desk,
  now: Date,
  submit: (command: Command) => Promise<unknown>,
): Promise<number> {
  let expired = 0;
  for (let left = 0; ; ) {
    const holds = await readRows<HoldRow>(desk.database, EXPIRED, [now, left, PAGE]);
    const outcomes = await Promise.allSettled(holds.map((hold) => submit(expireCommand(desk, hold))));
    // Refused is what somebody else settled meanwhile; what failed otherwise is found again by the next run.
    const settled = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expired += settled;
    left += holds.length - settled;
    if (holds.length < PAGE) return expired;
  }
}
