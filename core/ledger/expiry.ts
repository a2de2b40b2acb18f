import type { Database } from '../database/database.ts';
import type { Command } from './book.ts';
import { expireCommand, HOLDS, type HoldRow } from './commands.ts';

/** Holds settled side by side. */
const PAGE = 500;

/** Gives back what is held past its time, in every book. Safe on any number of nodes at once: a hold is settled once. */
export async function expireHolds(
  database: Database,
  now: Date,
  submit: (command: Command) => Promise<unknown>,
): Promise<number> {
  let expired = 0;
  for (let left = 0; ; ) {
    const { rows } = await database.ledger(
      (_tx, client) =>
        client.query<HoldRow>(
          `${HOLDS} where state = 'open' and expires_at <= $1 order by expires_at, id offset $2 limit $3`,
          [now, left, PAGE],
        ),
      'read',
    );
    const outcomes = await Promise.allSettled(rows.map((hold) => submit(expireCommand(hold))));
    // Refused is what somebody else settled meanwhile; what failed otherwise is found again by the next run.
    const settled = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expired += settled;
    left += rows.length - settled;
    if (rows.length < PAGE) return expired;
  }
}
