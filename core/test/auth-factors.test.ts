import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeAt } from '../auth/totp.ts';
import { fromBase32 } from './auth-authenticator.ts';
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
const factors = async (token: string) => (await site.call('ada', 'GET /auth/factors', undefined, token)).body;
const codeNow = (secret: string, steps = 0) =>
  codeAt(fromBase32(secret), Math.floor(site.now().getTime() / 30_000) + steps);

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
  expect(rows[0]?.sealed.includes(fromBase32(secret))).toBe(false);
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

test('the mailbox alone does not get past the second factor', async () => {
  const { email, secret } = await careful();
  await site.call('ada', 'POST /auth/password/forgot', { email });
  await site.call('ada', 'POST /auth/password/reset', { token: site.linkTo(email), password: OTHER_PASSWORD });
  expect((await signIn(email, undefined, OTHER_PASSWORD)).body.code).toBe('kernel.second_factor_required');
  expect((await signIn(email, codeNow(secret), OTHER_PASSWORD)).status).toBe(201);
});
