import { defineErrors } from '@plinth/sdk';

/** Every error the kernel itself answers with, by code. Rooms with errors of their own add theirs here. */
export const errors = defineErrors('kernel', {
  bad_request: { status: 400, title: 'The request could not be understood.' },
  invalid_input: {
    status: 400,
    title: 'The request does not fit its schema.',
    fix: 'Mend the fields listed in "errors".',
  },
  bad_tenant: { status: 400, title: 'That is no tenant.' },
  unauthenticated: { status: 401, title: 'Sign in first.', fix: 'Send "Authorization: Bearer <token>".' },
  forbidden: {
    status: 403,
    title: 'You may not do that.',
    fix: 'Ask an administrator for the permission named in "detail".',
  },
  not_found: { status: 404, title: 'There is nothing here.' },
  no_tenant: {
    status: 404,
    title: 'No site answers to this address.',
    fix: 'Add the host to a tenant, or check the spelling.',
  },
  too_slow: {
    status: 408,
    title: 'The request took too long to arrive.',
    fix: 'Send it again over a better connection, or in smaller parts.',
  },
  method_not_allowed: { status: 405, title: 'That method is not offered here.' },
  conflict: {
    status: 409,
    title: 'Somebody else changed this meanwhile.',
    fix: 'Read it again and repeat the change.',
  },
  too_large: { status: 413, title: 'That is too large.' },
  unsupported_media: { status: 415, title: 'Send JSON.', fix: 'Set "Content-Type: application/json".' },
  too_many: { status: 429, title: 'Too many requests.', fix: 'Wait as long as "Retry-After" says.' },
  over_quota: { status: 403, title: 'A quota is used up.' },
  internal: {
    status: 500,
    title: 'Something went wrong on our side.',
    fix: 'Try again; if it stays, report the request id.',
  },
  unavailable: { status: 503, title: 'Not available right now.', fix: 'Try again in a moment.' },
  draining: { status: 503, title: 'This node is stopping.', fix: 'Try again: another node will answer.' },
  bad_reply: { status: 500, title: 'A handler answered with something its schema does not allow.' },
  tx_open: {
    status: 500,
    title: 'A service was called inside a transaction.',
    fix: 'Write a pending row, commit, call the service, then settle the row.',
  },
  second_commit: {
    status: 500,
    title: 'An event handler tried to commit twice.',
    fix: 'Call services first, then commit once; move the rest to a job.',
  },
  no_run: { status: 500, title: 'That is possible only in a job.', fix: 'Enqueue a job and do it there.' },
  bad_payload: { status: 500, title: 'A plugin produced data that breaks its own schema.' },
  capability_missing: {
    status: 403,
    title: 'The plugin was not granted a capability.',
    fix: 'Declare it, and have the tenant consent.',
  },
  service_missing: { status: 503, title: 'A service that is needed is not there.' },
  point_failed: { status: 502, title: 'An extension failed.' },
});
