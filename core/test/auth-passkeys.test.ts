// Passkeys: what a device must show to get in, and on which of a site's addresses it does.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeAt } from '../auth/totp.ts';
import { Authenticator, fromBase32 } from './auth-authenticator.ts';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
beforeAll(async () => {
  site = await authSite();
  await site.addHost('ada', SHOP);
  await site.addHost('bob', 'bobs.example.org');
});
afterAll(() => site.close());

const SHOP = 'shop.example.org';
const HOME = 'ada.localhost';
let people = 0;

async function somebody() {
  people += 1;
  const email = `person-${people}@example.org`;
  const accountId = await site.account(site.ada, email);
  const { body } = await site.call('ada', 'POST /auth/sessions', { email, password: PASSWORD });
  return { email, accountId, token: body.accessToken as string };
}

const me = (token: string) => site.call('ada', 'GET /auth/me', undefined, token);
const factors = async (token: string) => (await site.call('ada', 'GET /auth/factors', undefined, token)).body;

const askToAdd = async (token: string, host: string) =>
  (await site.call('ada', 'POST /auth/passkeys/options', {}, token, { host })).body;
const add = (token: string, ticket: string, response: unknown, host = HOME) =>
  site.call('ada', 'POST /auth/passkeys', { ticket, name: 'my phone', response }, token, { host });

/** Somebody who has put a passkey on their device, at one of the site's addresses. */
async function withPasskey(host = HOME) {
  const person = await somebody();
  const device = new Authenticator();
  device.origin = `http://${host}`;
  const { ticket, options } = await askToAdd(person.token, host);
  const made = device.create(options);
  expect((await add(person.token, ticket, made, host)).status).toBe(204);
  return { ...person, device, made };
}

const ask = (host = HOME) => site.call('ada', 'POST /auth/sessions/passkey/options', undefined, undefined, { host });
const enter = (ticket: string, response: unknown, host = HOME) =>
  site.call('ada', 'POST /auth/sessions/passkey', { ticket, response }, undefined, { host });

test('a passkey signs in without an e-mail', async () => {
  const { accountId, token, device } = await withPasskey();
  const { body } = await ask();
  expect(body.options).toMatchObject({ rpId: 'ada.localhost', userVerification: 'required' });
  const { status, body: signedIn } = await enter(body.ticket, device.get(body.options));
  expect(status).toBe(201);
  expect((await me(signedIn.accessToken)).body.id).toBe(accountId);
  expect((await factors(token)).passkeys).toMatchObject([{ name: 'my phone', lastUsedAt: site.now().toISOString() }]);
  const sessions = (await site.call('ada', 'GET /auth/sessions', undefined, token)).body.items;
  expect(sessions.map(({ method }: { method: string }) => method).sort()).toEqual(['passkey', 'password']);
});

test('a passkey is two factors: the code generator is not asked for', async () => {
  const { token, device } = await withPasskey();
  const { secret } = (await site.call('ada', 'POST /auth/totp', {}, token)).body;
  const code = codeAt(fromBase32(secret), Math.floor(site.now().getTime() / 30_000));
  await site.call('ada', 'POST /auth/totp/confirm', { code }, token);
  expect((await factors(token)).totp).toBe(true);
  const { body } = await ask();
  expect((await enter(body.ticket, device.get(body.options))).status).toBe(201);
});

test('an answer works once, for what was asked, and not for long', async () => {
  const { device } = await withPasskey();
  const [first, second, late] = [(await ask()).body, (await ask()).body, (await ask()).body];
  const answer = device.get(first.options);
  expect((await enter(second.ticket, answer)).body.code).toBe('kernel.passkey_refused');
  expect((await enter(first.ticket, answer)).status).toBe(201);
  expect((await enter(first.ticket, answer)).body.code).toBe('kernel.bad_ticket');
  site.pass(5 * 60_000);
  expect((await enter(late.ticket, device.get(late.options))).body.code).toBe('kernel.bad_ticket');
});

test('a passkey answers to its own page only, unlocked, and nobody else’s does', async () => {
  const { device } = await withPasskey();
  const attempt = async (prepare: (copy: Authenticator) => void, host = HOME) => {
    const copy = device.clone();
    prepare(copy);
    const { body } = await ask(host);
    return (await enter(body.ticket, copy.get(body.options), host)).body.code;
  };
  expect(await attempt((copy) => Object.assign(copy, { origin: 'http://ada.example.org' }))).toBe(
    'kernel.passkey_refused',
  );
  expect(await attempt((copy) => Object.assign(copy, { verifies: false }))).toBe('kernel.passkey_refused');
  expect(await attempt((copy) => Object.assign(copy, { origin: 'http://bob.localhost' }), 'bob.localhost')).toBe(
    'kernel.passkey_refused',
  );
  const stranger = new Authenticator();
  stranger.create({ challenge: '', rp: { id: 'ada.localhost' }, user: { id: '' } });
  const { body } = await ask();
  const forged = {
    ...stranger.get(body.options),
    id: [...device.held.keys()][0] ?? '',
    rawId: [...device.held.keys()][0] ?? '',
  };
  expect((await enter(body.ticket, forged)).body.code).toBe('kernel.passkey_refused');
  expect((await enter((await ask()).body.ticket, stranger.get((await ask()).body.options))).body.code).toBe(
    'kernel.passkey_refused',
  );
});

