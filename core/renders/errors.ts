import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  clip_missing: {
    status: 404,
    title: 'There is no such clip.',
    fix: 'Name an object that the plugin put or adopted, and that is still there.',
  },
  picture_missing: {
    status: 404,
    title: 'There is no such picture.',
    fix: 'Name an object that the plugin put or adopted, and that is still there.',
  },
});
