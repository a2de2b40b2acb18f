import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('tip-jar', {
  jar_missing: { status: 404, title: 'There is no such jar.' },
  jar_closed: { status: 409, title: 'This jar takes no more tips.' },
  not_your_jar: {
    status: 403,
    title: 'Only its owner may close a jar.',
    fix: 'Ask for the permission "tip-jar.close".',
  },
  own_jar: { status: 409, title: 'You cannot tip yourself.' },
  too_generous: { status: 400, title: 'That is more than one tip may be.' },
  too_few_points: { status: 409, title: 'You have too few points.', fix: 'Claim your welcome points, or give less.' },
});
