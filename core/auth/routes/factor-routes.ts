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
import { deskRoutes } from './desk-route.ts';
import { Moment, Password, signInRoute } from './session-routes.ts';

/** Needed unless the session was opened just now. */
export const Confirmed = Type.Object({ password: Type.Optional(Password) });
const confirmed = { auth: 'user', perMinute: 10, body: Confirmed } as const;
const Ticket = Type.String({ maxLength: 100 });
/** What WebAuthn says is for the browser and the library: it passes through as it is. */
const Json = Type.Object({}, { additionalProperties: true });
const Answer = Type.Object({ id: Type.String({ maxLength: 1400 }) }, { additionalProperties: true });
const Passkey = Type.Object({
  ...{ id: Type.String(), name: Type.String({ minLength: 1, maxLength: 80 }) },
  host: Type.String({ description: 'The address of the site that it works on.' }),
  ...{ createdAt: Moment, lastUsedAt: Type.Optional(Moment) },
});
const Identity = Type.Object({ provider: Type.String(), createdAt: Moment });
const Factors = Type.Object({
  ...{ totp: Type.Boolean(), recoveryCodes: Type.Integer() },
  ...{ passkeys: Type.Array(Passkey), identities: Type.Array(Identity) },
});

/** Whoever did not do this should hear of it. */
async function waysChanged(desk: Desk, what: string): Promise<void> {
  await desk.audit(`auth.${what}`, desk.me);
  const login = await findLogin(desk, { id: desk.me });
  if (login) await desk.mail(login, 'security-changed', '/account/security', { when: desk.now.toISOString() });
}

export function totpRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  const Offer = Type.Object({ secret: Type.String(), uri: Type.String() });
  return [
    kernelRoute(
      'POST /auth/totp',
      { ...confirmed, summary: 'Make a code generator; it counts once it is confirmed', reply: Offer, status: 201 },
      async (call, request) => {
        const asker = askerOf(call, request);
        const { email } = await confirmPerson(parts, asker, request.body.password);
        return atDesk(parts, asker, (desk) => offerTotp(desk, email, call.tenant.name));
      },
    ),
    route(
      'POST /auth/totp/confirm',
      {
        ...{ auth: 'user', perMinute: 10 },
        summary: 'Switch the second factor on, with a first code; the answer holds the recovery codes',
        body: Type.Object({ code: Type.String({ pattern: '^\\d{6}$' }) }),
        reply: Type.Object({ recoveryCodes: Type.Array(Type.String()) }),
      },
      async (desk, { body }) => {
        const recoveryCodes = await confirmTotp(desk, body.code);
        await waysChanged(desk, 'totp-added');
        return { recoveryCodes };
      },
    ),
    kernelRoute(
      'POST /auth/totp/remove',
      { ...confirmed, summary: 'Switch the second factor off' },
      async (call, request) => {
        const asker = askerOf(call, request);
        await confirmPerson(parts, asker, request.body.password);
        await atDesk(parts, asker, async (desk) => {
          await removeTotp(desk, desk.me);
          await waysChanged(desk, 'totp-removed');
        });
      },
    ),
    route(
      'GET /auth/factors',
      { auth: 'user', summary: 'Your ways in beside the password', reply: Factors },
      async (desk) => {
        const mine = <T>(columns: string, table: string) =>
          desk.all<T>(`select ${columns} from kernel.${table} where tenant_id = $1 and account_id = $2`, desk.me);
        return {
          totp: await hasTotp(desk, desk.me),
          recoveryCodes: (await mine('', 'recovery_code')).length,
          passkeys: await mine<Static<typeof Passkey>>('id, name, host, created_at, last_used_at', 'passkey'),
          identities: await mine<Static<typeof Identity>>('provider, created_at', 'identity'),
        };
      },
    ),
  ];
}

export function passkeyRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  const asking = <O>() => Type.Object({ ticket: Ticket, options: Type.Unsafe<O>(Json) });
  const answered = <A>() => ({ ticket: Ticket, response: Type.Unsafe<A>(Answer) });
  return [
    kernelRoute(
      'POST /auth/passkeys/options',
      {
        ...confirmed,
        summary: 'What to ask a browser for a new passkey',
        reply: asking<PublicKeyCredentialCreationOptionsJSON>(),
      },
      async (call, request) => {
        const asker = askerOf(call, request);
        const login = await confirmPerson(parts, asker, request.body.password);
        return atDesk(parts, asker, (desk) => offerPasskey(desk, login));
      },
    ),
    route(
      'POST /auth/passkeys',
      {
        ...{ auth: 'user', perMinute: 10, summary: 'Add the passkey a browser has made' },
        body: Type.Object({ name: Passkey.properties.name, ...answered<RegistrationResponseJSON>() }),
      },
      async (desk, { body }) => {
        await addPasskey(desk, body);
        await waysChanged(desk, 'passkey-added');
      },
    ),
    route(
      'DELETE /auth/passkeys/:passkeyId',
      { auth: 'user', summary: 'Remove a passkey' },
      async (desk, { params }) => {
        const sql = 'delete from kernel.passkey where tenant_id = $1 and id = $2 and account_id = $3';
        if ((await desk.run(sql, params.passkeyId, desk.me)) === 0) throw errors.passkey_missing();
        await waysChanged(desk, 'passkey-removed');
      },
    ),
    route(
      'POST /auth/sessions/passkey/options',
      {
        ...{ auth: 'public', perMinute: 20, summary: 'What to ask a browser for a sign-in by passkey' },
        reply: asking<PublicKeyCredentialRequestOptionsJSON>(),
      },
      askForPasskey,
    ),
    signInRoute(
      parts,
      'POST /auth/sessions/passkey',
      'Sign in by passkey',
      answered<AuthenticationResponseJSON>(),
      (asker, body) => signInByPasskey(parts, asker, body),
    ),
  ];
}
