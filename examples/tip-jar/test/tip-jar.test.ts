import { contractSuite } from '@plinth/core/testing/contract-suite.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '@plinth/core/testing/kernel.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Amounts, Thanks } from '../contract.ts';
import tipJar from '../plugin.ts';

contractSuite(tipJar, { manifest: new URL('../manifest.json', import.meta.url) });

describe('a tip', () => {
  let kernel: TestKernel;
  beforeAll(async () => {
    kernel = await createTestKernel({ plugins: [tipJar] });
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  async function aJar(site?: TestTenant) {
    const tenant = site ?? (await kernel.tenant());
    const owner = await tenant.person();
    const giver = await tenant.person();
    const { body } = await owner.post<{ id: string }>('/api/tip-jar/jars', { title: 'New strings' });
    await giver.post('/api/tip-jar/welcome');
    const points = async () =>
      (await tenant.anyone().get<{ points: number }>(`/api/tip-jar/jars/${body.id}`)).body.points;
    const left = async () => (await giver.post<{ points: number }>('/api/tip-jar/welcome')).body.points;
    return { tenant, owner, giver, jarId: body.id, points, left };
  }

  test('moves points from the giver into the jar, and thanks for them', async () => {
    const { tenant, giver, jarId, points, left } = await aJar();
    const { status, body } = await giver.post<{ tipId: string }>(`/api/tip-jar/jars/${jarId}/tips`, { points: 30 });
    expect(status).toBe(201);
    expect([await points(), await left()]).toEqual([30, 70]);
    await kernel.settle();
    const ctx = await tenant.ctx<{ store: { tips: { get(id: string): Promise<{ value: unknown }> } } }>('tip-jar');
    expect((await ctx.store.tips.get(body.tipId)).value).toMatchObject({
      state: 'settled',
      thanks: 'Thank you! That is very generous!',
    });
  });

  test('repeated under the same key is one tip', async () => {
    const { giver, jarId, points } = await aJar();
    const once = { 'idempotency-key': 'a-click' };
    const first = await giver.post(`/api/tip-jar/jars/${jarId}/tips`, { points: 5 }, once);
    const again = await giver.post(`/api/tip-jar/jars/${jarId}/tips`, { points: 5 }, once);
    expect(again.body).toEqual(first.body);
    expect(await points()).toBe(5);
  });

  test('is refused when it is more than the giver has, more than allowed, to oneself, or into a closed jar', async () => {
    const { tenant, owner, giver, jarId, points } = await aJar();
    const tip = (by: typeof giver, amount: number) =>
      by.post<{ code: string }>(`/api/tip-jar/jars/${jarId}/tips`, { points: amount });
    expect((await tip(giver, 51)).body.code).toBe('tip-jar.too_generous');
    expect((await tip(owner, 1)).body.code).toBe('tip-jar.own_jar');
    const poor = await tenant.person();
    expect((await tip(poor, 1)).body.code).toBe('tip-jar.too_few_points');
    expect((await giver.delete(`/api/tip-jar/jars/${jarId}`)).status).toBe(403);
    expect((await owner.delete(`/api/tip-jar/jars/${jarId}`)).status).toBe(204);
    expect((await tip(giver, 1)).body.code).toBe('tip-jar.jar_closed');
    expect(await points()).toBe(0);
  });

  test('that was written but never posted is finished by the sweep, once', async () => {
    const { tenant, giver, jarId, points } = await aJar();
    const ctx = await tenant.ctx<{ store: { tips: { put(id: string, value: unknown): Promise<unknown> } } }>('tip-jar');
    await ctx.store.tips.put('cut-off', { jarId, fromId: giver.accountId, points: 7, state: 'pending' });
    await kernel.advance('61m');
    await kernel.advance('61m');
    expect(await points()).toBe(7);
  });

  test('follows the settings of the site', async () => {
    const { tenant, giver, jarId } = await aJar();
    await tenant.configure('tip-jar', { welcomePoints: 100, mostPerTip: 60 });
    expect((await giver.post(`/api/tip-jar/jars/${jarId}/tips`, { points: 60 })).status).toBe(201);
  });

  test('and its jar are unknown on another site', async () => {
    const { jarId } = await aJar();
    const elsewhere = await kernel.tenant();
    expect((await elsewhere.anyone().get(`/api/tip-jar/jars/${jarId}`)).status).toBe(404);
  });

  test('amounts to choose from come from the slot, in order', async () => {
    const { giver, jarId } = await aJar();
    const { body } = await giver.get<{ amounts: { points: number }[] }>(`/api/tip-jar/jars/${jarId}`);
    expect(body.amounts.map((each) => each.points)).toEqual([5, 25]);
    expect([Amounts.id, Thanks.combine]).toEqual(['tip-jar.amounts@1', 'pipe']);
  });
});
