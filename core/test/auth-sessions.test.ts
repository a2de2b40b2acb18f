import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
beforeAll(async () => {
  site = await authSite();
});
afterAll(() => site.close());

const MINUTE = 60_000;
const DAY = 86_400_000;
let people = 0;

/** Somebody with an account, signed in. */
async function somebody(where: 'ada' | 'bob' = 'ada') {
  people += 1;
  const email = `person-${people}@example.org`;
  const accountId = await site.account(site[where], email);
  return { email, accountId, ...(await signIn(email, where)) };
}

async function signIn(email: string, where: 'ada' | 'bob' = 'ada', headers: Record<string, string> = {}) {
  const { status, body } = await site.call(
    where,
    'POST /auth/sessions',
    { email, password: PASSWORD },
    undefined,
    headers,
  );
  expect(status).toBe(201);
  return {
    accessToken: body.accessToken as string,
    refreshToken: body.refreshToken as string,
    sessionId: body.sessionId as string,
  };
}

const me = (token: string, where: 'ada' | 'bob' = 'ada') => site.call(where, 'GET /auth/me', undefined, token);
const refresh = (refreshToken: string, where: 'ada' | 'bob' = 'ada') =>
  site.call(where, 'POST /auth/sessions/refresh', { refreshToken });

test('whoever signs in is let in, however the e-mail is written', async () => {
  const { accountId } = await somebody();
  const { accessToken } = await signIn(`  ${`person-${people}@EXAMPLE.org`.trim()}`.trim());
  expect((await me(accessToken)).body).toMatchObject({
    id: accountId,
    emailVerified: true,
    roles: [],
    operator: false,
  });
});

test('an access token ends after fifteen minutes, and the refresh token gives another', async () => {
  const { accessToken, refreshToken } = await somebody();
  site.pass(15 * MINUTE - 1);
  expect((await me(accessToken)).status).toBe(200);
  site.pass(1);
  expect((await me(accessToken)).status).toBe(401);
  const { status, body } = await refresh(refreshToken);
  expect(status).toBe(200);
  expect(body.refreshToken).not.toBe(refreshToken);
  expect((await me(body.accessToken)).status).toBe(200);
});

test('a refresh does not end the access token that another tab is using', async () => {
  const { accessToken, refreshToken } = await somebody();
  await refresh(refreshToken);
  expect((await me(accessToken)).status).toBe(200);
});

test('a session that is used lives on; one that is not ends after thirty days', async () => {
  const used = await somebody();
  const unused = await somebody();
  site.pass(20 * DAY);
  const { body } = await refresh(used.refreshToken);
  site.pass(20 * DAY);
  expect((await refresh(body.refreshToken)).status).toBe(200);
  expect((await refresh(unused.refreshToken)).body.code).toBe('kernel.session_ended');
});

test('a spent refresh token ends the whole session, for the thief and for the robbed', async () => {
  const { accessToken, refreshToken, accountId } = await somebody();
  const stolen = await refresh(refreshToken);
  site.pass(11_000);
  const robbed = await refresh(refreshToken);
  expect(robbed).toMatchObject({ status: 401, body: { code: 'kernel.refresh_reused' } });
  expect((await refresh(stolen.body.refreshToken)).body.code).toBe('kernel.session_ended');
  expect((await me(stolen.body.accessToken)).status).toBe(401);
  expect((await me(accessToken)).status).toBe(401);
  const log = await site.auditOf('ada', accountId);
  expect(log.map(({ action }) => action)).toContain('auth.refresh-reused');
});

test('an old token is known again however many came after it', async () => {
  const { refreshToken } = await somebody();
  let newest = refreshToken;
  for (let count = 0; count < 5; count += 1) newest = (await refresh(newest)).body.refreshToken;
  expect((await refresh(refreshToken)).body.code).toBe('kernel.refresh_reused');
  expect((await refresh(newest)).status).toBe(401);
});

test('an invented token for a session that exists ends nothing', async () => {
  const { refreshToken } = await somebody();
  const bytes = Buffer.from(refreshToken.slice(4), 'base64url');
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  expect((await refresh(`plr_${bytes.toString('base64url')}`)).body.code).toBe('kernel.session_ended');
  expect((await refresh('plr_nonsense')).status).toBe(401);
  expect((await refresh(refreshToken)).status).toBe(200);
});

