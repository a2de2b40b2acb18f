import { createTestKernel, type TestKernel } from '@plinth/core/testing/kernel.ts';
import { definePlugin } from '@plinth/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tipJar from '../../../examples/tip-jar/plugin.ts';
import { PluginSwitched, SiteChanged } from '../contract.ts';
import tenants from '../plugin.ts';

const TIP_JAR = { capabilities: ['ledger:post', 'ledger:read'] };

const heard: unknown[] = [];
const listener = definePlugin({
  id: 'listener',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Listener',
  summary: 'Writes down what it hears.',
  contributes: (plugin) => [
    plugin.on(SiteChanged, 'changed', async ({ tenant }, { changed }) => void heard.push([tenant.id, ...changed])),
    plugin.on(PluginSwitched, 'switched', async ({ tenant }, { plugin, on }) => {
      heard.push([tenant.id, plugin, on]);
    }),
  ],
});

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tenants, tipJar, listener] });
});
afterAll(() => kernel[Symbol.asyncDispose]());

const about = (site: { id: string }) => (fact: unknown) => Array.isArray(fact) && fact[0] === site.id;

/** A site without the tip jar, its owner, and somebody without rights. */
async function aSite() {
  const site = await kernel.tenant({ plugins: ['tenants', 'listener'] });
  return { site, owner: await site.person({ roles: ['owner'] }), member: await site.person() };
}

describe('a site', () => {
  test('is known to everybody by its name, language, zone and looks', async () => {
    const { site } = await aSite();
    const { status, body } = await site.anyone().get('/api/tenants/site');
    expect(status).toBe(200);
    expect(body).toMatchObject({ locale: 'en', zone: 'UTC', brand: { onBrand: 'white', scheme: 'auto' } });
    expect(Object.keys(body).sort()).toEqual(['brand', 'locale', 'name', 'slug', 'zone']);
  });

  test('is renamed, and what is not named stays', async () => {
    const { site, owner } = await aSite();
    const { body: before } = await site.anyone().get('/api/tenants/site');
    const answer = await owner.patch('/api/tenants/site', { name: 'Ana’s room', zone: 'Europe/Lisbon' });
    expect(answer).toMatchObject({ status: 200, body: { name: 'Ana’s room', zone: 'Europe/Lisbon', locale: 'en' } });
    const { body: after } = await site.anyone().get('/api/tenants/site');
    expect(after).toEqual({ ...before, name: 'Ana’s room', zone: 'Europe/Lisbon' });
  });

  test.each([
    ['kernel.bad_zone', { zone: 'Mars/Olympus' }],
    ['kernel.bad_locale', { locale: 'no such language' }],
    ['kernel.invalid_input', {}],
    ['kernel.invalid_input', { name: '' }],
    ['kernel.invalid_input', { platform: true }],
  ])('is not changed by what makes no sense: %s', async (code, change) => {
    const { owner } = await aSite();
    expect(await owner.patch('/api/tenants/site', change)).toMatchObject({ status: 400, body: { code } });
  });

  test('tells that it changed, with what', async () => {
    const { site, owner } = await aSite();
    await owner.patch('/api/tenants/site', { locale: 'fr' });
    await owner.put('/api/tenants/hosts/told.example.org');
    await owner.put('/api/tenants/brand', { brand: '#000000', accent: '#000000' });
    await kernel.settle();
    expect(heard.filter(about(site))).toEqual([
      [site.id, 'locale'],
      [site.id, 'hosts'],
      [site.id, 'brand'],
    ]);
  });
});

interface Host {
  readonly host: string;
  readonly verified: boolean;
  readonly record?: { readonly name: string; readonly type: 'TXT'; readonly value: string };
}

