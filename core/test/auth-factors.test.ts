import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeAt } from '../auth/totp.ts';
import { Authenticator } from './auth-authenticator.ts';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
beforeAll(async () => {
  site = await authSite();
});
afterAll(() => site.close());

const OTHER_PASSWORD = 'another harbour at dawn';
let people = 0;

async function somebody() {
  people += 1;
  const email = `person-${people}@example.org`;
  const accountId = await site.account(site.ada, email);
  const { body } = await signIn(email);
  return { email, accountId, token: body.accessToken as string };
}

const signIn = (email: string, code?: string, password = PASSWORD) =>
  site.call('ada', 'POST /auth/sessions', { email, password, ...(code === undefined ? {} : { code }) });
const me = (token: string) => site.call('ada', 'GET /auth/me', undefined, token);
const factors = async (token: string) => (await site.call('ada', 'GET /auth/factors', undefined, token)).body;
const decode = (base32: string) => {
  const bits = [...base32]
    .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((each) => Number.parseInt(each, 2)));
};
const codeNow = (secret: string, steps = 0) =>
  codeAt(decode(secret), Math.floor(site.now().getTime() / 30_000) + steps);

/** Somebody with a code generator in use. */
async function careful() {
  const person = await somebody();
  const { secret } = (await site.call('ada', 'POST /auth/totp', {}, person.token)).body;
  const { body } = await site.call('ada', 'POST /auth/totp/confirm', { code: codeNow(secret) }, person.token);
  site.pass(30_000);
  return { ...person, secret: secret as string, recoveryCodes: body.recoveryCodes as string[] };
}

test.each([
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
])('codes are those of RFC 6238 (at %i s)', (seconds, code) => {
  expect(codeAt(Buffer.from('12345678901234567890'), Math.floor(seconds / 30))).toBe(code);
});

test('a code generator counts once a code of it was given back, and is then asked for', async () => {
  const { email, token } = await somebody();
  const { status, body } = await site.call('ada', 'POST /auth/totp', {}, token);
  expect(status).toBe(201);
  expect(body.uri).toBe(`otpauth://totp/ada:${encodeURIComponent(email)}?secret=${body.secret}&issuer=ada`);
  expect((await signIn(email)).status).toBe(201);
  expect((await site.call('ada', 'POST /auth/totp/confirm', { code: '000000' }, token)).body.code).toBe(
    'kernel.wrong_code',
  );
  const confirmed = await site.call('ada', 'POST /auth/totp/confirm', { code: codeNow(body.secret) }, token);
  expect(new Set(confirmed.body.recoveryCodes).size).toBe(10);

  site.pass(30_000);
  expect((await signIn(email)).body.code).toBe('kernel.second_factor_required');
  expect((await signIn(email, '000000')).body.code).toBe('kernel.wrong_code');
  expect((await signIn(email, codeNow(body.secret))).status).toBe(201);
  expect(await factors(token)).toMatchObject({ totp: true, recoveryCodes: 10 });
  // It cannot be replaced by who only has a session.
  expect((await site.call('ada', 'POST /auth/totp', {}, token)).body.code).toBe('kernel.totp_on');
});

test('a stranger with a wrong password does not learn that there is a second factor', async () => {
  const { email } = await careful();
  expect((await signIn(email, undefined, OTHER_PASSWORD)).body.code).toBe('kernel.bad_credentials');
});

test('no code works twice, and a phone may be half a minute off', async () => {
  const { email, secret } = await careful();
  site.pass(60_000);
  const code = codeNow(secret);
  expect((await signIn(email, codeNow(secret, -2))).status).toBe(401);
  expect((await signIn(email, codeNow(secret, 2))).status).toBe(401);
  expect((await signIn(email, codeNow(secret, -1))).status).toBe(201);
  const both = await Promise.all([signIn(email, code), signIn(email, code)]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
  expect((await signIn(email, code)).status).toBe(401);
  expect((await signIn(email, codeNow(secret, 1))).status).toBe(201);
});

test('guessing codes closes the account, although the password was right each time', async () => {
  const { email, secret } = await careful();
  for (let count = 0; count < 5; count += 1) expect((await signIn(email, '000000')).status).toBe(401);
  expect((await signIn(email, codeNow(secret))).status).toBe(429);
  site.pass(30_000);
  expect((await signIn(email, codeNow(secret))).status).toBe(201);
});

test('a recovery code lets in once, however it is typed', async () => {
  const { email, token, recoveryCodes } = await careful();
  const [first = '', second = ''] = recoveryCodes;
  expect((await signIn(email, ` ${first.toLowerCase().replaceAll('-', ' ')}`)).status).toBe(201);
  expect((await signIn(email, first)).status).toBe(401);
  expect((await factors(token)).recoveryCodes).toBe(9);
  const other = await careful();
  expect((await signIn(other.email, second)).status).toBe(401);
});

test('the secret is sealed, and to this account: moved to another row it opens nothing', async () => {
  const { accountId, secret } = await careful();
  const other = await careful();
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query<{ sealed: Buffer }>('select sealed from kernel.totp where account_id = $1', [accountId]),
  );
  expect(rows[0]?.sealed.includes(decode(secret))).toBe(false);
  await site.database.tenant(site.ada, (_tx, client) =>
    client.query('update kernel.totp set sealed = $1 where account_id = $2', [rows[0]?.sealed, other.accountId]),
  );
  expect((await signIn(other.email, codeNow(secret))).status).toBe(500);
});

