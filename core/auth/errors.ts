import { defineErrors } from '@plinth/sdk';

const again = 'Sign in again.';

/** What can go wrong around accounts. Answers to strangers are the same whether an account exists or not. */
export const errors = defineErrors('kernel', {
  bad_credentials: {
    status: 401,
    title: 'E-mail and password do not match an account that can sign in.',
    fix: 'Check both. If you have just registered, follow the link in the mail first.',
  },
  session_ended: { status: 401, title: 'The session has ended.', fix: again },
  refresh_reused: { status: 401, title: 'A refresh token was used twice, so the session was ended.', fix: again },
  account_suspended: { status: 403, title: 'The account is suspended.', fix: 'Ask the people who run this site.' },
  too_many_attempts: { status: 429, title: 'Too many failed attempts.', fix: 'Wait as long as "Retry-After" says.' },
  weak_password: { status: 400, title: 'That password is too easy to guess.', fix: 'Take a longer one of your own.' },
  wrong_password: { status: 403, title: 'The current password is not right.' },
  confirm_first: { status: 403, title: 'Confirm that it is you.', fix: 'Send the password, or sign in again.' },
  second_factor_required: {
    status: 401,
    title: 'The second factor is missing.',
    fix: 'Send its code with the password.',
  },
  wrong_code: { status: 401, title: 'The code is not right, or was used.', fix: 'Take the one that is shown now.' },
  totp_on: { status: 409, title: 'A code generator is in use.', fix: 'Remove it first.' },
  bad_ticket: { status: 400, title: 'That took too long, or was done already.', fix: 'Begin again.' },
  passkey_refused: { status: 401, title: 'The passkey was not accepted.', fix: 'Try again, or take another way in.' },
  passkey_elsewhere: {
    status: 401,
    title: 'That passkey belongs to another address of this site.',
    fix: 'Sign in there; or here in another way, and add a passkey for this address.',
  },
  passkey_missing: { status: 404, title: 'There is no such passkey.' },
  provider_missing: { status: 404, title: 'There is no such provider.' },
  provider_refused: { status: 502, title: 'The sign-in at the provider did not succeed.', fix: 'Begin again.' },
  provider_email: { status: 403, title: 'The provider did not vouch for an e-mail.', fix: 'Confirm it there first.' },
  identity_taken: { status: 409, title: 'That identity belongs to another account here.' },
  identity_unconnected: {
    status: 409,
    title: 'An account with this e-mail exists and is not connected to the provider.',
    fix: 'Sign in as usual, then connect the provider.',
  },
  bad_token: { status: 400, title: 'The link is spent or too old.', fix: 'Ask for a new one.' },
  email_taken: { status: 409, title: 'An account with this e-mail exists.' },
  account_missing: { status: 404, title: 'There is no such account.' },
  key_missing: { status: 404, title: 'There is no such API key.' },
  session_missing: { status: 404, title: 'There is no such session.' },
  role_missing: { status: 404, title: 'There is no such role.', fix: 'Take one that GET /auth/roles lists.' },
  role_reserved: { status: 409, title: 'That role cannot be changed.', fix: 'Make a role of your own.' },
  bad_name: { status: 400, title: 'That is no name for this.', fix: 'Take small letters, digits and dashes.' },
  unknown_permission: { status: 400, title: 'There is no such permission.', fix: 'GET /auth/roles lists them.' },
  beyond_you: { status: 403, title: 'Nobody can give, take or overrule more than they hold.', fix: 'Ask an owner.' },
  unknown_zone: { status: 400, title: 'That is no time zone.', fix: 'Use an IANA name like "Europe/Lisbon".' },
  not_platform: { status: 409, title: 'Operators live in the platform’s own tenant.', fix: 'Make the account there.' },
  last_owner: { status: 409, title: 'A site needs an owner.', fix: 'Make somebody else an owner first.' },
});