test('a copy of a passkey is noticed by its counter', async () => {
  const { device } = await withPasskey();
  const copy = device.clone();
  for (let count = 0; count < 2; count += 1) {
    const { body } = await ask();
    expect((await enter(body.ticket, device.get(body.options))).status).toBe(201);
  }
  const { body } = await ask();
  expect((await enter(body.ticket, copy.get(body.options))).body.code).toBe('kernel.passkey_refused');
});

test('a passkey is added only to the account that asked, for the challenge it was given', async () => {
  const [person, other] = [await somebody(), await somebody()];
  const device = new Authenticator();
  const options = () => askToAdd(person.token, HOME);
  const first = await options();
  expect((await add(other.token, first.ticket, device.create(first.options))).body.code).toBe('kernel.bad_ticket');
  const second = await options();
  expect((await add(person.token, second.ticket, device.create(second.options, { challenge: 'AAAA' }))).body.code).toBe(
    'kernel.passkey_refused',
  );
  const third = await options();
  const made = device.create(third.options);
  expect((await add(person.token, third.ticket, made)).status).toBe(204);
  expect((await options()).options.excludeCredentials).toEqual([expect.objectContaining({ id: made.id })]);
  expect((await site.call('ada', `DELETE /auth/passkeys/${made.id}`, undefined, other.token)).status).toBe(404);
  expect((await site.call('ada', `DELETE /auth/passkeys/${made.id}`, undefined, person.token)).status).toBe(204);
  const { body } = await ask();
  expect((await enter(body.ticket, device.get(body.options, made.id))).body.code).toBe('kernel.passkey_refused');
});

test('a suspended person does not get in by passkey either', async () => {
  const { accountId, device } = await withPasskey();
  await site.database.tenant(site.ada, (_tx, client) =>
    client.query("update kernel.account set state = 'suspended' where id = $1", [accountId]),
  );
  const { body } = await ask();
  expect((await enter(body.ticket, device.get(body.options))).body.code).toBe('kernel.account_suspended');
});

test('a passkey works at the address it was made at, and the person is told which that is', async () => {
  const { token, device, made, accountId } = await withPasskey(SHOP);
  expect((await factors(token)).passkeys).toMatchObject([{ host: SHOP }]);
  const { ticket, options } = (await ask(SHOP)).body;
  expect(options.rpId).toBe(SHOP);
  const { status, body } = await enter(ticket, device.get(options), SHOP);
  expect(status).toBe(201);
  expect((await me(body.accessToken)).body.id).toBe(accountId);
  // Another address of the site makes one of its own, and need not spare a device that has this one.
  expect((await askToAdd(token, SHOP)).options.excludeCredentials).toMatchObject([{ id: made.id }]);
  const elsewhere = await askToAdd(token, HOME);
  expect(elsewhere.options).toMatchObject({ rp: { id: HOME }, excludeCredentials: [] });
  const second = Object.assign(new Authenticator(), { origin: `http://${HOME}` });
  expect((await add(token, elsewhere.ticket, second.create(elsewhere.options))).status).toBe(204);
  expect((await factors(token)).passkeys.map(({ host }: { host: string }) => host).sort()).toEqual([HOME, SHOP]);
});

test('an address of its own that a site is given later takes no passkey away', async () => {
  const { device } = await withPasskey();
  await site.addHost('ada', 'later.example.org');
  const { body } = await ask();
  expect((await enter(body.ticket, device.get(body.options))).status).toBe(201);
});

test('at another address of the site it is refused, saying where it works', async () => {
  const { device } = await withPasskey(SHOP);
  for (const origin of [`http://${SHOP}`, `http://${HOME}`]) {
    const { ticket, options } = (await ask()).body;
    const { status, body } = await enter(ticket, Object.assign(device.clone(), { origin }).get(options));
    expect([status, body.code, body.detail]).toEqual([401, 'kernel.passkey_elsewhere', `It works on ${SHOP}.`]);
  }
});

test('what a device made for another address is not added, and does not get in under a false name', async () => {
  const { token, device, made } = await withPasskey(SHOP);
  const { ticket, options } = await askToAdd(token, HOME);
  const foreign = device.create({ ...options, rp: { id: SHOP } });
  expect((await add(token, ticket, foreign)).body.code).toBe('kernel.passkey_refused');
  // Not even if the row said so: the device itself signs for which address it speaks.
  await site.database.tenant(site.ada, (_tx, client) =>
    client.query('update kernel.passkey set host = $1 where id = $2', [HOME, made.id]),
  );
  const asked = (await ask()).body;
  const answer = Object.assign(device.clone(), { origin: `http://${HOME}` }).get(asked.options, made.id);
  expect((await enter(asked.ticket, answer)).body.code).toBe('kernel.passkey_refused');
});

test('an address that went over to another site opens nothing there', async () => {
  await site.addHost('ada', 'moved.example.org');
  const { device } = await withPasskey('moved.example.org');
  await site.removeHost('ada', 'moved.example.org');
  await site.addHost('bob', 'moved.example.org');
  const { ticket, options } = (await ask('moved.example.org')).body;
  expect((await enter(ticket, device.get(options), 'moved.example.org')).body.code).toBe('kernel.passkey_refused');
});

test('the address counts without its port, however it is written', async () => {
  const { device } = await withPasskey(SHOP);
  const { ticket, options } = (await ask('Shop.Example.org:443')).body;
  expect(options.rpId).toBe(SHOP);
  expect((await enter(ticket, device.get(options), 'SHOP.example.org')).status).toBe(201);
});
