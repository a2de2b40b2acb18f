import { defineErrors } from '@plinth/sdk';

/** Why the ledger refuses. A refusal leaves no trace: the same key may be tried again. */
export const refusals = defineErrors('kernel', {
  insufficient_funds: { status: 409, title: 'There is not enough on the account.', fix: 'Top it up, or move less.' },
  balance_too_large: { status: 409, title: 'The account cannot hold that much.' },
  bad_transfer: { status: 400, title: 'That is no transfer.' },
  key_reused: {
    status: 409,
    title: 'This key was used for another post.',
    fix: 'Use a new key for a new post, and send the same content to repeat one.',
  },
  currency_not_yours: {
    status: 403,
    title: 'This currency belongs to somebody else.',
    fix: 'Use "<your plugin id>:<name>"; for coins, credit and money call wallet@1.',
  },
  event_not_yours: {
    status: 403,
    title: 'A plugin tells its own events only.',
    fix: 'Start the id with your plugin id and a dot.',
  },
  hold_unknown: { status: 404, title: 'There is no such hold.' },
  hold_settled: { status: 409, title: 'The hold was captured, released or expired before.' },
  hold_expired: { status: 409, title: 'The hold has run out.' },
  capture_too_large: { status: 409, title: 'More was captured than is held.' },
  post_unknown: { status: 404, title: 'There is no such post.' },
  post_reversed: { status: 409, title: 'The post was reversed before.' },
  not_reversible: {
    status: 409,
    title: 'Only posts and captures can be reversed.',
    fix: 'Release a hold; post anew what a reversal undid.',
  },
});
