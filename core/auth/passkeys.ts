// Passkeys (WebAuthn): an authenticator proves it is the person, by a key that never leaves it.
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import { issueOneTime, spendOneTime } from './one-time.ts';
import type { Asker, Parts } from './parts.ts';
import type { SignedIn } from './sessions.ts';
import { enter, findLogin, type Login } from './sign-in.ts';

const PATIENCE_MS = 5 * 60_000;
/** ES256, EdDSA, RS256: what authenticators have. */
const ALGORITHMS = [-7, -8, -257];

/** The challenge follows from the ticket, so there is nothing to keep but that the ticket is unspent. */
function challengeOf(desk: Desk, ticket: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(desk.parts.box.derive('challenge', desk.tenantId, ticket));
}

/** Browsers bind a passkey to the host in their address bar. The front has found the tenant by it, so it is one of its own. */
async function siteOf({ parts, tenantId, asker: { host } }: Desk): Promise<{ rpID: string; origin: string }> {
  const url = new URL(await parts.publicUrlOf(tenantId));
  url.hostname = host;
  return { rpID: host, origin: url.origin };
}

export async function offerPasskey(desk: Desk, { id, email, displayName }: Login) {
  const ticket = await issueOneTime(desk, PATIENCE_MS, { purpose: 'passkey', accountId: id });
  const { rpID } = await siteOf(desk);
  const known = await desk.all<{ id: string }>(
    'select id from kernel.passkey where tenant_id = $1 and account_id = $2 and host = $3',
    ...[id, rpID],
  );
  const options = await generateRegistrationOptions({
    ...{ rpID, rpName: rpID, userName: email, userDisplayName: displayName, excludeCredentials: known },
    supportedAlgorithmIDs: ALGORITHMS,
    challenge: challengeOf(desk, ticket),
    userID: new TextEncoder().encode(id),
    // A passkey that the authenticator can name by itself signs in without an e-mail, and asks for a finger or a code.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  return { ticket, options };
}

export async function addPasskey(
  desk: Desk,
  given: { ticket: string; name: string; response: RegistrationResponseJSON },
): Promise<void> {
  const spent = await spendOneTime(desk, given.ticket, 'passkey');
  if (spent?.accountId !== desk.me) throw errors.bad_ticket();
  const { rpID, origin } = await siteOf(desk);
  const { registrationInfo } = await verifyRegistrationResponse({
    ...{ response: given.response, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true },
    supportedAlgorithmIDs: ALGORITHMS,
    expectedChallenge: Buffer.from(challengeOf(desk, given.ticket)).toString('base64url'),
  }).catch(refused);
  if (!registrationInfo) throw errors.passkey_refused();
  const { id, publicKey, counter } = registrationInfo.credential;
  const added = await desk.run(
    `insert into kernel.passkey (tenant_id, id, account_id, name, host, public_key, counter, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    ...[id, desk.me, given.name, rpID, Buffer.from(publicKey), counter, desk.now],
  );
  if (added === 0) throw errors.passkey_refused({ detail: 'It is already registered.' });
}

/** For anybody: which of the passkeys of this host it will be is up to the authenticator. */
export async function askForPasskey(desk: Desk) {
  const ticket = await issueOneTime(desk, PATIENCE_MS, { purpose: 'passkey-sign-in' });
  const { rpID } = await siteOf(desk);
  const challenge = challengeOf(desk, ticket);
  return { ticket, options: await generateAuthenticationOptions({ rpID, challenge, userVerification: 'required' }) };
}

/** A passkey is two factors in one: the device, and what unlocks it. */
export async function signInByPasskey(
  parts: Parts,
  asker: Asker,
  { ticket, response }: { ticket: string; response: AuthenticationResponseJSON },
): Promise<SignedIn> {
  // Whatever comes of it, the ticket is spent.
  if (!(await atDesk(parts, asker, (desk) => spendOneTime(desk, ticket, 'passkey-sign-in')))) throw errors.bad_ticket();
  return atDesk(parts, asker, async (desk) => {
    const passkey = await desk.one<{ id: string; accountId: string; host: string; publicKey: Buffer; counter: string }>(
      'select id, account_id, host, public_key, counter from kernel.passkey where tenant_id = $1 and id = $2 for update',
      response.id,
    );
    const login = passkey && (await findLogin(desk, { id: passkey.accountId }));
    if (!login) throw errors.passkey_refused();
    const { rpID, origin } = await siteOf(desk);
    if (passkey.host !== rpID) throw errors.passkey_elsewhere({ detail: `It works on ${passkey.host}.` });
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...{ response, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true },
      expectedChallenge: Buffer.from(challengeOf(desk, ticket)).toString('base64url'),
      credential: { id: passkey.id, publicKey: Uint8Array.from(passkey.publicKey), counter: Number(passkey.counter) },
    }).catch(refused);
    if (!verified) throw errors.passkey_refused();
    await desk.run(
      'update kernel.passkey set counter = $3, last_used_at = $4 where tenant_id = $1 and id = $2',
      ...[passkey.id, authenticationInfo.newCounter, desk.now],
    );
    return enter(desk, login, 'passkey');
  });
}

/** The library throws what is wrong with an answer. */
function refused(cause: unknown): never {
  throw errors.passkey_refused({ cause });
}
