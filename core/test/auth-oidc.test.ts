// Against a real OpenID Connect provider (`oidc-provider`), over HTTP, through its own pages.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outboundFetch } from '../auth/outbound.ts';
import { Authenticator } from './auth-authenticator.ts';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
let issuer: string;
let server: Server;
let owner: string;
/** What the provider says of somebody, by the name they sign in with there. */
const claims = new Map<string, Record<string, unknown>>();

beforeAll(async () => {
  site = await authSite();
  server = createServer((request, response) => provider.callback()(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const configuration: Configuration = {
    clients: [
      {
        client_id: 'ada',
        client_secret: 'a secret between ada and the provider',
        redirect_uris: ['http://ada.localhost/sign-in/oidc'],
      },
      { client_id: 'bob', token_endpoint_auth_method: 'none', redirect_uris: ['http://bob.localhost/sign-in/oidc'] },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims.get(id) }) }),
    pkce: { required: () => true },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    cookies: { keys: ['for the tests'] },
  };
  const provider = new Provider(issuer, configuration);
  await site.account(site.ada, 'owner@example.org', { roles: ['owner'] });
  owner = (await signIn('owner@example.org')).body.accessToken;
  const details = {
    title: 'The provider',
    issuer,
    clientId: 'ada',
    clientSecret: 'a secret between ada and the provider',
  };
  expect((await site.call('ada', 'PUT /auth/providers/club', details, owner)).status).toBe(204);
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await site.close();
});

const signIn = (email: string) => site.call('ada', 'POST /auth/sessions', { email, password: PASSWORD });
const start = (token?: string, where: 'ada' | 'bob' = 'ada', provider = 'club') =>
  site.call(where, `POST /auth/oidc/${provider}`, {}, token);
const finish = (ticket: string, query: string, where: 'ada' | 'bob' = 'ada') =>
  site.call(where, 'POST /auth/sessions/oidc', { ticket, query });
const me = async (token: string) => (await site.call('ada', 'GET /auth/me', undefined, token)).body;

/** A browser at the provider: signs in there, agrees, and comes back to the site with what stands behind the "?". */
async function atTheProvider(url: string, name: string): Promise<string> {
  const jar = new Map<string, string>();
  const visit = async (address: string, form?: Record<string, string>): Promise<string> => {
    const reply = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([key, value]) => `${key}=${value}`).join('; ') },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    });
    for (const cookie of reply.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const next = reply.headers.get('location');
    if (next === null) {
      const page = await reply.text();
      const action = /action="([^"]+)"/.exec(page)?.[1];
      if (action === undefined) throw new Error(`the provider says: ${page.slice(0, 500)}`);
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
      return visit(
        new URL(action, issuer).href,
        prompt === 'login' ? { prompt, login: name, password: 'x' } : { prompt },
      );
    }
    const target = new URL(next, issuer);
    return target.pathname === '/sign-in/oidc' ? target.search.slice(1) : visit(target.href);
  };
  return visit(url);
}

async function through(name: string, token?: string) {
  const { body } = await start(token);
  return finish(body.ticket, await atTheProvider(body.url, name));
}

test('whoever a provider vouches for has an account, the same each time', async () => {
  claims.set('carla', { email: 'Carla@example.org', email_verified: true, name: 'Carla C.' });
  const first = await through('carla');
  expect(first.status).toBe(201);
  expect(await me(first.body.accessToken)).toMatchObject({
    email: 'carla@example.org',
    displayName: 'Carla C.',
    emailVerified: true,
  });
  // Who she is there is her subject, not her e-mail.
  claims.set('carla', { email: 'new@example.org', email_verified: true });
  const second = await through('carla');
  expect(second.body.accountId).toBe(first.body.accountId);
  const { body } = await site.call('ada', 'GET /auth/factors', undefined, second.body.accessToken);
  expect(body.identities).toMatchObject([{ provider: 'club' }]);
});

