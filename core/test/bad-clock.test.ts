// A clock that jumps. Forward, whatever has a time limit is over: people sign in anew, links are asked for again, and
// what is due runs once. Back, nobody who was shut out is let in again, and nothing waits for the time to come round.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { createTestKernel, TestCaller, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';

const START = '2030-01-01T00:00:00Z';
const HOUR_BEFORE = '2029-12-31T23:00:00Z';
const DECADE_LATER = '2040-01-01T00:00:00Z';

// Each signs several people in, which is slow on purpose.
vi.setConfig({ testTimeout: 60_000 });

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;
let bea: TestPerson;
beforeEach(async () => {
  kernel = await createTestKernel({ plugins: [tipJar], limits: { readsPerMinute: 30, writesPerMinute: 30 } });
  site = await kernel.tenant();
  ana = await site.person();
  bea = await site.person();
});
afterEach(() => kernel[Symbol.asyncDispose]());

const signIn = async ({ email }: TestPerson) =>
  (
    await site.anyone().post<{ accessToken: string; refreshToken: string }>('/api/kernel/auth/sessions', {
      email,
      password: 'correct horse battery',
    })
  ).body;
/** Whoever has this token, and nothing to sign in with again. */
const me = async (token: string | undefined) =>
  (await new TestCaller(kernel, site.host, token).get('/api/kernel/auth/me')).status;
const refresh = (refreshToken: string) => site.anyone().post('/api/kernel/auth/sessions/refresh', { refreshToken });

/** A tip is posted, its event consumed, its job run. */
async function tippingWorks(giver: TestPerson, owner: TestPerson): Promise<void> {
  await giver.post('/api/tip-jar/welcome');
  const jar = await owner.post<{ id: string }>('/api/tip-jar/jars', { title: 'Strings' });
  const tip = await giver.post<{ tipId: string }>(`/api/tip-jar/jars/${jar.body.id}/tips`, { points: 2 });
  expect([jar.status, tip.status]).toEqual([201, 201]);
  await kernel.settle();
  const thanked = `select from tip_jar.document where id = '${tip.body.tipId}' and value ->> 'thanks' is not null`;
  expect(await kernel.count(thanked)).toBe(1);
}

const sweeps = () => kernel.count(`select from kernel.job_run where job = 'sweep' and plugin = 'tip-jar'`);

test('an hour back, everything goes on, and who was shut out stays out', async () => {
  const [ended, rotated] = [await signIn(ana), await signIn(bea)];
  expect(await me(ended.accessToken)).toBe(200);
  expect((await new TestCaller(kernel, site.host, ended.accessToken).delete('/api/kernel/auth/sessions')).status).toBe(
    204,
  );
  const renewed = await refresh(rotated.refreshToken);
  expect((await refresh(renewed.body.refreshToken as string)).status).toBe(200);
  await kernel.settle();

  kernel.clock.set(HOUR_BEFORE);
  for (const { refreshToken } of [ended, rotated]) expect((await refresh(refreshToken)).status).toBe(401);
  expect(await me(ended.accessToken)).toBe(401);
  expect(await me(bea.token)).toBe(200);
  await tippingWorks(bea, await site.person());
});

test('an hour back, the limits hold, and are not for ever', async () => {
  const read = async () => (await bea.get('/api/tip-jar/jars')).status;
  while ((await read()) === 200);
  kernel.clock.set(HOUR_BEFORE);
  expect(await read()).toBe(429);
  kernel.clock.advance('1m');
  expect(await read()).toBe(200);
});

test('ten years on, people sign in anew, links have ended, and what is due runs once', async () => {
  const { accessToken, refreshToken } = await signIn(ana);
  expect(await me(accessToken)).toBe(200);
  await kernel.settle();
  const object = await kernel.kernel.storage.put(site.id, [Buffer.from('bytes')] as never, {
    plugin: 'tip-jar',
    name: 'a',
  });
  const { url } = kernel.kernel.storage.signUrl(site.id, object);
  expect((await site.anyone().get(url)).status).toBe(200);
  await site.anyone().post('/api/kernel/auth/password/forgot', { email: ana.email });
  const mailbox = `/api/kernel/mail/mailbox?to=${ana.email}`;
  const { body } = await site.anyone().get<{ items: { text: string }[] }>(mailbox);
  const token = /#([A-Za-z0-9_-]+)/.exec(body.items[0]?.text ?? '')?.[1];
  const before = await sweeps();

  kernel.clock.set(DECADE_LATER);
  expect(await me(accessToken)).toBe(401);
  expect((await refresh(refreshToken)).status).toBe(401);
  expect((await site.anyone().get(url)).status).toBe(403);
  const reset = { token, password: 'another long password' };
  expect((await site.anyone().post('/api/kernel/auth/password/reset', reset)).status).toBe(400);
  await kernel.settle();
  expect(await sweeps()).toBe(before + 1);
  await tippingWorks(await site.person(), await site.person());
});

test('a clock that is put right again leaves nothing waiting for ten years', async () => {
  await kernel.settle();
  kernel.clock.set(DECADE_LATER);
  await kernel.settle();
  const before = await sweeps();
  kernel.clock.set(START);
  await tippingWorks(await site.person(), await site.person());
  await kernel.advance('2h');
  expect(await sweeps()).toBe(before + 1);
});
