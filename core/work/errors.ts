import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  work_missing: { status: 404, title: 'There is no such work.' },
  work_cancelled: { status: 409, title: 'It was cancelled.' },
  work_lost: {
    status: 500,
    title: 'The nodes that did this went away, one after the other.',
    fix: 'Try it with a shorter or smaller clip; if it stays, report its id.',
  },
  work_too_long: { status: 504, title: 'This took too long.', fix: 'Do it in smaller parts.' },
});