test('what changes the ways in wants the password, unless the session was opened just now', async () => {
  const { email, token } = await somebody();
  site.pass(10 * 60_000);
  const ask = (route: string, body: Record<string, unknown>) => site.call('ada', route, body, token);
  for (const route of [
    'POST /auth/totp',
    'POST /auth/totp/remove',
    'POST /auth/passkeys/options',
    'POST /auth/me/deletion',
  ]) {
    expect((await ask(route, {})).body.code).toBe('kernel.confirm_first');
    expect((await ask(route, { password: OTHER_PASSWORD })).body.code).toBe('kernel.wrong_password');
  }
  expect((await ask('POST /auth/email', { email: 'new@example.org' })).body.code).toBe('kernel.confirm_first');
  site.pass(86_400_000);
  const { body } = await signIn(email);
  const old = site.call('ada', 'POST /auth/totp', { password: PASSWORD }, body.accessToken);
  expect((await old).status).toBe(201);
});

test('a second factor is removed by its person, who is told so', async () => {
  const { email, token } = await careful();
  expect((await site.call('ada', 'POST /auth/totp/remove', { password: PASSWORD }, token)).status).toBe(204);
  expect((await signIn(email)).status).toBe(201);
  expect(await factors(token)).toMatchObject({ totp: false, recoveryCodes: 0 });
  expect(
    site.letters.filter(({ to, template }) => to === email && template === 'kernel.security-changed'),
  ).toHaveLength(2);
});

/** Somebody who has put a passkey on their device. */
async function withPasskey() {
  const person = await somebody();
  const device = new Authenticator();
  const { body } = await site.call('ada', 'POST /auth/passkeys/options', {}, person.token);
  const response = device.create(body.options);
  const added = await site.call(
    'ada',
    'POST /auth/passkeys',
    { ticket: body.ticket, name: 'my phone', response },
    person.token,
  );
  expect(added.status).toBe(204);
  return { ...person, device };
}

const ask = (where: 'ada' | 'bob' = 'ada') => site.call(where, 'POST /auth/sessions/passkey/options');
const enter = (ticket: string, response: unknown, where: 'ada' | 'bob' = 'ada') =>
  site.call(where, 'POST /auth/sessions/passkey', { ticket, response });

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
  await site.call('ada', 'POST /auth/totp/confirm', { code: codeNow(secret) }, token);
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
  const attempt = async (prepare: (copy: Authenticator) => void, where: 'ada' | 'bob' = 'ada') => {
    const copy = device.clone();
    prepare(copy);
    const { body } = await ask(where);
    return (await enter(body.ticket, copy.get(body.options), where)).body.code;
  };
  expect(await attempt((copy) => Object.assign(copy, { origin: 'http://ada.example.org' }))).toBe(
    'kernel.passkey_refused',
  );
  expect(await attempt((copy) => Object.assign(copy, { verifies: false }))).toBe('kernel.passkey_refused');
  expect(await attempt((copy) => Object.assign(copy, { origin: 'http://bob.localhost' }), 'bob')).toBe(
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
  const options = async () => (await site.call('ada', 'POST /auth/passkeys/options', {}, person.token)).body;
  const add = (token: string, ticket: string, response: unknown) =>
    site.call('ada', 'POST /auth/passkeys', { ticket, name: 'x', response }, token);
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

test('the mailbox alone does not get past the second factor', async () => {
  const { email, secret } = await careful();
  await site.call('ada', 'POST /auth/password/forgot', { email });
  await site.call('ada', 'POST /auth/password/reset', { token: site.linkTo(email), password: OTHER_PASSWORD });
  expect((await signIn(email, undefined, OTHER_PASSWORD)).body.code).toBe('kernel.second_factor_required');
  expect((await signIn(email, codeNow(secret), OTHER_PASSWORD)).status).toBe(201);
});
