import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuthSite, authSite, PASSWORD } from './auth-site.ts';

let site: AuthSite;
beforeAll(async () => {
  site = await authSite();
});
afterAll(() => site.close());

const DAY = 86_400_000;
let people = 0;

async function somebody(roles: readonly string[] = [], where: 'ada' | 'bob' = 'ada') {
  people += 1;
  const email = `person-${people}@example.org`;
  const accountId = await site.account(site[where], email, { roles });
  const { body } = await site.call(where, 'POST /auth/sessions', { email, password: PASSWORD });
  return { accountId, email, token: body.accessToken as string };
}

const permissionsOf = async (token: string) =>
  (await site.call('ada', 'GET /auth/me', undefined, token)).body.permissions as string[];
const setRoles = (token: string, accountId: string, roles: string[]) =>
  site.call('ada', `PUT /auth/accounts/${accountId}/roles`, { roles }, token);
const putRole = (token: string, name: string, permissions: string[]) =>
  site.call('ada', `PUT /auth/roles/${name}`, { title: name, permissions }, token);

test('an owner may everything, an admin all but that, a member nothing', async () => {
  expect(await permissionsOf((await somebody(['owner'])).token)).toEqual(
    expect.arrayContaining(['*', 'kernel.accounts', 'kernel.roles', 'kernel.audit', 'tip-jar.refund']),
  );
  const admin = await permissionsOf((await somebody(['admin'])).token);
  expect(admin).toContain('tip-jar.refund');
  expect(admin).not.toContain('*');
  expect(await permissionsOf((await somebody()).token)).toEqual([]);
});

test('what a plugin declares comes and goes with it, at once', async () => {
  const { token } = await somebody(['quiz.judge'].slice(1));
  const boss = await somebody(['owner']);
  site.auth.declare(
    'quiz',
    { 'quiz.judge': 'Judge answers', 'kernel.accounts': 'sneaky', 'tip-jar.refund': 'sneaky' },
    { judge: ['quiz.judge', 'kernel.accounts'] },
  );
  const { accountId } = await somebody();
  expect((await setRoles(boss.token, accountId, ['quiz.judge'])).status).toBe(204);
  const judge = await site.auth.personFor(site.ada, accountId);
  // Its own permission, and none of the kernel's or of another plugin's.
  expect([...(judge?.permissions ?? [])]).toEqual(['quiz.judge']);
  expect(await permissionsOf(boss.token)).toContain('quiz.judge');
  site.auth.forget('quiz');
  expect(await permissionsOf(boss.token)).not.toContain('quiz.judge');
  expect((await site.auth.personFor(site.ada, accountId))?.permissions.size).toBe(0);
  expect(await permissionsOf(token)).toEqual([]);
});

test('a role of the site gives its permissions, in force at the next call, and takes them again', async () => {
  const boss = await somebody(['owner']);
  const helper = await somebody();
  expect(await permissionsOf(helper.token)).toEqual([]);
  expect((await putRole(boss.token, 'helper', ['kernel.accounts'])).status).toBe(204);
  expect((await setRoles(boss.token, helper.accountId, ['helper'])).status).toBe(204);
  expect(await permissionsOf(helper.token)).toEqual(['kernel.accounts']);
  expect((await putRole(boss.token, 'helper', ['kernel.accounts', 'tip-jar.refund'])).status).toBe(204);
  expect(await permissionsOf(helper.token)).toEqual(['kernel.accounts', 'tip-jar.refund']);
  expect((await setRoles(boss.token, helper.accountId, [])).status).toBe(204);
  expect(await permissionsOf(helper.token)).toEqual([]);
  await setRoles(boss.token, helper.accountId, ['helper']);
  expect((await site.call('ada', 'DELETE /auth/roles/helper', undefined, boss.token)).status).toBe(204);
  expect(await permissionsOf(helper.token)).toEqual([]);
  expect((await site.call('ada', 'DELETE /auth/roles/helper', undefined, boss.token)).status).toBe(404);
});

test('what a site gives to "member" everybody has, on that site', async () => {
  const boss = await somebody(['owner']);
  const member = await somebody();
  const elsewhere = await somebody([], 'bob');
  await putRole(boss.token, 'member', ['tip-jar.refund']);
  expect(await permissionsOf(member.token)).toEqual(['tip-jar.refund']);
  expect((await site.auth.personFor(site.bob, elsewhere.accountId))?.permissions.size).toBe(0);
  await putRole(boss.token, 'member', []);
  expect(await permissionsOf(member.token)).toEqual([]);
});