test('a verified e-mail finds its account; one that is not verified finds and makes nothing', async () => {
  const accountId = await site.account(site.ada, 'dora@example.org');
  claims.set('mallory', { email: 'dora@example.org', email_verified: false });
  expect((await through('mallory')).body.code).toBe('kernel.provider_email');
  claims.set('nobody', {});
  expect((await through('nobody')).body.code).toBe('kernel.provider_email');
  claims.set('dora', { email: 'dora@example.org', email_verified: true });
  expect((await through('dora')).body.accountId).toBe(accountId);
});

test('an account with a second factor, or an unconfirmed one, is not taken over by an e-mail', async () => {
  const accountId = await site.account(site.ada, 'emil@example.org');
  await site.database.tenant(site.ada, (_tx, client) =>
    client.query("insert into kernel.totp values ($1, $2, 'x', now(), 0)", [site.ada, accountId]),
  );
  claims.set('emil', { email: 'emil@example.org', email_verified: true });
  expect((await through('emil')).body.code).toBe('kernel.identity_unconnected');
  await site.account(site.ada, 'fred@example.org', { verified: false });
  claims.set('fred', { email: 'fred@example.org', email_verified: true });
  expect((await through('fred')).body.code).toBe('kernel.identity_unconnected');
});

test('who is signed in connects a provider, whatever e-mail it tells, and disconnects it', async () => {
  const accountId = await site.account(site.ada, 'gina@example.org');
  const { body } = await signIn('gina@example.org');
  claims.set('gina', { email: 'elsewhere@example.org', email_verified: false });
  expect((await through('gina', body.accessToken)).body.accountId).toBe(accountId);
  expect((await through('gina')).body.accountId).toBe(accountId);
  // An identity belongs to one account.
  expect((await through('gina', owner)).body.code).toBe('kernel.identity_taken');
  expect((await site.call('ada', 'DELETE /auth/identities/club', undefined, body.accessToken)).status).toBe(204);
  expect((await through('gina')).body.code).toBe('kernel.provider_email');
});

test('to connect a provider a running session is not enough', async () => {
  await site.account(site.ada, 'hugo@example.org');
  const { body } = await signIn('hugo@example.org');
  site.pass(10 * 60_000);
  expect((await start(body.accessToken)).body.code).toBe('kernel.confirm_first');
  const confirmed = await site.call('ada', 'POST /auth/oidc/club', { password: PASSWORD }, body.accessToken);
  expect(confirmed.status).toBe(200);
});

test('what comes back works once, in the browser that began, unchanged, and not for long', async () => {
  claims.set('iris', { email: 'iris@example.org', email_verified: true });
  const [mine, theirs] = [(await start()).body, (await start()).body];
  const query = await atTheProvider(mine.url, 'iris');
  // The answer to one browser's question given by another: log-in forgery.
  expect((await finish(theirs.ticket, query)).body.code).toBe('kernel.provider_refused');
  expect((await finish(mine.ticket, query)).status).toBe(201);
  expect((await finish(mine.ticket, query)).body.code).toBe('kernel.bad_ticket');

  const changed = (await start()).body;
  const answer = new URLSearchParams(await atTheProvider(changed.url, 'iris'));
  answer.set('code', 'invented');
  expect((await finish(changed.ticket, answer.toString())).body.code).toBe('kernel.provider_refused');
  const refused = (await start()).body;
  const { searchParams } = new URL(refused.url);
  expect((await finish(refused.ticket, `error=access_denied&state=${searchParams.get('state')}`)).body.code).toBe(
    'kernel.provider_refused',
  );
  const late = (await start()).body;
  const lateQuery = await atTheProvider(late.url, 'iris');
  site.pass(10 * 60_000);
  expect((await finish(late.ticket, lateQuery)).body.code).toBe('kernel.bad_ticket');
});

test('the question carries PKCE, state and nonce, new each time', async () => {
  const [one, other] = [new URL((await start()).body.url), new URL((await start()).body.url)];
  expect(one.searchParams.get('code_challenge_method')).toBe('S256');
  for (const name of ['code_challenge', 'state', 'nonce']) {
    expect(one.searchParams.get(name)).toMatch(/^[\w-]{43}$/);
    expect(one.searchParams.get(name)).not.toBe(other.searchParams.get(name));
  }
});

