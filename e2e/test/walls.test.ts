// The walls between sites. Every route of the OpenAPI document is tried from the other side: first its owner uses it,
// so that the probe can fail; then somebody who owns everything of another site tries the same. After the routes the
// other ways out of a site: sockets, signed links, events.
import { createTestKernel, type TestCaller, type TestKernel, type TestTenant } from '@plinth/core/testing/kernel.ts';
import { Page } from '@plinth/core/testing/page.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import tenants from '../../plugins/tenants/plugin.ts';
import { type ForeignProvider, openForeignProvider } from './walls/foreign-provider.ts';
import { aGiver, aJar } from './walls/plugin-recipes.ts';
import { recipes } from './walls/recipes.ts';
import { anObject } from './walls/storage-recipes.ts';
import type { Probe, World } from './walls/world.ts';

let kernel: TestKernel;
let site: TestTenant;
let provider: ForeignProvider;
let routes: string[];

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tenants, tipJar] });
  provider = await openForeignProvider();
  // The victim is the platform's own site: its routes for operators are probed too.
  site = await kernel.tenant({ slug: 'victim', platform: true });
  const { body } = await site.anyone().get<{ paths: Record<string, Record<string, unknown>> }>('/api/openapi.json');
  routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
});
afterAll(async () => {
  await provider?.close();
  await kernel?.[Symbol.asyncDispose]();
});

test('there is a probe for every route, and none for a route that is gone', () => {
  expect(Object.keys(recipes).toSorted()).toEqual(routes.toSorted());
});

let owners = 0;
/** The limits of a route are those of its caller: each try has a caller of its own. */
async function aWorld(): Promise<World> {
  owners += 1;
  // One of the probes switches it off.
  await site.enable('tip-jar');
  const owner = await site.person({ roles: ['owner'], operator: true, email: `canary-owner-${owners}@victim.example` });
  return { kernel, site, owner, provider };
}
// From a new site for each route: what one left behind in its own must not be taken for a find.
const aStranger = async () => (await kernel.tenant()).person({ roles: ['owner'] });

describe.each(Object.entries(recipes))('%s', (route, recipe) => {
  const [method = '', path = ''] = route.split(' ');
  const ask = (caller: TestCaller, { params = {}, body, headers }: Probe) => {
    const url = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? 'x'));
    return caller.send<unknown>(method, url, body, headers);
  };

  test('serves its owner', async () => {
    const world = await aWorld();
    const probe = await recipe(world);
    const answer = await ask(probe.as ?? world.owner, probe);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  });

  test('shows and does nothing to the owner of another site', async () => {
    const world = await aWorld();
    const probe = await recipe(world);
    const stranger = await aStranger();
    const atTheirDoor = await ask(stranger.at(site.host), probe);
    expect(atTheirDoor.status, JSON.stringify(atTheirDoor.body)).toBe(401);
    const answer = await ask(stranger, probe);
    expect(JSON.stringify(answer.body) + JSON.stringify(answer.headers)).not.toMatch(/canary|victim/i);
    if (probe.names) expect(answer.status, JSON.stringify(answer.body)).toBeGreaterThanOrEqual(400);
    // What was tried on is still its owner's to use.
    const after = await ask(probe.as ?? world.owner, probe);
    expect(after.status, JSON.stringify(after.body)).toBeLessThan(300);
  });
});

describe('sockets', () => {
  let port: number;
  const pages: Page[] = [];
  beforeAll(async () => {
    ({ port } = await kernel.kernel.listen());
  });
  afterAll(() => {
    for (const page of pages) page.socket.terminate();
  });
  function aPage({ host, token }: TestCaller): Page {
    const page = new Page(port, host.replace('.localhost', ''), ['plinth.v1', `bearer.${token}`]);
    pages.push(page);
    return page;
  }

  test('a token of another site opens none', async () => {
    const world = await aWorld();
    const stranger = await aStranger();
    expect(await aPage(world.owner).hears('welcome')).toMatchObject({ accountId: world.owner.accountId });
    const page = aPage(stranger.at(site.host));
    expect(await page.closed).toMatchObject({ code: 4001 });
    expect(page.told.map(({ type }) => type)).not.toContain('welcome');
  });

  test('a channel of the same name in another site is another channel', async () => {
    const world = await aWorld();
    const { jarId } = await aJar(world);
    const [own, strange] = [aPage(world.owner), aPage(await aStranger())];
    for (const page of [own, strange]) {
      await page.hears('welcome');
      expect(await page.join(`tip-jar/jars/${jarId}`)).toMatchObject({ type: 'joined', history: [] });
    }
    const tip = await (await aGiver(world)).post(`/api/tip-jar/jars/${jarId}/tips`, { points: 3 });
    expect(tip.status).toBe(201);
    await kernel.settle();
    expect(await own.hears('event')).toMatchObject({ event: { points: 3, total: 3 } });
    // Nor can whoever comes later read it from the history, or see who is there.
    await strange.settled();
    const late = aPage(await aStranger());
    expect(await late.join(`tip-jar/jars/${jarId}`)).toMatchObject({ type: 'joined', history: [] });
    expect(JSON.stringify([strange.told, late.told])).not.toMatch(new RegExp(`"event":|${world.owner.accountId}`));
    expect(JSON.stringify(own.told)).toContain(world.owner.accountId);
  });
});

test('a signed link opens its object at its own site only, and nothing else', async () => {
  const world = await aWorld();
  const { objectId } = await anObject(world);
  const { storage } = kernel.kernel;
  const object = await storage.stat(site.id, objectId);
  if (!object) throw new Error('the upload made no object');
  const { url } = storage.signUrl(site.id, object);
  const other = await anObject(world);
  const stranger = await aStranger();

  expect(await site.anyone().get(url)).toMatchObject({ status: 200, body: 'canar' });
  const elsewhere = await stranger.get(url);
  expect([403, 404]).toContain(elsewhere.status);
  expect(JSON.stringify(elsewhere)).not.toMatch(/canar/i);
  const changed = (at: number) => url.slice(0, at) + (url[at] === 'a' ? 'b' : 'a') + url.slice(at + 1);
  const signature = url.indexOf('signature=') + 'signature='.length;
  const forged = [
    ...[signature, signature + 20, url.length - 2].map(changed),
    url.replace(objectId, other.objectId),
    changed(url.indexOf(objectId) + objectId.length - 1),
    url.replace(/until=(\d+)/, (_all, until: string) => `until=${Number(until) + 1}`),
    `${url}&as=attachment`,
    url.slice(0, -1),
  ];
  for (const each of forged) expect([each, (await site.anyone().get(each)).status]).toEqual([each, 403]);
});

test('an event of one site reaches no consumer of another', async () => {
  const handled = (tenantId: string) => kernel.count(`select from kernel.inbox where tenant_id = '${tenantId}'`);
  const elsewhere = await kernel.tenant();
  const world = await aWorld();
  const giver = await aGiver(world);
  const before = await handled(site.id);
  await giver.post(`/api/tip-jar/jars/${(await aJar(world)).jarId}/tips`, { points: 1 });
  await kernel.settle();
  expect(await handled(site.id)).toBe(before + 1);
  expect(await handled(elsewhere.id)).toBe(0);
});