/** Adds an address to a site; answers what its owner is asked to put into DNS. */
async function claim({ owner }: Awaited<ReturnType<typeof aSite>>, host: string) {
  expect(await owner.put(`/api/tenants/hosts/${host}`)).toMatchObject({ status: 204 });
  const { body } = await owner.get<{ items: Host[] }>('/api/tenants/hosts');
  const { record } = body.items.find((each) => each.host === host) ?? {};
  if (!record) throw new Error('nothing to prove');
  return { record, prove: () => kernel.dns.set(record.name, record.value) };
}

describe('the addresses of a site', () => {
  const elsewhere = (host: string) => kernel.site('', host).anyone().get<{ slug: string }>('/api/tenants/site');

  test('lead nowhere until DNS shows whose they are, and no longer once removed; each step may be repeated', async () => {
    const mine = await aSite();
    const { owner, site } = mine;
    const verify = () => owner.post('/api/tenants/hosts/Videos.example.org/verify');
    expect(await verify()).toMatchObject({ status: 404, body: { code: 'kernel.host_unclaimed' } });
    await owner.put('/api/tenants/hosts/Videos.example.org');
    const { record, prove } = await claim(mine, 'videos.example.org');
    expect(record).toEqual({
      name: '_plinth.videos.example.org',
      type: 'TXT',
      value: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(await verify()).toMatchObject({
      status: 409,
      body: { code: 'kernel.host_unproven', detail: `There is no TXT record at ${record.name}.`, record },
    });
    kernel.dns.set(record.name, 'something else');
    expect((await verify()).body).toMatchObject({ detail: `The TXT record at ${record.name} is another.` });
    expect((await elsewhere('videos.example.org')).body).toMatchObject({ code: 'kernel.no_tenant' });

    prove();
    expect(await verify()).toMatchObject({ status: 204 });
    kernel.dns.delete(record.name);
    expect(await verify()).toMatchObject({ status: 204 });
    expect((await elsewhere('videos.example.org')).status).toBe(200);
    await owner.put('/api/tenants/hosts/videos.example.org');
    expect((await owner.get('/api/tenants/hosts')).body).toEqual({
      items: [
        { host: site.host, verified: true },
        { host: 'videos.example.org', verified: true },
      ],
    });
    for (const status of [204, 204])
      expect(await owner.delete('/api/tenants/hosts/videos.example.org')).toMatchObject({ status });
    expect((await elsewhere('videos.example.org')).status).toBe(404);
    // Who adds it again must prove it again, with another proof.
    expect((await claim(mine, 'videos.example.org')).record.value).not.toBe(record.value);
  });

  test('belong to who can prove it, whoever claimed them first', async () => {
    const [squatter, holder] = [await aSite(), await aSite()];
    const squat = await claim(squatter, 'known.example.org');
    const { prove } = await claim(holder, 'known.example.org');
    prove();
    const verify = ({ owner }: typeof holder) => owner.post('/api/tenants/hosts/known.example.org/verify');
    // A proof is one site's own: another cannot use it.
    expect(await verify(squatter)).toMatchObject({ status: 409, body: { code: 'kernel.host_unproven' } });
    expect(await verify(holder)).toMatchObject({ status: 204 });
    expect((await elsewhere('known.example.org')).body).toMatchObject({ slug: holder.site.host.split('.')[0] });
    squat.prove();
    expect(await verify(squatter)).toMatchObject({ status: 409, body: { code: 'kernel.host_taken' } });
    await holder.owner.delete('/api/tenants/hosts/known.example.org');
    expect(await verify(squatter)).toMatchObject({ status: 204 });
  });

  test('are no origin that may call the API before they are verified', async () => {
    const mine = await aSite();
    const { prove } = await claim(mine, 'origin.example.org');
    const allowed = async () =>
      (await mine.owner.get('/api/tenants/site', { origin: 'https://origin.example.org' })).headers[
        'access-control-allow-origin'
      ];
    expect(await allowed()).toBe(undefined);
    prove();
    await mine.owner.post('/api/tenants/hosts/origin.example.org/verify');
    expect(await allowed()).toBe('https://origin.example.org');
  });

  test('cannot be under the platform’s domain', async () => {
    const { owner } = await aSite();
    const other = await aSite();
    const add = (host: string) => owner.put(`/api/tenants/hosts/${host}`);
    for (const host of ['localhost', other.site.host, 'deep.down.localhost'])
      expect(await add(host)).toMatchObject({ status: 409, body: { code: 'kernel.platform_host' } });
    expect(await add('no_host')).toMatchObject({ status: 400, body: { code: 'kernel.bad_host' } });
  });

  test('keep the sub-domain', async () => {
    const { owner, site } = await aSite();
    const answer = await owner.delete(`/api/tenants/hosts/${site.host}`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'tenants.own_address' } });
  });
});

