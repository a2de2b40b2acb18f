// One's own account: registering, confirming, the password, what is known of oneself.
import type { Call, Contribution } from '@plinth/sdk';
import { Account, DisplayName, Email } from '@plinth/sdk/services/accounts.ts';
import { Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { type AccountChange, changeAccount, listAccounts } from '../accounts.ts';
import { errors } from '../errors.ts';
import { askerOf, type Parts } from '../parts.ts';
import { changePassword, requestReset, resetPassword } from '../recovery.ts';
import { register, requestEmailChange, verifyEmail } from '../registration.ts';
import { Password } from './session-routes.ts';

export const PrivateAccount = Type.Object({
  ...Account.properties,
  email: Type.Optional(Type.String()),
  roles: Type.Array(Type.String()),
});
const Me = Type.Object({
  ...PrivateAccount.properties,
  permissions: Type.Array(Type.String()),
  operator: Type.Boolean(),
});
const Locale = Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$', maxLength: 35 });
const Zone = Type.String({ maxLength: 60 });
const Token = Type.String({ maxLength: 100 });
/** The same whether there is such an account or not: what follows comes by mail. */
const CheckMail = Type.Object({ status: Type.Literal('check-mail') });
const checkMail = { status: 'check-mail' } as const;

export function accountRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'POST /auth/register',
      {
        auth: 'public',
        summary: 'Register; a link to confirm the e-mail is sent',
        perMinute: 10,
        body: Type.Object({
          email: Email,
          password: Password,
          displayName: DisplayName,
          locale: Type.Optional(Locale),
          zone: Type.Optional(Zone),
        }),
        reply: CheckMail,
        status: 202,
      },
      async (call, request) => {
        checkZone(request.body.zone);
        await register(parts, askerOf(call, request), request.body);
        return checkMail;
      },
    ),
    kernelRoute(
      'POST /auth/email/verify',
      {
        auth: 'public',
        summary: 'Open the link of a mail: registers, or changes the e-mail',
        perMinute: 20,
        body: Type.Object({ token: Token }),
        reply: Type.Object({ email: Type.String() }),
      },
      async (call, request) => verifyEmail(parts, askerOf(call, request), request.body.token),
    ),
    kernelRoute(
      'POST /auth/email',
      {
        auth: 'user',
        summary: 'Ask for another e-mail; a link is sent there',
        perMinute: 10,
        body: Type.Object({ email: Email, password: Password }),
        reply: CheckMail,
        status: 202,
      },
      async (call, request) => {
        await requestEmailChange(parts, askerOf(call, request), call.actor.accountId, request.body);
        return checkMail;
      },
    ),
    kernelRoute(
      'POST /auth/password/forgot',
      {
        auth: 'public',
        summary: 'Ask for a link to set a new password',
        perMinute: 10,
        body: Type.Object({ email: Email }),
        reply: CheckMail,
        status: 202,
      },
      async (call, request) => {
        await requestReset(parts, askerOf(call, request), request.body);
        return checkMail;
      },
    ),
    kernelRoute(
      'POST /auth/password/reset',
      {
        auth: 'public',
        summary: 'Set a new password',
        perMinute: 10,
        body: Type.Object({ token: Token, password: Password }),
      },
      async (call, request) => resetPassword(parts, askerOf(call, request), request.body),
    ),
    kernelRoute(
      'POST /auth/password',
      {
        auth: 'user',
        summary: 'Change the password; other devices are signed out',
        perMinute: 10,
        body: Type.Object({ current: Password, password: Password }),
      },
      async (call, request) => {
        const given = { ...request.body, sessionId: call.actor.credential.id };
        await changePassword(parts, askerOf(call, request), call.actor.accountId, given);
      },
    ),
    kernelRoute(
      'GET /auth/me',
      { auth: 'user', scope: 'account:read', summary: 'Who you are and what you may do', reply: Me },
      async (call) => me(parts, call, call.actor),
    ),
    kernelRoute(
      'PATCH /auth/me',
      {
        auth: 'user',
        summary: 'Change what is known of you',
        body: Type.Object({
          displayName: Type.Optional(DisplayName),
          locale: Type.Optional(Locale),
          zone: Type.Optional(Zone),
          birthDate: Type.Optional(Type.String({ format: 'date' })),
        }),
        reply: Me,
      },
      async (call, { body }) => {
        checkZone(body.zone);
        const change: AccountChange = body;
        await parts.database.tenant(call.tenant.id, (_tx, client) =>
          changeAccount(parts, client, call.tenant.id, call.actor.accountId, change),
        );
        return me(parts, call, call.actor);
      },
    ),
  ];
}

async function me(
  parts: Parts,
  call: Pick<Call, 'tenant'>,
  actor: { readonly accountId: string; readonly permissions: ReadonlySet<string>; readonly operator: boolean },
) {
  const { items } = await listAccounts(parts, call.tenant.id, { accountId: actor.accountId });
  const [account] = items;
  if (!account) throw errors.account_missing();
  return { ...account, roles: [...account.roles], permissions: [...actor.permissions], operator: actor.operator };
}

function checkZone(zone: string | undefined): void {
  if (zone === undefined || zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone)) return;
  throw errors.unknown_zone({ detail: `"${zone}" is unknown.` });
}
