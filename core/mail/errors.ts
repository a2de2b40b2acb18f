import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  mail_bad_address: { status: 400, title: 'That is no e-mail address.', fix: 'Write it like "name@example.org".' },
  mail_no_template: {
    status: 500,
    title: 'There is no such mail template.',
    fix: 'Fill the slot mail.templates@1 with it.',
  },
  mail_foreign_link: {
    status: 400,
    title: 'Mail of a plugin links to its own site only.',
    fix: 'Give "link" a path such as "/jars/42".',
  },
});
