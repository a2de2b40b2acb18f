import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
beforeAll(async () => {
  site = await authSite();
});
afterAll(() => site.close());

const DAY = 86_400_000;
const OTHER_PASSWORD = 'another harbour at dawn';
let people = 0;
const address = () => {
  people += 1;
  return `person-${people}@example.org`;
};

const register = (email: string, more: Record<string, unknown> = {}) =>
  site.call('ada', 'POST /auth/register', { email, password: PASSWORD, displayName: 'Somebody', ...more });
const open = (email: string) => site.call('ada', 'POST /auth/email/verify', { token: site.linkTo(email) });
const signIn = (email: string, password = PASSWORD) => site.call('ada', 'POST /auth/sessions', { email, password });
const forgot = (email: string) => site.call('ada', 'POST /auth/password/forgot', { email });
const reset = (email: string, password: string) =>
  site.call('ada', 'POST /auth/password/reset', { token: site.linkTo(email), password });
const lettersTo = (email: string) => site.letters.filter(({ to }) => to === email).map(({ template }) => template);
const me = (token: string) => site.call('ada', 'GET /auth/me', undefined, token);

test('who registers confirms the e-mail and can sign in, and the other rooms hear of it', async () => {
  const email = address();
  expect(await register(email, { locale: 'pt', zone: 'Europe/Lisbon' })).toMatchObject({
    status: 202,
    body: { status: 'check-mail' },
  });
  expect((await signIn(email)).status).toBe(401);
  expect((await open(email)).body).toEqual({ email });
  const { body } = await signIn(email);
  expect((await me(body.accessToken)).body).toMatchObject({
    displayName: 'Somebody',
    email,
    locale: 'pt',
    zone: 'Europe/Lisbon',
    emailVerified: true,
    permissions: [],
  });
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query(
      "select payload from kernel.outbox where event = 'kernel.account-created@1' and payload ->> 'accountId' = $1",
      [body.accountId],
    ),
  );
  expect(rows).toHaveLength(1);
});

test('a link works once, for a day, and only on its own site', async () => {
  const [email, late] = [address(), address()];
  await register(email);
  const token = site.linkTo(email);
  expect((await site.call('bob', 'POST /auth/email/verify', { token })).body.code).toBe('kernel.bad_token');
  const twice = await Promise.all([open(email), open(email)]);
  expect(twice.map(({ status }) => status).sort()).toEqual([200, 400]);
  await register(late);
  site.pass(DAY);
  expect((await open(late)).body.code).toBe('kernel.bad_token');
});

test('nobody can put a password on a mailbox that another confirms', async () => {
  const email = address();
  await register(email);
  const mine = site.linkTo(email);
  // A stranger registers the same address after me; I open the link of my own mail.
  await register(email, { password: OTHER_PASSWORD });
  await site.call('ada', 'POST /auth/email/verify', { token: mine });
  expect((await signIn(email)).status).toBe(201);
  expect((await signIn(email, OTHER_PASSWORD)).status).toBe(401);
  expect((await open(email)).body.code).toBe('kernel.email_taken');
});

test('a taken e-mail is answered like a free one; its owner gets the news', async () => {
  const email = address();
  await site.account(site.ada, email);
  const [taken, free] = [await register(email), await register(address())];
  expect({ status: taken.status, body: taken.body }).toEqual({ status: free.status, body: free.body });
  expect(lettersTo(email)).toEqual(['kernel.account-exists']);
});

test('the same e-mail may have an account on each site', async () => {
  const email = address();
  await site.account(site.ada, email);
  await site.account(site.bob, email, { password: OTHER_PASSWORD });
  expect((await signIn(email)).status).toBe(201);
  expect((await site.call('bob', 'POST /auth/sessions', { email, password: PASSWORD })).status).toBe(401);
  expect((await site.call('bob', 'POST /auth/sessions', { email, password: OTHER_PASSWORD })).status).toBe(201);
});

test.each([
  ['short', 'ninechars'],
  ['common', 'Password123'],
  ['the e-mail', 'longname@example.org'],
  ['the name in the e-mail', 'a-long-local-part', 'a-long-local-part@example.org'],
  ['nothing but spread characters', '👨‍👩‍👧‍👦'],
])('a password that is %s is refused', async (_why, password, email = 'longname@example.org') => {
  expect(await register(email, { password })).toMatchObject({ status: 400, body: { code: 'kernel.weak_password' } });
});

test('a password may be a sentence in any script, and is the same however its accents were typed', async () => {
  const email = address();
  await site.account(site.ada, email, { password: 'ein schöner Gedanke über Äpfel' });
  expect((await signIn(email, 'ein schöner Gedanke über Äpfel'.normalize('NFD'))).status).toBe(201);
});

