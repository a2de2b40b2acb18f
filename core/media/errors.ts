import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  media_missing: {
    status: 404,
    title: 'There is no such object.',
    fix: 'Give the id of an object that your plugin put, took or was uploaded to.',
  },
  media_file_missing: { status: 404, title: 'There is no such file.' },
  no_analyser: { status: 422, title: 'There is no such analyser.' },
});