test('ten refreshes at once with one token get one and the same successor', async () => {
  const { refreshToken, accountId } = await somebody();
  const replies = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
  expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(new Set(replies.map(({ body }) => `${body.accessToken} ${body.refreshToken}`)).size).toBe(1);
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query(
      'select count(*)::int as tokens from kernel.access_token t join kernel.session s on s.id = t.session_id where s.account_id = $1',
      [accountId],
    ),
  );
  expect(rows).toEqual([{ tokens: 2 }]);
});

test('a retry after a lost reply is answered again, but not once its successor was used', async () => {
  const { refreshToken } = await somebody();
  const first = await refresh(refreshToken);
  site.pass(5_000);
  const retry = await refresh(refreshToken);
  expect(retry.body).toEqual({ ...first.body, expiresIn: 895 });
  await refresh(first.body.refreshToken);
  expect((await refresh(refreshToken)).body.code).toBe('kernel.refresh_reused');
});

test('nothing of a token is kept in the database but its hash', async () => {
  const { accessToken, refreshToken } = await somebody();
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query<{ row: string }>(
      'select t::text as row from kernel.access_token t union all select s::text from kernel.session s',
    ),
  );
  const dump = rows.map(({ row }) => row).join('\n');
  for (const secret of [accessToken, refreshToken]) {
    expect(dump).not.toContain(secret.slice(4, 20));
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'));
  }
});

test('the tokens of one site are nothing on another, before and after they were used', async () => {
  const { accessToken, refreshToken } = await somebody('ada');
  expect((await me(accessToken, 'bob')).status).toBe(401);
  expect((await me(accessToken, 'ada')).status).toBe(200);
  expect((await me(accessToken, 'bob')).status).toBe(401);
  expect((await refresh(refreshToken, 'bob')).status).toBe(401);
  expect((await refresh(refreshToken, 'ada')).status).toBe(200);
});

test('signing out ends the token at once, here and on another node that is told', async () => {
  const { accessToken, refreshToken, sessionId } = await somebody();
  const other = site.anotherNode();
  expect(await other.authenticate(site.ada, accessToken)).toBeDefined();
  expect((await me(accessToken)).status).toBe(200);

  expect((await site.call('ada', 'DELETE /auth/sessions/current', undefined, accessToken)).status).toBe(204);
  expect((await me(accessToken)).status).toBe(401);
  expect((await refresh(refreshToken)).status).toBe(401);
  // The other node answers from memory until it hears of it, and no longer than half a minute in any case.
  expect(await other.authenticate(site.ada, accessToken)).toBeDefined();
  other.heard(`${site.ada} ${sessionId}`);
  expect(await other.authenticate(site.ada, accessToken)).toBeUndefined();
});

test('every revocation is told to the other nodes, and one that missed it forgets within half a minute', async () => {
  const { accessToken, sessionId } = await somebody();
  const listener = await site.database.pool.connect();
  const heard: (string | undefined)[] = [];
  listener.on('notification', ({ payload }) => heard.push(payload));
  await listener.query('listen plinth_auth');
  const other = site.anotherNode();
  await other.authenticate(site.ada, accessToken);

  await site.call('ada', 'DELETE /auth/sessions/current', undefined, accessToken);
  await listener.query('select 1');
  listener.release(true);
  expect(heard).toContain(`${site.ada} ${sessionId}`);
  expect(other.authenticate(site.ada, accessToken)).toBeDefined();
  site.pass(30_000);
  expect(await other.authenticate(site.ada, accessToken)).toBeUndefined();
});

test('a known token is answered at once, without a promise', async () => {
  const { accessToken } = await somebody();
  const node = site.anotherNode();
  expect(node.authenticate(site.ada, accessToken)).toBeInstanceOf(Promise);
  await node.authenticate(site.ada, accessToken);
  expect(node.authenticate(site.ada, accessToken)).toMatchObject({ kind: 'person' });
  expect(node.authenticate(site.ada, 'nonsense')).toBeUndefined();
});

test('an answer that was read while something was revoked is not kept', async () => {
  const { accessToken } = await somebody();
  const node = site.anotherNode();
  const reading = node.authenticate(site.ada, accessToken);
  node.heard(site.ada);
  await reading;
  expect(node.authenticate(site.ada, accessToken)).toBeInstanceOf(Promise);
});

