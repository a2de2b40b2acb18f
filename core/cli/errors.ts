import { defineErrors } from '@plinth/sdk/problem.ts';

export const errors = defineErrors('cli', {
  wrong_usage: { status: 400, title: 'That is not how it is used.', fix: 'See "plinth --help".' },
  port_taken: { status: 409, title: 'Another program listens on that port.' },
});