describe('the plugins of a site', () => {
  test('are listed with what they want, what they may, and the schema of their settings', async () => {
    const { owner } = await aSite();
    const { body } = await owner.get<{ items: { plugin: string }[] }>('/api/tenants/plugins');
    expect(body.items.find((each) => each.plugin === 'tip-jar')).toMatchObject({
      state: 'available',
      wanted: TIP_JAR.capabilities,
      granted: [],
      settings: { welcomePoints: 100, mostPerTip: 50 },
      settingsSchema: { type: 'object', properties: { mostPerTip: { title: 'Largest tip' } } },
    });
  });

  test('are off until somebody consents to everything they want', async () => {
    const { owner } = await aSite();
    const refused = await owner.put('/api/tenants/plugins/tip-jar', { capabilities: ['ledger:read'] });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'kernel.consent_missing', wanted: TIP_JAR.capabilities, detail: 'tip-jar wants ledger:post.' },
    });
    expect((await owner.get('/api/tip-jar/jars')).status).toBe(404);
    const enabled = await owner.put('/api/tenants/plugins/tip-jar', TIP_JAR);
    expect(enabled).toMatchObject({ status: 200, body: { state: 'enabled', granted: TIP_JAR.capabilities } });
    expect((await owner.get('/api/tip-jar/jars')).status).toBe(200);
  });

  test('are granted no more than they want, whatever was consented to', async () => {
    const { owner } = await aSite();
    const capabilities = [...TIP_JAR.capabilities, 'tenancy:admin'];
    const { body } = await owner.put('/api/tenants/plugins/tip-jar', { capabilities });
    expect(body).toMatchObject({ granted: TIP_JAR.capabilities });
  });

  test('answer as if they did not exist once switched off, and keep their settings', async () => {
    const { owner } = await aSite();
    await owner.put('/api/tenants/plugins/tip-jar', TIP_JAR);
    await owner.put('/api/tenants/plugins/tip-jar/settings', { welcomePoints: 7 });
    for (const status of [204, 204])
      expect(await owner.delete('/api/tenants/plugins/tip-jar')).toMatchObject({ status });
    expect(await owner.get('/api/tip-jar/jars')).toMatchObject({ status: 404, body: { code: 'kernel.not_found' } });
    const { body } = await owner.put('/api/tenants/plugins/tip-jar', TIP_JAR);
    expect(body).toMatchObject({ state: 'enabled', settings: { welcomePoints: 7, mostPerTip: 50 } });
  });

  test('are configured as their schema says, also before they are on', async () => {
    const { owner } = await aSite();
    const settings = '/api/tenants/plugins/tip-jar/settings';
    expect(await owner.put(settings, { mostPerTip: 0 })).toMatchObject({
      status: 400,
      body: { code: 'kernel.bad_settings', errors: [{ path: '/mostPerTip' }] },
    });
    const { body } = await owner.put(settings, { mostPerTip: 5 });
    expect(body).toMatchObject({ state: 'disabled', settings: { mostPerTip: 5, welcomePoints: 100 } });
    expect((await owner.get('/api/tip-jar/jars')).status).toBe(404);
  });

  test('include this one for good', async () => {
    const { owner } = await aSite();
    const answer = await owner.delete('/api/tenants/plugins/tenants');
    expect(answer).toMatchObject({ status: 409, body: { code: 'tenants.own_switch' } });
    expect((await owner.get('/api/tenants/site')).status).toBe(200);
  });

  test('must exist', async () => {
    const { owner } = await aSite();
    const answer = await owner.put('/api/tenants/plugins/nothing', { capabilities: [] });
    expect(answer).toMatchObject({ status: 404, body: { code: 'kernel.plugin_missing' } });
  });

  test('leave a trace of who switched them, in the log and as events', async () => {
    const { site, owner } = await aSite();
    await owner.put('/api/tenants/plugins/tip-jar', TIP_JAR);
    await owner.delete('/api/tenants/plugins/tip-jar');
    await kernel.settle();
    expect(heard.filter(about(site))).toEqual([
      [site.id, 'tip-jar', true],
      [site.id, 'tip-jar', false],
    ]);
    const { body } = await owner.get<{ items: object[] }>('/api/kernel/auth/audit?subject=tip-jar');
    const entry = (action: string) => expect.objectContaining({ action, actorId: owner.accountId });
    expect(body.items).toHaveLength(2);
    expect(body.items).toEqual(
      expect.arrayContaining([entry('tenants.plugin-enabled'), entry('tenants.plugin-disabled')]),
    );
  });
});

