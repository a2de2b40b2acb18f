import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
beforeAll(async () => {
  site = await authSite();
  await somebody(['owner']);
});
afterAll(() => site.close());

const DAY = 86_400_000;
let people = 0;

async function somebody(roles: readonly string[] = []) {
  people += 1;
  const email = `somebody-${people}@example.org`;
  const accountId = await site.account(site.ada, email, { roles, displayName: `Somebody ${people}` });
  const { body } = await signIn(email);
  return { email, accountId, token: body.accessToken as string };
}

const signIn = (email: string) => site.call('ada', 'POST /auth/sessions', { email, password: PASSWORD });
const mailTo = (email: string) =>
  site.database.tenant(site.ada, (_tx, client) =>
    client.query('select from kernel.mail_message where address = $1', [email]),
  );
const me = (token: string) => site.call('ada', 'GET /auth/me', undefined, token);
const remove = (token: string, immediate = false) =>
  site.call('ada', 'POST /auth/me/deletion', { password: PASSWORD, immediate }, token);

test('a person is given everything that is held of them, of other rooms too, and no secret', async () => {
  const { email, accountId, token } = await somebody();
  await site.call('ada', 'PATCH /auth/me', { birthDate: '2001-02-03' }, token);
  const { key } = (await site.call('ada', 'POST /auth/keys', { name: 'program', scopes: ['jars:read'] }, token)).body;
  site.auth.onExport('files', async (call, id) => [{ site: call.tenant.slug, of: id, name: 'cat.jpg' }]);
  const { status, body } = await site.call('ada', 'GET /auth/me/export', undefined, token);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    account: { id: accountId, email },
    personal: [{ birthDate: '2001-02-03' }],
    sessions: [{ method: 'password', address: expect.stringMatching(/^10\./), userAgent: 'a browser' }],
    apiKeys: [{ name: 'program', scopes: ['jars:read'] }],
    files: [{ site: 'ada', of: accountId, name: 'cat.jpg' }],
  });
  expect(body.audit.map(({ action }: { action: string }) => action)).toEqual(
    expect.arrayContaining(['auth.account-created', 'auth.signed-in']),
  );
  const text = JSON.stringify(body);
  for (const secret of [token.slice(4), key.slice(37), '$argon2id']) expect(text).not.toContain(secret);
});

test('a deletion waits two weeks, and can be withdrawn', async () => {
  const { email, token } = await somebody();
  expect((await remove(token)).body).toEqual({ deleteAt: new Date(site.now().getTime() + 14 * DAY).toISOString() });
  expect((await me(token)).body.deleteAt).toBe(new Date(site.now().getTime() + 14 * DAY).toISOString());
  expect(site.letters.findLast(({ to }) => to === email)?.template).toBe('kernel.account-deletion');
  site.pass(13 * DAY);
  await site.sweep('ada');
  const { body } = await signIn(email);
  expect((await site.call('ada', 'DELETE /auth/me/deletion', undefined, body.accessToken)).status).toBe(204);
  site.pass(2 * DAY);
  await site.sweep('ada');
  expect((await signIn(email)).status).toBe(201);
});

test('once the time has come nothing of the person is left, and everybody hears of it', async () => {
  const { email, accountId, token } = await somebody();
  await site.call('ada', 'PATCH /auth/me', { birthDate: '1999-08-07', zone: 'Asia/Tokyo' }, token);
  await site.call('ada', 'POST /auth/keys', { name: 'program', scopes: ['jars:read'] }, token);
  await site.call('ada', 'POST /auth/password/forgot', { email });
  await remove(token);
  await site.suppress('ada', email);
  expect((await mailTo(email)).rowCount).toBe(2);
  site.pass(14 * DAY);
  await site.sweep('ada');

  expect((await signIn(email)).body.code).toBe('kernel.bad_credentials');
  const left = await site.database.tenant(site.ada, async (_tx, client) => {
    const rows: string[] = [];
    for (const table of [
      'account',
      'session',
      'api_key',
      'one_time_token',
      'account_role',
      'totp',
      'passkey',
      'identity',
      'attempt',
      'audit',
      'mail_message',
      'mail_suppression',
    ]) {
      const found = await client.query<{ row: string }>(`select t::text as row from kernel.${table} t`);
      rows.push(...found.rows.map(({ row }) => `${table}: ${row}`));
    }
    return rows.filter(
      (row) =>
        row.includes(email) ||
        /Somebody 4|1999-08-07|Tokyo/.test(row) ||
        (row.includes(accountId) && !/^(account|audit):/.test(row)),
    );
  });
  expect(left).toEqual([]);
  expect(await site.accounts.get({ accountId })).toMatchObject({
    state: 'deleted',
    displayName: 'deleted',
    age: 'unknown',
    emailVerified: false,
  });
  expect((await mailTo(email)).rowCount).toBe(0);
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query(
      "select payload from kernel.outbox where event = 'kernel.account-deleted@1' and payload ->> 'accountId' = $1",
      [accountId],
    ),
  );
  expect(rows).toHaveLength(1);
});

test('a deletion at once ends every session and key, and frees the e-mail', async () => {
  const { email, token, accountId } = await somebody();
  const { key } = (await site.call('ada', 'POST /auth/keys', { name: 'program', scopes: ['jars:read'] }, token)).body;
  expect((await site.call('ada', 'GET /api/tip-jar/jars', undefined, key)).status).toBe(204);
  await site.call('ada', 'POST /auth/sessions', { email, password: 'not the password' });
  const removed = await site.call('ada', 'POST /auth/me/deletion', { immediate: true }, token);
  expect(removed.status).toBe(202);
  const hash = createHash('sha256').update(email).digest('base64url');
  const counted = await site.database.tenant(site.ada, (_tx, client) =>
    client.query("select from kernel.attempt where key like '%' || $1", [hash]),
  );
  expect(counted.rowCount).toBe(0);
  expect((await me(token)).status).toBe(401);
  expect((await site.call('ada', 'GET /api/tip-jar/jars', undefined, key)).status).toBe(401);
  expect(await site.account(site.ada, email)).not.toBe(accountId);
  expect(await site.auth.personFor(site.ada, accountId)).toBeUndefined();
});

test('the last owner stays until there is another', async () => {
  const { body } = await signIn('somebody-1@example.org');
  expect((await remove(body.accessToken)).body.code).toBe('kernel.last_owner');
  expect((await remove(body.accessToken, true)).body.code).toBe('kernel.last_owner');
  const second = await somebody(['owner']);
  expect((await remove(second.token)).status).toBe(202);
  // Meanwhile the other one has left, so this one has become the last.
  expect((await remove(body.accessToken, true)).status).toBe(202);
  site.pass(14 * DAY);
  await site.sweep('ada');
  expect((await signIn(second.email)).status).toBe(201);
});