test('roles are listed with what they can be made of', async () => {
  const { token } = await somebody(['admin']);
  const { body } = await site.call('ada', 'GET /auth/roles', undefined, token);
  expect(body.items).toContainEqual({
    name: 'tip-jar.treasurer',
    title: 'treasurer',
    permissions: ['tip-jar.refund'],
    origin: 'plugin',
  });
  expect(body.permissions['tip-jar.refund']).toBe('Refund a tip');
});

test('nobody gives, takes or overrules more than they hold', async () => {
  const owner = await somebody(['owner']);
  const admin = await somebody(['admin']);
  await putRole(owner.token, 'clerk', ['kernel.roles', 'kernel.accounts']);
  const clerk = await somebody(['clerk']);
  const member = await somebody();
  const beyond = { status: 403, body: { code: 'kernel.beyond_you' } };

  expect(await setRoles(admin.token, member.accountId, ['owner'])).toMatchObject(beyond);
  expect(await setRoles(admin.token, owner.accountId, [])).toMatchObject(beyond);
  expect(await setRoles(admin.token, admin.accountId, ['owner'])).toMatchObject(beyond);
  expect(await setRoles(clerk.token, clerk.accountId, ['clerk', 'admin'])).toMatchObject(beyond);
  expect(await setRoles(clerk.token, member.accountId, ['tip-jar.treasurer'])).toMatchObject(beyond);
  expect(await putRole(clerk.token, 'clerk', ['kernel.roles', 'kernel.accounts', 'kernel.audit'])).toMatchObject(
    beyond,
  );
  await putRole(owner.token, 'auditor', ['kernel.audit']);
  expect(await putRole(clerk.token, 'auditor', [])).toMatchObject(beyond);
  expect(await site.call('ada', 'DELETE /auth/roles/auditor', undefined, clerk.token)).toMatchObject(beyond);
  expect(await putRole(clerk.token, 'member', ['tip-jar.refund'])).toMatchObject(beyond);
  const suspend = (token: string, accountId: string) =>
    site.call('ada', `PATCH /auth/accounts/${accountId}`, { state: 'suspended' }, token);
  expect(await suspend(admin.token, owner.accountId)).toMatchObject(beyond);
  expect(await suspend(clerk.token, admin.accountId)).toMatchObject(beyond);

  expect((await setRoles(clerk.token, member.accountId, ['clerk'])).status).toBe(204);
  expect((await suspend(clerk.token, member.accountId)).status).toBe(204);
});

test('roles that do not exist, or are built in, cannot be given or made', async () => {
  const boss = await somebody(['owner']);
  expect((await setRoles(boss.token, boss.accountId, ['owner', 'emperor'])).body.code).toBe('kernel.role_missing');
  expect((await putRole(boss.token, 'owner', [])).body.code).toBe('kernel.role_reserved');
  expect((await putRole(boss.token, 'Bad Name'.replace(' ', '%20'), [])).body.code).toBe('kernel.bad_name');
  expect((await putRole(boss.token, 'helper', ['no.such', '*'])).body).toMatchObject({
    code: 'kernel.unknown_permission',
    detail: 'no.such, *',
  });
  expect((await site.call('ada', 'DELETE /auth/roles/admin', undefined, boss.token)).body.code).toBe(
    'kernel.role_reserved',
  );
  expect((await setRoles(boss.token, 'nonsense', [])).body.code).toBe('kernel.account_missing');
});

test('an account of another site is not there', async () => {
  const boss = await somebody(['owner']);
  const { accountId } = await somebody([], 'bob');
  expect((await setRoles(boss.token, accountId, ['owner'])).status).toBe(404);
  expect((await site.call('ada', `PATCH /auth/accounts/${accountId}`, { state: 'suspended' }, boss.token)).status).toBe(
    404,
  );
});

test('routes for who runs the site are closed to members', async () => {
  const { token } = await somebody();
  for (const route of ['GET /auth/accounts', 'GET /auth/roles', 'GET /auth/audit']) {
    expect((await site.call('ada', route, undefined, token)).status).toBe(403);
    expect((await site.call('ada', route)).status).toBe(401);
  }
});

test('a site keeps an owner, also when two remove each other at once', async () => {
  const boss = await somebody(['owner'], 'bob');
  const call = (token: string, route: string, body: unknown) => site.call('bob', route, body, token);
  const drop = (token: string, accountId: string) =>
    call(token, `PUT /auth/accounts/${accountId}/roles`, { roles: [] });
  expect((await drop(boss.token, boss.accountId)).body.code).toBe('kernel.last_owner');
  expect((await call(boss.token, `PATCH /auth/accounts/${boss.accountId}`, { state: 'suspended' })).body.code).toBe(
    'kernel.last_owner',
  );

  const second = await somebody(['owner'], 'bob');
  // Both are let in as owners before either has changed anything.
  const gate = await site.database.pool.connect();
  await gate.query(`select pg_advisory_lock(hashtext('kernel.roles'), hashtext('${site.bob}'))`);
  const both = Promise.all([drop(boss.token, second.accountId), drop(second.token, boss.accountId)]);
  const waiting = "select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()";
  while (((await gate.query(waiting)).rowCount ?? 0) < 2) await new Promise((resolve) => setImmediate(resolve));
  gate.release(true);
  const replies = await both;
  expect(replies.map(({ status }) => status).sort()).toEqual([204, 409]);
});