test('a stranger cannot tell an unknown e-mail from a wrong password or an unconfirmed account', async () => {
  const [known, unconfirmed] = [address(), address()];
  await site.account(site.ada, known);
  await site.account(site.ada, unconfirmed, { verified: false });
  const strip = ({ status, body, headers }: Awaited<ReturnType<typeof signIn>>) => [
    status,
    body,
    Object.keys(headers).sort(),
  ];
  const unknown = strip(await signIn(address()));
  expect(strip(await signIn(known, OTHER_PASSWORD))).toEqual(unknown);
  expect(strip(await signIn(unconfirmed))).toEqual(unknown);
});

test('an unknown e-mail costs as much work as a known one', async () => {
  const known = address();
  await site.account(site.ada, known);
  const time = async (email: string) => {
    const start = performance.now();
    await signIn(email, OTHER_PASSWORD);
    return performance.now() - start;
  };
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  await time(known);
  const [unknownTimes, knownTimes] = [[] as number[], [] as number[]];
  for (let round = 0; round < 4; round += 1) {
    knownTimes.push(await time(known));
    unknownTimes.push(await time(address()));
    site.pass(DAY);
  }
  // Without a hash to compare it would be a tenth.
  expect(median(unknownTimes)).toBeGreaterThan(median(knownTimes) / 3);
});

test('forgetting the password: a link for those who exist, the same answer for those who do not', async () => {
  const [email, stranger] = [address(), address()];
  await site.account(site.ada, email);
  const { body } = await signIn(email);
  const [known, unknown] = [await forgot(email), await forgot(stranger)];
  expect({ status: known.status, body: known.body }).toEqual({ status: unknown.status, body: unknown.body });
  expect(lettersTo(stranger)).toEqual([]);

  expect((await reset(email, 'too short')).body.code).toBe('kernel.weak_password');
  // The refusal did not spend the link.
  expect((await reset(email, OTHER_PASSWORD)).status).toBe(204);
  expect((await reset(email, PASSWORD)).body.code).toBe('kernel.bad_token');
  expect((await me(body.accessToken)).status).toBe(401);
  expect((await signIn(email)).status).toBe(401);
  expect((await signIn(email, OTHER_PASSWORD)).status).toBe(201);
  expect(lettersTo(email)).toEqual(['kernel.reset-password', 'kernel.password-changed']);
});

test('a reset link runs out after half an hour, and a newer password voids it', async () => {
  const email = address();
  await site.account(site.ada, email);
  await forgot(email);
  site.pass(30 * 60_000);
  expect((await reset(email, OTHER_PASSWORD)).body.code).toBe('kernel.bad_token');
  await forgot(email);
  const { body } = await signIn(email);
  await site.call('ada', 'POST /auth/password', { current: PASSWORD, password: OTHER_PASSWORD }, body.accessToken);
  expect((await reset(email, PASSWORD)).body.code).toBe('kernel.bad_token');
});

test('an account that was made for somebody is theirs once they have reset the password, with nothing left in it', async () => {
  const email = address();
  const accountId = await site.account(site.ada, email, { verified: false });
  await site.database.tenant(site.ada, (_tx, client) =>
    client.query("insert into kernel.api_key values ($1, $2, $2, 'planted', 'x', '{jars:read}', null, null, now())", [
      site.ada,
      accountId,
    ]),
  );
  await forgot(email);
  await reset(email, OTHER_PASSWORD);
  const { status, body } = await signIn(email, OTHER_PASSWORD);
  expect(status).toBe(201);
  expect((await site.call('ada', 'GET /auth/keys', undefined, body.accessToken)).body.items).toEqual([]);
});

test('changing the password needs the old one, and signs out every other device', async () => {
  const email = address();
  await site.account(site.ada, email);
  const [here, there] = [await signIn(email), await signIn(email)];
  const change = (current: string) =>
    site.call('ada', 'POST /auth/password', { current, password: OTHER_PASSWORD }, here.body.accessToken);
  expect(await change(OTHER_PASSWORD)).toMatchObject({ status: 403, body: { code: 'kernel.wrong_password' } });
  expect((await change(PASSWORD)).status).toBe(204);
  expect((await me(here.body.accessToken)).status).toBe(200);
  expect((await me(there.body.accessToken)).status).toBe(401);
  expect((await signIn(email, OTHER_PASSWORD)).status).toBe(201);
});

test('a new e-mail counts once its mailbox has confirmed it, and the old one is told', async () => {
  const [before, after, taken] = [address(), address(), address()];
  await site.account(site.ada, before);
  await site.account(site.ada, taken);
  const { body } = await signIn(before);
  const change = (email: string, password = PASSWORD) =>
    site.call('ada', 'POST /auth/email', { email, password }, body.accessToken);
  expect((await change(after, OTHER_PASSWORD)).body.code).toBe('kernel.wrong_password');
  expect((await change(taken)).status).toBe(202);
  expect(lettersTo(taken)).toEqual(['kernel.account-exists']);
  expect((await change(after)).status).toBe(202);
  await forgot(before);
  expect((await signIn(before)).status).toBe(201);
  expect((await open(after)).body).toEqual({ email: after });
  expect((await signIn(before)).status).toBe(401);
  expect((await signIn(after)).status).toBe(201);
  expect(lettersTo(before)).toContain('kernel.email-changed');
  expect((await reset(before, OTHER_PASSWORD)).body.code).toBe('kernel.bad_token');
});