test('a provider of one site is nothing on another; each site has its own', async () => {
  expect((await start(undefined, 'bob')).body.code).toBe('kernel.provider_missing');
  await site.account(site.bob, 'bob@example.org', { roles: ['owner'] });
  const { body } = await site.call('bob', 'POST /auth/sessions', { email: 'bob@example.org', password: PASSWORD });
  // A public client, without a secret.
  const details = { title: 'The club', issuer, clientId: 'bob' };
  await site.call('bob', 'PUT /auth/providers/club', details, body.accessToken);
  claims.set('jan', { email: 'jan@example.org', email_verified: true });
  const begun = (await start(undefined, 'bob')).body;
  const query = await atTheProvider(begun.url, 'jan');
  expect((await finish(begun.ticket, query, 'ada')).body.code).toBe('kernel.bad_ticket');
  expect((await finish(begun.ticket, query, 'bob')).status).toBe(201);
});

test('only owners choose providers, and a secret is never shown', async () => {
  await site.account(site.ada, 'admin@example.org', { roles: ['admin'] });
  const { body: admin } = await signIn('admin@example.org');
  const details = { title: 'Mine', issuer: 'https://evil.example', clientId: 'x' };
  expect((await site.call('ada', 'PUT /auth/providers/mine', details, admin.accessToken)).status).toBe(403);
  expect((await site.call('ada', 'DELETE /auth/providers/club', undefined, admin.accessToken)).status).toBe(403);
  const { body } = await site.call('ada', 'GET /auth/providers');
  expect(body.items).toEqual([{ id: 'club', title: 'The provider', issuer, clientId: 'ada' }]);
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query<{ row: string }>('select p::text as row from kernel.identity_provider p'),
  );
  expect(rows[0]?.row).not.toContain(Buffer.from('between ada').toString('hex'));
});

test('a provider that does not answer is an error of the provider', async () => {
  owner = (await signIn('owner@example.org')).body.accessToken;
  await site.call(
    'ada',
    'PUT /auth/providers/gone',
    { title: 'Gone', issuer: 'http://127.0.0.1:1', clientId: 'x' },
    owner,
  );
  expect((await start(undefined, 'ada', 'gone')).body.code).toBe('kernel.provider_refused');
  expect((await site.call('ada', 'DELETE /auth/providers/gone', undefined, owner)).status).toBe(204);
  expect((await start(undefined, 'ada', 'gone')).body.code).toBe('kernel.provider_missing');
});

test('no request leaves for the inside of a network', async () => {
  const ask = (url: string) => outboundFetch(url, { method: 'GET', headers: {}, body: undefined, redirect: 'manual' });
  await expect(ask('https://127.0.0.1/')).rejects.toThrow('an address is no name');
  await expect(ask('https://[::1]/')).rejects.toThrow('an address is no name');
  await expect(ask('https://localhost/')).rejects.toThrow('localhost is not on the open internet');
  await expect(ask('http://example.org/')).rejects.toThrow();
});

test('deletion takes identities, passkeys and everything else of the person along', async () => {
  claims.set('kim', { email: 'kim@example.org', email_verified: true });
  const { body } = await through('kim');
  const device = new Authenticator();
  const asked = (await site.call('ada', 'POST /auth/passkeys/options', {}, body.accessToken)).body;
  await site.call(
    'ada',
    'POST /auth/passkeys',
    { ticket: asked.ticket, name: 'phone', response: device.create(asked.options) },
    body.accessToken,
  );
  expect((await site.call('ada', 'POST /auth/me/deletion', { immediate: true }, body.accessToken)).status).toBe(202);
  const again = await through('kim');
  expect(again.status).toBe(201);
  expect(again.body.accountId).not.toBe(body.accountId);
  const question = (await site.call('ada', 'POST /auth/sessions/passkey/options')).body;
  const answer = { ticket: question.ticket, response: device.get(question.options) };
  expect((await site.call('ada', 'POST /auth/sessions/passkey', answer)).body.code).toBe('kernel.passkey_refused');
});