test('operators are those of the platform’s own tenant', async () => {
  const operator = await site.account(site.ada, 'operator@example.org', { operator: true });
  expect((await site.auth.personFor(site.ada, operator))?.operator).toBe(true);
  await expect(site.account(site.bob, 'operator@example.org', { operator: true })).rejects.toMatchObject({
    code: 'kernel.not_platform',
  });
  // Even if the flag gets into another tenant's row.
  const { accountId } = await somebody([], 'bob');
  await site.database.tenant(site.bob, (_tx, client) =>
    client.query('update kernel.account set operator = true where id = $1', [accountId]),
  );
  expect((await site.auth.personFor(site.bob, accountId))?.operator).toBe(false);
});

const makeKey = (token: string, more: Record<string, unknown> = {}) =>
  site.call('ada', 'POST /auth/keys', { name: 'my program', scopes: ['jars:read'], ...more }, token);
const jars = (token: string, where: 'ada' | 'bob' = 'ada') =>
  site.call(where, 'GET /api/tip-jar/jars', undefined, token);

test('an API key does what its scopes name, in its person’s name, and nothing else', async () => {
  const { token, accountId } = await somebody(['owner']);
  const { status, body } = await makeKey(token);
  expect(status).toBe(201);
  expect(body.key).toMatch(/^plk_[0-9a-f]{32}_[\w-]{43}$/);
  expect((await jars(body.key)).status).toBe(204);
  expect(await site.auth.authenticate(site.ada, body.key)).toMatchObject({
    accountId,
    scopes: ['jars:read'],
    credential: { kind: 'key', id: body.id },
  });
  // A scope it lacks, and routes that no key may call, although its person may.
  expect((await site.call('ada', 'GET /auth/me', undefined, body.key)).status).toBe(403);
  for (const route of ['GET /auth/keys', 'POST /auth/keys', 'DELETE /auth/sessions', 'GET /auth/roles']) {
    expect(
      (await site.call('ada', route, route.startsWith('POST') ? { name: 'x', scopes: ['a'] } : undefined, body.key))
        .status,
    ).toBe(403);
  }
});

test('a key is good on its own site only, and a wrong secret or id is nothing', async () => {
  const { token } = await somebody();
  const { key } = (await makeKey(token)).body;
  expect((await jars(key, 'bob')).status).toBe(401);
  expect((await jars(key)).status).toBe(204);
  expect((await jars(key, 'bob')).status).toBe(401);
  const other = (await makeKey(token)).body.key as string;
  expect((await jars(key.slice(0, 37) + other.slice(37))).status).toBe(401);
  expect((await jars('plk_nonsense')).status).toBe(401);
});

test('a key is listed with its last use, and never shown again', async () => {
  const { token } = await somebody();
  const { key, ...facts } = (await makeKey(token)).body;
  const list = async () => (await site.call('ada', 'GET /auth/keys', undefined, token)).body.items;
  expect(await list()).toEqual([facts]);
  await jars(key);
  expect(await list()).toEqual([{ ...facts, lastUsedAt: site.now().toISOString() }]);
  const { rows } = await site.database.tenant(site.ada, (_tx, client) =>
    client.query('select k::text as row from kernel.api_key k'),
  );
  expect(JSON.stringify(rows)).not.toContain(key.slice(37));
});

test('a key ends when it runs out, when it is removed, and with its account', async () => {
  const { token, accountId } = await somebody();
  const soon = (await makeKey(token, { expiresAt: new Date(site.now().getTime() + 10_000).toISOString() })).body.key;
  const removed = (await makeKey(token)).body;
  const lasting = (await makeKey(token)).body.key;
  for (const key of [soon, removed.key, lasting]) expect((await jars(key)).status).toBe(204);
  site.pass(10_000);
  expect((await jars(soon)).status).toBe(401);
  expect((await site.call('ada', `DELETE /auth/keys/${removed.id}`, undefined, (await somebody()).token)).status).toBe(
    404,
  );
  expect((await site.call('ada', `DELETE /auth/keys/${removed.id}`, undefined, token)).status).toBe(204);
  expect((await jars(removed.key)).status).toBe(401);
  expect((await jars(lasting)).status).toBe(204);
  const boss = await somebody(['owner']);
  await site.call('ada', `PATCH /auth/accounts/${accountId}`, { state: 'suspended' }, boss.token);
  expect((await jars(lasting)).status).toBe(401);
});