test('a new password voids the change of e-mail that an intruder has asked for', async () => {
  const [mine, intruder] = [address(), address()];
  await site.account(site.ada, mine);
  const { body } = await signIn(mine);
  await site.call('ada', 'POST /auth/email', { email: intruder, password: PASSWORD }, body.accessToken);
  await forgot(mine);
  expect((await reset(mine, OTHER_PASSWORD)).status).toBe(204);
  expect((await open(intruder)).body.code).toBe('kernel.bad_token');
});

test('a new e-mail that somebody else took before it was confirmed is refused', async () => {
  const [before, wanted] = [address(), address()];
  await site.account(site.ada, before);
  const { body } = await signIn(before);
  await site.call('ada', 'POST /auth/email', { email: wanted, password: PASSWORD }, body.accessToken);
  await site.account(site.ada, wanted);
  expect((await open(wanted)).body.code).toBe('kernel.email_taken');
  expect((await signIn(before)).status).toBe(201);
});

test('after five failures an account closes for longer and longer, to everybody, and opens again', async () => {
  const email = address();
  await site.account(site.ada, email);
  const fail = () => signIn(email, OTHER_PASSWORD);
  for (let count = 0; count < 5; count += 1) expect((await fail()).status).toBe(401);
  const blocked = await signIn(email);
  expect(blocked).toMatchObject({ status: 429, body: { code: 'kernel.too_many_attempts', retryAfter: 30 } });
  expect(blocked.headers['retry-after']).toBe('30');
  site.pass(30_000);
  expect((await fail()).status).toBe(401);
  expect((await signIn(email)).body.retryAfter).toBe(60);
  site.pass(59_000);
  expect((await signIn(email)).status).toBe(429);
  site.pass(1_000);
  expect((await signIn(email)).status).toBe(201);
  // Success forgives: there are five free failures again.
  for (let count = 0; count < 5; count += 1) expect((await fail()).status).toBe(401);
  expect((await signIn(email)).status).toBe(429);
  site.pass(DAY + 30_000);
  expect((await signIn(email)).status).toBe(201);
});

test('an account that does not exist closes just the same', async () => {
  const email = address();
  for (let count = 0; count < 5; count += 1) expect((await signIn(email)).status).toBe(401);
  expect((await signIn(email)).body.retryAfter).toBe(30);
  site.pass(DAY);
});

test('guesses that come at once are counted one by one', async () => {
  const email = address();
  await site.account(site.ada, email);
  const replies = await Promise.all(Array.from({ length: 15 }, () => signIn(email, OTHER_PASSWORD)));
  expect(replies.filter(({ status }) => status === 401)).toHaveLength(5);
  expect(replies.filter(({ status }) => status === 429)).toHaveLength(10);
  site.pass(DAY);
});

test('an address that guesses at many accounts is closed too; successes from it do not count', async () => {
  const friend = address();
  await site.account(site.ada, friend);
  const fromHere = (email: string, password: string) => {
    // The front lets twenty a minute through, which is not what this is about.
    site.pass(3_000);
    return site.call('ada', 'POST /auth/sessions', { email, password }, undefined, { from: '192.0.2.7' });
  };
  for (let count = 0; count < 29; count += 1) expect((await fromHere(address(), OTHER_PASSWORD)).status).toBe(401);
  for (let count = 0; count < 3; count += 1) expect((await fromHere(friend, PASSWORD)).status).toBe(201);
  expect((await fromHere(address(), OTHER_PASSWORD)).status).toBe(401);
  expect((await fromHere(friend, PASSWORD)).body.code).toBe('kernel.too_many_attempts');
  expect((await signIn(friend)).status).toBe(201);
  site.pass(30_000);
  expect((await fromHere(friend, PASSWORD)).status).toBe(201);
});

test('a mailbox is not flooded by strangers, who are not told so', async () => {
  const email = address();
  await site.account(site.ada, email);
  for (let count = 0; count < 8; count += 1) expect((await forgot(email)).status).toBe(202);
  expect(lettersTo(email)).toHaveLength(3);
});

