import { createTestKernel, type TestKernel, type TestPerson, TestTenant } from '@plinth/core/testing/kernel.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import tipJar from '../../../examples/tip-jar/plugin.ts';
import tenants from '../plugin.ts';

const OWNER = { email: 'nora@example.org', password: 'a long enough pass phrase', displayName: 'Nora' };
const TIP_JAR = { capabilities: ['ledger:post', 'ledger:read'] };

let kernel: TestKernel;
let platform: TestTenant;
let operator: TestPerson;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tenants, tipJar] });
  platform = await kernel.tenant({ slug: 'platform', platform: true, plugins: ['tenants'] });
  operator = await platform.person({ operator: true });
});
afterAll(() => kernel[Symbol.asyncDispose]());

const make = (slug: string, more = {}) =>
  operator.post<{ id: string }>('/api/tenants/tenants', { slug, name: `${slug}’s site`, owner: OWNER, ...more });

test('an operator makes a site; its owner signs in there and switches the tip jar on', async () => {
  const made = await make('nora', { locale: 'pt', zone: 'America/Sao_Paulo' });
  expect(made).toMatchObject({
    status: 201,
    body: { slug: 'nora', locale: 'pt', zone: 'America/Sao_Paulo', platform: false, state: 'active' },
  });
  const site = new TestTenant(kernel, made.body.id, 'nora.localhost');
  const signedIn = await site
    .anyone()
    .post<{ accessToken: string }>('/api/kernel/auth/sessions', { email: OWNER.email, password: OWNER.password });
  expect(signedIn.status).toBeLessThan(300);
  const owner = { authorization: `Bearer ${signedIn.body.accessToken}` };
  expect((await site.anyone().put('/api/tenants/plugins/tip-jar', TIP_JAR, owner)).status).toBe(200);
  expect((await site.anyone().post('/api/tip-jar/jars', { title: 'Strings' }, owner)).status).toBe(201);
});

test('an operator vouches for addresses of the platform’s own site; whoever else runs it must prove them', async () => {
  const manager = await platform.person({ roles: ['owner'] });
  const runner = await platform.person({ roles: ['owner'], operator: true });
  const answersAt = async (host: string) => (await kernel.site('', host).anyone().get('/api/tenants/site')).status;
  await manager.put('/api/tenants/hosts/about.example.org');
  expect(await answersAt('about.example.org')).toBe(404);
  await runner.put('/api/tenants/hosts/about.example.org');
  expect(await answersAt('about.example.org')).toBe(200);
});

test('a site has the plugins it was made with', async () => {
  const { body } = await make('with-tips', { plugins: [{ plugin: 'tip-jar', ...TIP_JAR }] });
  const site = new TestTenant(kernel, body.id, 'with-tips.localhost');
  expect((await site.anyone().get('/api/tip-jar/jars')).status).toBe(200);
});

test.each([
  ['a password that is too weak', { owner: { ...OWNER, password: '1234567890' } }, 'kernel.weak_password'],
  [
    'less consent than a plugin wants',
    { plugins: [{ plugin: 'tip-jar', capabilities: [] }] },
    'kernel.consent_missing',
  ],
  ['a plugin that is not there', { plugins: [{ plugin: 'nothing', capabilities: [] }] }, 'kernel.plugin_missing'],
  ['a zone that is none', { zone: 'Nowhere' }, 'kernel.bad_zone'],
])('nothing of a site is made with %s', async (_what, wrong, code) => {
  expect((await make('half-made', wrong)).body).toMatchObject({ code });
  const { body } = await operator.get<{ items: { slug: string }[] }>('/api/tenants/tenants?limit=200');
  expect(body.items.map(({ slug }) => slug)).not.toContain('half-made');
  expect((await operator.get('/api/tenants/site', { host: 'half-made.localhost' })).status).toBe(404);
});

test('a name is taken once', async () => {
  expect((await make('once')).status).toBe(201);
  expect(await make('once')).toMatchObject({ status: 409, body: { code: 'kernel.slug_taken' } });
});

test('operators see every site, page by page', async () => {
  for (const slug of ['page-a', 'page-b', 'page-c']) await kernel.tenant({ slug, plugins: [] });
  const seen: string[] = [];
  let next: string | undefined;
  do {
    const after: string = next === undefined ? '' : `&after=${next}`;
    const { body } = await operator.get<{ items: { slug: string }[]; next?: string }>(
      `/api/tenants/tenants?limit=2${after}`,
    );
    expect(body.items.length).toBeLessThanOrEqual(2);
    seen.push(...body.items.map(({ slug }) => slug));
    next = body.next;
  } while (next !== undefined);
  expect(seen).toEqual([...seen].sort());
  expect(seen).toEqual(expect.arrayContaining(['page-a', 'page-b', 'page-c', 'platform']));
});

test('nobody else sees or makes sites: no owner of a site, nor of the platform’s, nor an operator’s token elsewhere', async () => {
  const site = await kernel.tenant({ plugins: ['tenants'] });
  const owner = await site.person({ roles: ['owner'] });
  const platformOwner = await platform.person({ roles: ['owner'] });
  for (const caller of [owner, platformOwner]) {
    expect((await caller.get('/api/tenants/tenants')).status).toBe(403);
    const body = { slug: 'mine', name: 'Mine', owner: OWNER };
    expect((await caller.post('/api/tenants/tenants', body)).status).toBe(403);
  }
  expect((await operator.get('/api/tenants/tenants', { host: site.host })).status).toBe(401);
});

test('a plugin at work by itself reaches no further than its own site', async () => {
  const site = await kernel.tenant({ plugins: ['tenants'] });
  type Ctx = { tenancy: { list(input: object): Promise<unknown> } };
  const { tenancy } = await site.ctx<Ctx>('tenants');
  await expect(tenancy.list({})).rejects.toMatchObject({ code: 'kernel.forbidden' });
  const platforms = await platform.ctx<Ctx>('tenants');
  await expect(platforms.tenancy.list({})).resolves.toHaveProperty('items');
});