test('a rotated key works on for the overlap, and its successor has its scopes and length of life', async () => {
  const person = await somebody();
  const old = (await makeKey(person.token, { expiresAt: new Date(site.now().getTime() + 10 * DAY).toISOString() }))
    .body;
  await jars(old.key);
  site.pass(60_000);
  const rotate = (id: string, overlapSeconds: number) =>
    site.call('ada', `POST /auth/keys/${id}/rotate`, { overlapSeconds }, person.token);
  const fresh = (await rotate(old.id, 60)).body;
  expect(fresh).toMatchObject({
    name: old.name,
    scopes: old.scopes,
    expiresAt: new Date(site.now().getTime() + 10 * DAY).toISOString(),
  });
  expect((await jars(old.key)).status).toBe(204);
  expect((await jars(fresh.key)).status).toBe(204);
  site.pass(60_000);
  expect((await jars(old.key)).status).toBe(401);
  expect((await jars(fresh.key)).status).toBe(204);
  expect((await rotate(old.id, 60)).status).toBe(404);
  const last = (await rotate(fresh.id, 0)).body;
  expect((await jars(fresh.key)).status).toBe(401);
  expect((await jars(last.key)).status).toBe(204);
});

test('who changes what is in the log: who, from where, in which request', async () => {
  const boss = await somebody(['owner']);
  const { accountId } = await somebody();
  await setRoles(boss.token, accountId, ['admin']);
  await setRoles(boss.token, accountId, []);
  const log = await site.auditOf('ada', accountId);
  const [revoked, granted] = [
    log.find(({ action }) => action === 'auth.role-revoked'),
    log.find(({ action }) => action === 'auth.role-granted'),
  ];
  expect(granted).toMatchObject({
    actor_kind: 'person',
    actor_id: boss.accountId,
    detail: { role: 'admin' },
    network: expect.stringMatching(/^10\.\d+\.\d+\.0\/24$/),
    request_id: 'request-1',
  });
  expect(revoked?.detail).toEqual({ role: 'admin' });

  const read = (query: string) => site.call('ada', `GET /auth/audit?${query}`, undefined, boss.token);
  const { body } = await read(`subject=${accountId}&action=auth.role-granted`);
  expect(body.items).toMatchObject([{ action: 'auth.role-granted', actorId: boss.accountId }]);
  const pages = [await read('limit=3'), await read('limit=3')];
  const next = await read(`limit=3&after=${pages[0]?.body.next}`);
  expect(next.body.items[0].id < pages[0]?.body.items[2].id).toBe(true);
});

test('plugins write to the log under their own name', async () => {
  await site.audit.write({ action: 'refunded', subject: 'jar-1', detail: { points: 3 } });
  const { items } = await site.audit.list({ subject: 'jar-1' });
  expect(items).toMatchObject([{ action: 'tip-jar.refunded', detail: { points: 3 }, actorKind: 'system' }]);
});

test('the log cannot be changed, by the kernel or across tenants, and shows no other site’s entries', async () => {
  await site.audit.write({ action: 'refunded', subject: 'jar-2' });
  for (const sql of [
    "update kernel.audit set action = 'nothing'",
    'delete from kernel.audit',
    'truncate kernel.audit',
  ]) {
    await expect(site.database.tenant(site.ada, (_tx, client) => client.query(sql))).rejects.toThrow(
      /permission denied/,
    );
    await expect(site.database.spanning((_tx, client) => client.query(sql))).rejects.toThrow(/permission denied/);
  }
  const elsewhere = await site.database.tenant(site.bob, (_tx, client) =>
    client.query("select from kernel.audit where subject = 'jar-2'"),
  );
  expect(elsewhere.rowCount).toBe(0);
  await expect(
    site.database.tenant(site.bob, (_tx, client) =>
      client.query(
        "insert into kernel.audit (tenant_id, id, at, actor_kind, action, subject) values ($1, $1, now(), 'system', 'forged', '')",
        [site.ada],
      ),
    ),
  ).rejects.toThrow(/row-level security/);
});

test('no table of the room is without its wall', async () => {
  const owner = new pg.Client(site.ownerConnection);
  await owner.connect();
  const { rows } = await owner.query(
    `select relname from pg_class where relnamespace = 'kernel'::regnamespace and relkind = 'r'
     and not (relrowsecurity and relforcerowsecurity) and relname <> 'migration'`,
  );
  await owner.end();
  expect(rows).toEqual([]);
});
