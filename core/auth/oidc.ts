// Sign-in through any OpenID Connect provider: authorization code with PKCE, state and nonce.
import * as client from 'openid-client';
import { addAccount } from './accounts.ts';
import { atDesk, type Desk } from './desk.ts';
import { errors } from './errors.ts';
import { issueOneTime, spendOneTime } from './one-time.ts';
import { outboundFetch } from './outbound.ts';
import type { Asker, Parts } from './parts.ts';
import type { SignedIn } from './sessions.ts';
import { enter, findLogin, type Login, normalEmail } from './sign-in.ts';
import { hasTotp } from './totp.ts';

const PATIENCE_MS = 10 * 60_000;

interface Provider {
  readonly id: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly sealedSecret?: Buffer;
}

export interface Started {
  /** Where the browser goes. */
  readonly url: string;
  /** Kept in this browser and brought back: what comes from another browser is refused. */
  readonly ticket: string;
}

/** Whoever is signed in connects the provider to their account; anybody else signs in. */
export async function startOidc(parts: Parts, asker: Asker, providerId: string): Promise<Started> {
  const accountId = asker.actor.kind === 'person' ? asker.actor.accountId : undefined;
  const started = await atDesk(parts, asker, async (desk) => {
    const provider = await providerOf(desk, providerId);
    const data = { provider: provider.id };
    return { provider, ticket: await issueOneTime(desk, PATIENCE_MS, { purpose: 'oidc', accountId, data }) };
  });
  const { verifier, state, nonce } = derived(parts, started.ticket);
  const refuse = refusing(parts, asker.tenant.id, providerId);
  const { config, redirect } = await configOf(parts, asker.tenant.id, started.provider).catch(refuse);
  const url = client.buildAuthorizationUrl(config, {
    ...{ redirect_uri: redirect, scope: 'openid email profile', state, nonce },
    ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
  });
  return { url: url.href, ticket: started.ticket };
}

/** `query` is what the provider put behind the address it sent the browser back to. */
export async function finishOidc(
  parts: Parts,
  asker: Asker,
  given: { ticket: string; query: string },
): Promise<SignedIn> {
  const begun = await atDesk(parts, asker, async (desk) => {
    const spent = await spendOneTime<{ provider: string }>(desk, given.ticket, 'oidc');
    if (!spent) throw errors.bad_ticket();
    return { accountId: spent.accountId, provider: await providerOf(desk, spent.data.provider) };
  });
  const claims = await claimsOf(parts, asker.tenant.id, begun.provider, given);
  return atDesk(parts, asker, async (desk) => {
    const login = await loginFor(desk, begun.provider.id, claims, begun.accountId);
    return enter(desk, login, `oidc:${begun.provider.id}`);
  });
}

interface Claims {
  readonly sub: string;
  readonly email?: string;
  readonly verified: boolean;
  readonly name?: string;
}

async function claimsOf(
  parts: Parts,
  tenantId: string,
  provider: Provider,
  given: { ticket: string; query: string },
): Promise<Claims> {
  const { verifier, state, nonce } = derived(parts, given.ticket);
  try {
    const { config, redirect } = await configOf(parts, tenantId, provider);
    const landed = new URL(redirect);
    landed.search = given.query;
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
    const tokens = await client.authorizationCodeGrant(config, landed, checks);
    const told = tokens.claims();
    if (!told) throw new Error('no ID token');
    // Many providers tell the e-mail only when asked.
    const more = told.email === undefined ? await client.fetchUserInfo(config, tokens.access_token, told.sub) : {};
    const { email, email_verified, name } = { ...told, ...more } as Record<string, unknown>;
    return {
      sub: told.sub,
      verified: email_verified === true,
      ...(typeof email === 'string' ? { email: normalEmail(email) } : {}),
      ...(typeof name === 'string' && name !== '' ? { name: name.slice(0, 80) } : {}),
    };
  } catch (cause) {
    return refusing(parts, tenantId, provider.id)(cause);
  }
}

/** What goes wrong there is told to who runs the site, not to who signs in. */
function refusing({ log }: Parts, tenant: string, provider: string) {
  return (cause: unknown): never => {
    log.warn('oidc-refused', { tenant, provider, error: cause });
    throw errors.provider_refused({ cause });
  };
}

/**
 * The account behind an identity. An e-mail that the provider has verified finds its account, or makes one; but an
 * account with a second factor is only ever connected by who is signed in to it.
 */
async function loginFor(desk: Desk, provider: string, claims: Claims, linkTo: string | undefined): Promise<Login> {
  const known = await desk.one<{ accountId: string }>(
    'select account_id from kernel.identity where tenant_id = $1 and provider = $2 and subject = $3',
    ...[provider, claims.sub],
  );
  if (known && linkTo !== undefined && known.accountId !== linkTo) throw errors.identity_taken();
  const id = known?.accountId ?? linkTo ?? (await accountFor(desk, claims));
  const login = await findLogin(desk, { id });
  if (!login) throw errors.account_missing();
  if (!known) {
    await desk.run(
      'insert into kernel.identity (tenant_id, provider, subject, account_id, created_at) values ($1, $2, $3, $4, $5)',
      ...[provider, claims.sub, id, desk.now],
    );
    await desk.audit('auth.identity-connected', id, { provider });
  }
  return login;
}

async function accountFor(desk: Desk, { email, verified, name }: Claims): Promise<string> {
  if (email === undefined || !verified) throw errors.provider_email();
  const existing = await findLogin(desk, { email });
  if (!existing) return addAccount(desk, { email, displayName: name ?? email.split('@')[0] ?? email, verified: true });
  if (!existing.verified || (await hasTotp(desk, existing.id))) throw errors.identity_unconnected();
  return existing.id;
}

async function providerOf(desk: Desk, id: string): Promise<Provider> {
  const sql =
    'select id, issuer, client_id, sealed_secret from kernel.identity_provider where tenant_id = $1 and id = $2';
  const provider = await desk.one<Provider>(sql, id);
  if (!provider) throw errors.provider_missing();
  return provider;
}

/** All follow from the ticket, which only the browser has: there is nothing to keep. */
function derived(parts: Parts, ticket: string) {
  const value = (what: string) => parts.box.derive('oidc', what, ticket).toString('base64url');
  return { verifier: value('verifier'), state: value('state'), nonce: value('nonce') };
}

async function configOf(parts: Parts, tenantId: string, { id, issuer, clientId, sealedSecret }: Provider) {
  const site = await parts.publicUrlOf(tenantId);
  const secret = sealedSecret && parts.box.open(`provider ${tenantId} ${id}`, sealedSecret).toString();
  // A plain http site is one on this machine, and so may its provider be.
  const options = site.startsWith('https:')
    ? { [client.customFetch]: outboundFetch }
    : { execute: [client.allowInsecureRequests] };
  const authentication = secret === undefined ? client.None() : undefined;
  const config = await client.discovery(new URL(issuer), clientId, secret, authentication, options);
  return { config, redirect: `${site}/sign-in/oidc` };
}
