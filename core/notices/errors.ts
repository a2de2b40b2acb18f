import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  notice_no_kind: {
    status: 400,
    title: 'There is no such kind of notice.',
    fix: 'Fill the slot notices.kinds@1 with it.',
  },
  notice_bad_zone: { status: 400, title: 'That is no time zone.', fix: 'Use an IANA name like "Europe/Lisbon".' },
  push_bad_endpoint: {
    status: 400,
    title: 'That is no push service.',
    fix: 'Send what the browser’s PushManager gave.',
  },
});
