import { defineErrors } from '@plinth/sdk/problem.ts';

export const errors = defineErrors('cli', {
  wrong_usage: { status: 400, title: 'That is not how it is used.', fix: 'See "plinth --help".' },
  file_there: { status: 409, title: 'There is a file already.', fix: 'Name another.' },
  disk_full: { status: 507, title: 'The disk is full.', fix: 'Make room, or name another place.' },
  file_missing: { status: 404, title: 'There is no such file.' },
  site_missing: { status: 404, title: 'There is no such site.', fix: 'See "plinth tenant list".' },
  ledger_broken: {
    status: 500,
    title: 'The ledger is not whole.',
    fix: 'Stop writing to it, and compare it with your last backup.',
  },
  plugin_unsound: { status: 400, title: 'The plugin does not keep to the contract.' },
  effect_unsound: { status: 400, title: 'The effect cannot be read.' },
  port_taken: { status: 409, title: 'Another program listens on that port.' },
});
