import { defineErrors } from '@plinth/sdk';

/** What can go wrong around accounts. Answers to strangers are the same whether an account exists or not. */
export const errors = defineErrors('kernel', {
  bad_credentials: {
    status: 401,
    title: 'E-mail and password do not match an account that can sign in.',
    fix: 'Check both. If you have just registered, follow the link in the mail first.',
  },
  session_ended: { status: 401, title: 'The session has ended.', fix: 'Sign in again.' },
  refresh_reused: {
    status: 401,
    title: 'A refresh token was used twice, so the session was ended.',
    fix: 'Sign in again. If this was not your doing, change the password.',
  },
  account_suspended: { status: 403, title: 'The account is suspended.', fix: 'Ask the people who run this site.' },
  too_many_attempts: {
    status: 429,
    title: 'Too many failed attempts.',
    fix: 'Wait as long as "retryAfter" says, in seconds.',
  },
  weak_password: {
    status: 400,
    title: 'That password is too easy to guess.',
    fix: 'Take ten characters or more that nobody else would.',
  },
  wrong_password: { status: 403, title: 'The current password is not right.' },
  bad_token: { status: 400, title: 'The link is spent or too old.', fix: 'Ask for a new one.' },
  email_taken: { status: 409, title: 'An account with this e-mail exists.' },
  account_missing: { status: 404, title: 'There is no such account.' },
  key_missing: { status: 404, title: 'There is no such API key.' },
  session_missing: { status: 404, title: 'There is no such session.' },
  role_missing: {
    status: 404,
    title: 'There is no such role.',
    fix: 'Take one of the roles that GET /auth/roles lists.',
  },
  role_reserved: { status: 409, title: 'That role cannot be changed.', fix: 'Make a role of your own.' },
  unknown_permission: {
    status: 400,
    title: 'There is no such permission.',
    fix: 'Take those that GET /auth/roles lists.',
  },
  beyond_you: { status: 403, title: 'Nobody can give, take or overrule more than they hold.', fix: 'Ask an owner.' },
  unknown_zone: { status: 400, title: 'That is no time zone.', fix: 'Use an IANA name like "Europe/Lisbon".' },
  not_platform: { status: 409, title: 'Operators live in the platform’s own tenant.', fix: 'Make the account there.' },
  last_owner: { status: 409, title: 'A site needs an owner.', fix: 'Make somebody else an owner first.' },
});