test('a suspended account is out at once and stays out', async () => {
  const [boss, email] = [address(), address()];
  await site.account(site.ada, boss, { roles: ['owner'] });
  const accountId = await site.account(site.ada, email);
  const { body: owner } = await signIn(boss);
  const { body } = await signIn(email);
  await me(body.accessToken);
  const set = (state: string) => site.call('ada', `PATCH /auth/accounts/${accountId}`, { state }, owner.accessToken);
  expect((await set('suspended')).status).toBe(204);
  expect((await me(body.accessToken)).status).toBe(401);
  expect((await signIn(email)).body.code).toBe('kernel.account_suspended');
  expect((await signIn(email, OTHER_PASSWORD)).body.code).toBe('kernel.bad_credentials');
  expect((await set('active')).status).toBe(204);
  expect((await signIn(email)).status).toBe(201);
  expect((await site.auditOf('ada', accountId)).map(({ action }) => action)).toEqual(
    expect.arrayContaining(['auth.account-suspended', 'auth.account-active']),
  );
});

test('a person changes what is known of them; age follows the day of birth', async () => {
  const email = address();
  const accountId = await site.account(site.ada, email);
  const { body } = await signIn(email);
  const change = (what: Record<string, unknown>) => site.call('ada', 'PATCH /auth/me', what, body.accessToken);
  const born = (years: number, days: number) => {
    const date = site.now();
    date.setUTCFullYear(date.getUTCFullYear() - years);
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
  };
  expect((await change({ displayName: 'New name', zone: 'Asia/Tokyo' })).body).toMatchObject({
    displayName: 'New name',
    zone: 'Asia/Tokyo',
    age: 'unknown',
  });
  expect((await change({ zone: 'Mars/Base' })).body.code).toBe('kernel.unknown_zone');
  expect((await change({ birthDate: born(18, 1) })).body.age).toBe('minor');
  expect((await change({ birthDate: born(18, 0) })).body.age).toBe('adult');
  const verify = (what: { ageVerified?: boolean; verification?: 'verified' }) =>
    site.accounts.setVerification({ accountId, ...what });
  expect(await verify({ ageVerified: true, verification: 'verified' })).toMatchObject({
    ageVerified: true,
    verification: 'verified',
  });
  // What was checked was another day.
  expect((await change({ birthDate: born(30, 0) })).body).toMatchObject({
    ageVerified: false,
    verification: 'verified',
  });
});

test('plugins see the public facts of a site’s people: no e-mail, no day of birth, nobody of another site', async () => {
  const email = address();
  const [accountId, elsewhere] = [await site.account(site.ada, email), await site.account(site.bob, email)];
  const account = await site.accounts.get({ accountId });
  expect(Object.keys(account).sort()).toEqual([
    'age',
    'ageVerified',
    'createdAt',
    'displayName',
    'emailVerified',
    'id',
    'locale',
    'state',
    'verification',
    'zone',
  ]);
  expect((await site.accounts.getMany({ accountIds: [accountId, elsewhere] })).items).toEqual([account]);
  await expect(site.accounts.get({ accountId: elsewhere })).rejects.toMatchObject({ code: 'kernel.account_missing' });
  expect(await site.accounts.findByEmail({ email: email.toUpperCase() })).toEqual({ accountId });
  expect(await site.accounts.findByEmail({ email: address() })).toEqual({});
});

test('who runs the site finds its people by the start of an e-mail or a part of a name, page by page', async () => {
  const boss = address();
  await site.account(site.ada, boss, { roles: ['admin'] });
  for (const name of ['zed-one', 'zed-two', 'zed-three'])
    await site.account(site.ada, `${name}@example.org`, { displayName: `Dr ${name}` });
  await site.account(site.bob, 'zed-bob@example.org');
  const { body } = await signIn(boss);
  const find = (query: string) => site.call('ada', `GET /auth/accounts?${query}`, undefined, body.accessToken);
  const names = (reply: Awaited<ReturnType<typeof find>>) =>
    reply.body.items.map((each: { displayName: string }) => each.displayName).sort();
  expect(names(await find('search=ZED-'))).toEqual(['Dr zed-one', 'Dr zed-three', 'Dr zed-two']);
  expect(names(await find('search=r%20zed-t'))).toEqual(['Dr zed-three', 'Dr zed-two']);
  expect(names(await find('search=%25'))).toEqual([]);
  const first = await find('search=zed-&limit=2');
  const second = await find(`search=zed-&limit=2&after=${first.body.next}`);
  expect([...names(first), ...names(second)].sort()).toEqual(['Dr zed-one', 'Dr zed-three', 'Dr zed-two']);
  expect(second.body.next).toBeUndefined();
});

test('mail for an account goes to its e-mail in its language', async () => {
  const email = address();
  const accountId = await site.account(site.ada, email, { displayName: 'Ann' });
  expect(await site.auth.recipientOf(site.ada, accountId)).toEqual({
    address: email,
    locale: 'en',
    displayName: 'Ann',
  });
  expect(await site.auth.recipientOf(site.bob, accountId)).toBeUndefined();
});
