// How a person gets in beside the password: a code generator, passkeys, providers they are connected to.

import type { Contribution } from '@plinth/sdk';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { type Static, Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { atDesk, type Desk } from '../desk.ts';
import { errors } from '../errors.ts';
import { askerOf, type Parts } from '../parts.ts';
import { addPasskey, askForPasskey, offerPasskey, signInByPasskey } from '../passkeys.ts';
import { confirmPerson, findLogin } from '../sign-in.ts';
import { confirmTotp, hasTotp, offerTotp, removeTotp } from '../totp.ts';
import { InCookie, Moment, Password, Tokens, tokensFor } from './session-routes.ts';

/** Needed unless the session was opened just now. */
export const Confirmed = Type.Object({ password: Type.Optional(Password) });
const Ticket = Type.String({ maxLength: 100 });
/** What WebAuthn says is for the browser and the library: it passes through as it is. */
const Json = Type.Object({}, { additionalProperties: true });
const Response = Type.Object({ id: Type.String({ maxLength: 1400 }) }, { additionalProperties: true });
const Passkey = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Moment,
  lastUsedAt: Type.Optional(Moment),
});
const Factors = Type.Object({
  totp: Type.Boolean(),
  recoveryCodes: Type.Integer(),
  passkeys: Type.Array(Passkey),
  identities: Type.Array(Type.Object({ provider: Type.String(), createdAt: Moment })),
});

export function factorRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'GET /auth/factors',
      { auth: 'user', summary: 'Your ways in beside the password', reply: Factors },
      (call) =>
        atDesk(parts, askerOf(call), async (desk) => {
          const mine = (columns: string, table: string) =>
            `select ${columns} from kernel.${table} where tenant_id = $1 and account_id = $2`;
          return {
            totp: await hasTotp(desk, desk.me),
            recoveryCodes: await desk.run(mine('', 'recovery_code'), desk.me),
            passkeys: await desk.all<Static<typeof Passkey>>(
              mine('id, name, created_at, last_used_at', 'passkey'),
              desk.me,
            ),
            identities: await desk.all<{ provider: string; createdAt: string }>(
              mine('provider, created_at', 'identity'),
              desk.me,
            ),
          };
        }),
    ),
    ...totpRoutes(parts),
    ...passkeyRoutes(parts),
  ];
}

/** Whoever did not do this should hear of it. */
async function waysChanged(desk: Desk, what: string): Promise<void> {
  await desk.audit(`auth.${what}`, desk.me);
  const login = await findLogin(desk, { id: desk.me });
  if (login) await desk.mail(login, 'security-changed', '/account/security', { when: desk.now.toISOString() });
}

function totpRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'POST /auth/totp',
      {
        auth: 'user',
        summary: 'Make a code generator; it counts once it is confirmed',
        perMinute: 10,
        body: Confirmed,
        reply: Type.Object({ secret: Type.String(), uri: Type.String() }),
        status: 201,
      },
      async (call, request) => {
        const asker = askerOf(call, request);
        const { email } = await confirmPerson(parts, asker, request.body.password);
        return atDesk(parts, asker, (desk) => offerTotp(desk, email, call.tenant.name));
      },
    ),
    kernelRoute(
      'POST /auth/totp/confirm',
      {
        auth: 'user',
        summary: 'Switch the second factor on, with a first code; the answer holds the recovery codes',
        perMinute: 10,
        body: Type.Object({ code: Type.String({ pattern: '^\\d{6}$' }) }),
        reply: Type.Object({ recoveryCodes: Type.Array(Type.String()) }),
      },
      (call, request) =>
        atDesk(parts, askerOf(call, request), async (desk) => {
          const recoveryCodes = await confirmTotp(desk, request.body.code);
          await waysChanged(desk, 'totp-added');
          return { recoveryCodes };
        }),
    ),
    kernelRoute(
      'POST /auth/totp/remove',
      { auth: 'user', summary: 'Switch the second factor off', perMinute: 10, body: Confirmed },
      async (call, request) => {
        const asker = askerOf(call, request);
        await confirmPerson(parts, asker, request.body.password);
        await atDesk(parts, asker, async (desk) => {
          await removeTotp(desk, desk.me);
          await waysChanged(desk, 'totp-removed');
        });
      },
    ),
  ];
}

function passkeyRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'POST /auth/passkeys/options',
      {
        auth: 'user',
        summary: 'What to ask a browser for a new passkey',
        perMinute: 10,
        body: Confirmed,
        reply: Type.Object({ ticket: Ticket, options: Type.Unsafe<PublicKeyCredentialCreationOptionsJSON>(Json) }),
      },
      async (call, request) => {
        const asker = askerOf(call, request);
        const login = await confirmPerson(parts, asker, request.body.password);
        return atDesk(parts, asker, (desk) => offerPasskey(desk, login));
      },
    ),
    kernelRoute(
      'POST /auth/passkeys',
      {
        auth: 'user',
        summary: 'Add the passkey a browser has made',
        perMinute: 10,
        body: Type.Object({
          ticket: Ticket,
          name: Type.String({ minLength: 1, maxLength: 80 }),
          response: Type.Unsafe<RegistrationResponseJSON>(Response),
        }),
      },
      (call, request) =>
        atDesk(parts, askerOf(call, request), async (desk) => {
          await addPasskey(desk, request.body);
          await waysChanged(desk, 'passkey-added');
        }),
    ),
    kernelRoute('DELETE /auth/passkeys/:passkeyId', { auth: 'user', summary: 'Remove a passkey' }, (call, request) =>
      atDesk(parts, askerOf(call, request), async (desk) => {
        const sql = 'delete from kernel.passkey where tenant_id = $1 and id = $2 and account_id = $3';
        if ((await desk.run(sql, request.params.passkeyId, desk.me)) === 0) throw errors.passkey_missing();
        await waysChanged(desk, 'passkey-removed');
      }),
    ),
    kernelRoute(
      'POST /auth/sessions/passkey/options',
      {
        auth: 'public',
        summary: 'What to ask a browser for a sign-in by passkey',
        perMinute: 20,
        reply: Type.Object({ ticket: Ticket, options: Type.Unsafe<PublicKeyCredentialRequestOptionsJSON>(Json) }),
      },
      (call, request) => atDesk(parts, askerOf(call, request), askForPasskey),
    ),
    kernelRoute(
      'POST /auth/sessions/passkey',
      {
        auth: 'public',
        summary: 'Sign in by passkey',
        perMinute: 20,
        body: Type.Object({
          ticket: Ticket,
          response: Type.Unsafe<AuthenticationResponseJSON>(Response),
          cookie: InCookie,
        }),
        reply: Tokens,
        status: 201,
      },
      async (call, request) => {
        const signedIn = await signInByPasskey(parts, askerOf(call, request), request.body);
        return tokensFor(parts, call, request.connection, signedIn, request.body.cookie);
      },
    ),
  ];
}
