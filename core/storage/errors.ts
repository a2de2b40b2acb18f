import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  object_missing: { status: 404, title: 'There is no such file.' },
  link_invalid: { status: 403, title: 'This link has expired or was altered.', fix: 'Ask for a new link.' },
  range_not_satisfiable: {
    status: 416,
    title: 'The file has no such part.',
    fix: 'Ask for bytes within the length in "Content-Range".',
  },
  upload_conflict: {
    status: 409,
    title: 'The upload is at another offset.',
    fix: 'Ask for the offset with HEAD and go on from there.',
  },
  upload_busy: { status: 423, title: 'Another connection writes to this upload.', fix: 'Try again in a moment.' },
  upload_refused: { status: 400, title: 'The upload does not follow the tus protocol.', fix: 'Use a tus 1.0 client.' },
  tus_version: { status: 412, title: 'Uploads speak tus 1.0.0.', fix: 'Send "Tus-Resumable: 1.0.0".' },
  checksum_mismatch: {
    status: 422,
    title: 'The bytes that arrived are not the ones announced.',
    fix: 'Upload the file again.',
  },
  storage_full: {
    status: 507,
    title: 'There is no room left on the server.',
    fix: 'Try again later; an operator must make room.',
  },
});
