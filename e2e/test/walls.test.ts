// The walls between sites. Every route of the OpenAPI document is tried from the other side: first its owner uses it,
// so that the probe can fail; then somebody who owns everything of another site tries the same.
import { createTestKernel, type TestCaller, type TestKernel, type TestTenant } from '@plinth/core/testing/kernel.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import tenants from '../../plugins/tenants/plugin.ts';
import { recipes, type World } from './wall-recipes.ts';

let kernel: TestKernel;
let site: TestTenant;
let elsewhere: TestTenant;
let routes: string[];

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tenants, tipJar] });
  // The victim is the platform's own site: its routes for operators are probed too.
  site = await kernel.tenant({ slug: 'victim', platform: true });
  elsewhere = await kernel.tenant({ slug: 'elsewhere' });
  const { body } = await site.anyone().get<{ paths: Record<string, Record<string, unknown>> }>('/api/openapi.json');
  routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
});
afterAll(() => kernel[Symbol.asyncDispose]());

test('there is a probe for every route, and none for a route that is gone', () => {
  expect(Object.keys(recipes).toSorted()).toEqual(routes.toSorted());
});

// Probes move the clock, and access tokens live for minutes: each begins with somebody who has just signed in.
let people = 0;
async function aWorld(): Promise<World> {
  people += 1;
  const owner = await site.person({ roles: ['owner'], operator: true, email: `canary-owner-${people}@victim.example` });
  return { kernel, site, owner };
}

describe.each(Object.entries(recipes))('%s', (route, recipe) => {
  const [method = '', path = ''] = route.split(' ');
  // From a new site for each try: what one left behind in its own must not be taken for a find.
  const aStranger = async () => (await kernel.tenant()).person({ roles: ['owner'] });
  const ask = async (caller: TestCaller, probe: Awaited<ReturnType<typeof recipe>>) =>
    caller.send<unknown>(
      method,
      path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(probe.params?.[name] ?? 'x')) +
        (probe.query ?? ''),
      probe.body,
      probe.headers,
    );

  test('serves its owner', async () => {
    const world = await aWorld();
    const probe = await recipe(world);
    const answer = await ask(probe.as ?? world.owner, probe);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  });

  test('does not know the other site’s token', async () => {
    const world = await aWorld();
    const probe = await recipe(world);
    const answer = await ask((await aStranger()).at(world.site.host), probe);
    expect(answer.status).toBe(401);
  });

  test('shows and does nothing to the other site through its own door', async () => {
    const world = await aWorld();
    const probe = await recipe(world);
    const answer = await ask(await aStranger(), probe);
    expect(JSON.stringify(answer.body) + JSON.stringify(answer.headers)).not.toMatch(/canary|victim/i);
    if (probe.names) expect(answer.status, JSON.stringify(answer.body)).toBeGreaterThanOrEqual(400);
    // What was tried on is still its owner's to use.
    const after = await ask(probe.as ?? world.owner, probe);
    expect(after.status, JSON.stringify(after.body)).toBeLessThan(300);
  });
});

test('an event of one site reaches no consumer of the other', async () => {
  const before = await kernel.count(`select from kernel.inbox where tenant_id = '${elsewhere.id}'`);
  const world = await aWorld();
  const probe = await recipes['POST /api/tip-jar/jars/{jarId}/tips']?.(world);
  await (probe?.as ?? world.owner).post(`/api/tip-jar/jars/${probe?.params?.jarId}/tips`, probe?.body);
  await kernel.settle();
  expect(await kernel.count(`select from kernel.inbox where tenant_id = '${world.site.id}'`)).toBeGreaterThan(0);
  expect(await kernel.count(`select from kernel.inbox where tenant_id = '${elsewhere.id}'`)).toBe(before);
});