describe('who may', () => {
  const attempts = [
    ['PATCH', '/site', { name: 'Mine' }],
    ['PUT', '/brand', { brand: '#000000', accent: '#000000' }],
    ['GET', '/hosts', undefined],
    ['PUT', '/hosts/mine.example.org', undefined],
    ['POST', '/hosts/mine.example.org/verify', undefined],
    ['DELETE', '/hosts/mine.example.org', undefined],
    ['GET', '/plugins', undefined],
    ['PUT', '/plugins/tip-jar', TIP_JAR],
    ['DELETE', '/plugins/tip-jar', undefined],
    ['PUT', '/plugins/tip-jar/settings', { welcomePoints: 1_000_000 }],
    ['POST', '/plugins/tip-jar/export', undefined],
    ['PUT', '/plugins/tip-jar/retention', { days: 1 }],
  ] as const;

  test('every route but one that only reads public facts is tried here', () => {
    const routes = tenants.contributions.filter((each) => each.kind === 'route');
    const guarded = routes.filter(({ options }) => options.auth !== 'public' && options.auth !== 'operator');
    const tried = attempts.map(
      ([method, path]) => `${method} ${path.replace(/tip-jar/, ':plugin').replace(/mine[^/]*/, ':host')}`,
    );
    expect(guarded.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...tried].sort());
  });

  test.each(attempts)(
    '%s %s is not for members, strangers, or the owner of another site',
    async (method, path, body) => {
      const ours = await aSite();
      const { owner, member, site } = ours;
      const other = await aSite();
      // Something to verify, and something to hand out.
      (await claim(ours, 'mine.example.org')).prove();
      await site.enable('tip-jar');
      await site.disable('tip-jar');
      const send = (caller: typeof owner | ReturnType<typeof site.anyone>, headers = {}) =>
        caller.send<{ code: string }>(method, `/api/tenants${path}`, body, headers);
      expect(await send(member)).toMatchObject({ status: 403, body: { code: 'kernel.forbidden' } });
      expect(await send(site.anyone())).toMatchObject({ status: 401 });
      // Their token is nobody's here.
      expect(await send(other.owner, { host: site.host })).toMatchObject({ status: 401 });
      const mine = await send(owner);
      expect(mine.status, JSON.stringify(mine.body)).toBeLessThan(300);
    },
  );

  test('a person with the suggested role may', async () => {
    const { site } = await aSite();
    const manager = await site.person({ roles: ['tenants.manager'] });
    expect((await manager.get('/api/tenants/plugins')).status).toBe(200);
  });
});
