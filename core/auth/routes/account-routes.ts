// One's own account: registering, confirming, the password, what is known of oneself.
import type { Contribution, Person } from '@plinth/sdk';
import { DisplayName, Email } from '@plinth/sdk/services/accounts.ts';
import { Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { changeAccount, listAccounts, PrivateAccount } from '../accounts.ts';
import type { Desk } from '../desk.ts';
import { errors } from '../errors.ts';
import { askerOf, type Parts } from '../parts.ts';
import { changePassword, requestReset, resetPassword } from '../recovery.ts';
import { register, requestEmailChange, verifyEmail } from '../registration.ts';
import { deskRoutes } from './desk-route.ts';
import { Password } from './session-routes.ts';

const Me = Type.Object({
  ...PrivateAccount.properties,
  permissions: Type.Array(Type.String()),
  operator: Type.Boolean(),
});
const Preferences = {
  locale: Type.Optional(Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$', maxLength: 35 })),
  zone: Type.Optional(Type.String({ maxLength: 60, description: 'IANA time zone.' })),
};
const Token = Type.String({ maxLength: 100 });
/** The same whether there is such an account or not: what follows comes by mail. */
const reply = Type.Object({ status: Type.Literal('check-mail') });
const checkMail = { status: 'check-mail' } as const;
const mailing = { auth: 'public', perMinute: 10, reply, status: 202 } as const;

export function accountRoutes(parts: Parts): Contribution[] {
  return [...registrationRoutes(parts), ...passwordRoutes(parts), ...meRoutes(parts)];
}

function registrationRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  const Registration = Type.Object({ email: Email, password: Password, displayName: DisplayName, ...Preferences });
  return [
    kernelRoute(
      'POST /auth/register',
      { ...mailing, summary: 'Register; a link to confirm the e-mail is sent', body: Registration },
      async (call, request) => {
        checkZone(request.body.zone);
        await register(parts, askerOf(call, request), request.body);
        return checkMail;
      },
    ),
    route(
      'POST /auth/email/verify',
      {
        auth: 'public',
        summary: 'Open the link of a mail: registers, or changes the e-mail',
        perMinute: 20,
        body: Type.Object({ token: Token }),
        reply: Type.Object({ email: Type.String() }),
      },
      (desk, { body }) => verifyEmail(desk, body.token),
    ),
    kernelRoute(
      'POST /auth/email',
      {
        ...mailing,
        auth: 'user',
        summary: 'Ask for another e-mail; a link is sent there',
        body: Type.Object({ email: Email, password: Type.Optional(Password) }),
      },
      async (call, request) => {
        await requestEmailChange(parts, askerOf(call, request), request.body);
        return checkMail;
      },
    ),
  ];
}

function passwordRoutes(parts: Parts): Contribution[] {
  return [
    deskRoutes(parts)(
      'POST /auth/password/forgot',
      { ...mailing, summary: 'Ask for a link to set a new password', body: Type.Object({ email: Email }) },
      async (desk, { body }) => {
        await requestReset(desk, body);
        return checkMail;
      },
    ),
    kernelRoute(
      'POST /auth/password/reset',
      {
        auth: 'public',
        summary: 'Set a new password; every device is signed out',
        perMinute: 10,
        body: Type.Object({ token: Token, password: Password }),
      },
      (call, request) => resetPassword(parts, askerOf(call, request), request.body),
    ),
    kernelRoute(
      'POST /auth/password',
      {
        auth: 'user',
        summary: 'Change the password; other devices are signed out',
        perMinute: 10,
        body: Type.Object({ current: Password, password: Password }),
      },
      (call, request) => changePassword(parts, askerOf(call, request), request.body),
    ),
  ];
}

function meRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  const me = async (desk: Desk, { actor }: { readonly actor: Person }) => {
    const { items } = await listAccounts(desk, { id: actor.accountId });
    if (!items[0]) throw errors.account_missing();
    return { ...items[0], permissions: [...actor.permissions], operator: actor.operator };
  };
  const Change = Type.Object({
    displayName: Type.Optional(DisplayName),
    birthDate: Type.Optional(Type.String({ format: 'date' })),
    ...Preferences,
  });
  return [
    route(
      'GET /auth/me',
      { auth: 'user', scope: 'account:read', summary: 'Who you are and what you may do', reply: Me },
      (desk, _request, call) => me(desk, call),
    ),
    route(
      'PATCH /auth/me',
      { auth: 'user', summary: 'Change what is known of you', body: Change, reply: Me },
      async (desk, { body }, call) => {
        checkZone(body.zone);
        await changeAccount(desk, desk.me, body);
        return me(desk, call);
      },
    ),
  ];
}

function checkZone(zone: string | undefined): void {
  if (zone === undefined || zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone)) return;
  throw errors.unknown_zone({ detail: `"${zone}" is unknown.` });
}