test('a session of somebody who was suspended meanwhile cannot be refreshed', async () => {
  const { accountId, refreshToken } = await somebody();
  await site.database.tenant(site.ada, (_tx, client) =>
    client.query("update kernel.account set state = 'suspended' where id = $1", [accountId]),
  );
  expect((await refresh(refreshToken)).body.code).toBe('kernel.session_ended');
});

test('signing out everywhere ends every session of the person, and of nobody else', async () => {
  const { email, accessToken } = await somebody();
  const phone = await signIn(email);
  const other = await somebody();
  await me(phone.accessToken);
  await site.call('ada', 'DELETE /auth/sessions', undefined, accessToken);
  expect((await me(accessToken)).status).toBe(401);
  expect((await me(phone.accessToken)).status).toBe(401);
  expect((await refresh(phone.refreshToken)).status).toBe(401);
  expect((await me(other.accessToken)).status).toBe(200);
});

test('a person sees their sessions and ends one; those of others are not there', async () => {
  const { email, accessToken, sessionId } = await somebody();
  const phone = await signIn(email, 'ada', { 'user-agent': 'a phone' });
  const other = await somebody();
  const { body } = await site.call('ada', 'GET /auth/sessions', undefined, accessToken);
  expect(body.items).toHaveLength(2);
  expect(body.items).toContainEqual(expect.objectContaining({ id: sessionId, current: true, userAgent: 'a browser' }));
  expect(body.items).toContainEqual(
    expect.objectContaining({ id: phone.sessionId, current: false, userAgent: 'a phone' }),
  );

  const end = (id: string) => site.call('ada', `DELETE /auth/sessions/${id}`, undefined, accessToken);
  expect((await end(other.sessionId)).status).toBe(404);
  expect((await end('nonsense')).status).toBe(404);
  expect((await end(phone.sessionId)).status).toBe(204);
  expect((await me(phone.accessToken)).status).toBe(401);
  expect((await me(other.accessToken)).status).toBe(200);
});

test('a sign-in on a device not seen before is told by mail, the first of all is not', async () => {
  const { email } = await somebody();
  await signIn(email);
  const told = () => site.letters.filter(({ to, template }) => to === email && template === 'kernel.new-sign-in');
  expect(told()).toEqual([]);
  await signIn(email, 'ada', { 'user-agent': 'a stranger’s phone'.replace('’', "'") });
  expect(told()).toHaveLength(1);
  expect(told()[0]?.data).toMatchObject({ device: "a stranger's phone", address: expect.stringMatching(/^10\./) });
});

test('a browser keeps its refresh token where scripts cannot read it', async () => {
  const { email } = await somebody();
  const signedIn = await site.call('ada', 'POST /auth/sessions', { email, password: PASSWORD, cookie: true });
  expect(signedIn.body.refreshToken).toBeUndefined();
  const cookie = String(signedIn.headers['set-cookie']);
  expect(cookie).toMatch(
    /^plinth_refresh=plr_[\w-]+; Path=\/api\/kernel\/auth; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
  );

  const jar = { cookie: cookie.split(';')[0] ?? '' };
  const refreshed = await site.call('ada', 'POST /auth/sessions/refresh', {}, undefined, jar);
  expect(refreshed.status).toBe(200);
  expect(refreshed.body.refreshToken).toBeUndefined();
  expect(String(refreshed.headers['set-cookie'])).toContain('plinth_refresh=plr_');
  const out = await site.call('ada', 'DELETE /auth/sessions/current', undefined, refreshed.body.accessToken);
  expect(String(out.headers['set-cookie'])).toContain(
    'plinth_refresh=; Path=/api/kernel/auth; HttpOnly; SameSite=Strict; Max-Age=0',
  );
});

test('the hourly sweep removes what has run out and nothing else', async () => {
  const lasting = await somebody();
  site.pass(29 * DAY);
  const fresh = await somebody();
  site.pass(2 * DAY);
  await site.sweep('ada');
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query<{ id: string }>('select id from kernel.session'),
  );
  expect(rows.map(({ id }) => id)).toContain(fresh.sessionId);
  expect(rows.map(({ id }) => id)).not.toContain(lasting.sessionId);
  expect((await refresh(fresh.refreshToken)).status).toBe(200);
});
