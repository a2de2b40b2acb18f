// The pages of mail: the development mailbox, and the way out of mail that nobody asked for.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assets } from '../front/pages/assets.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

let kernel: TestKernel;
let ada: TestTenant;
let bob: TestTenant;

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [] });
  [ada, bob] = [await kernel.tenant({ slug: 'ada' }), await kernel.tenant({ slug: 'bob' })];
});
afterAll(() => kernel[Symbol.asyncDispose]());

interface Opened {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
}

async function write(to: string, template: string, data: Record<string, string | number>): Promise<void> {
  const { mail, database } = kernel.kernel;
  await database.tenant(ada.id, (_, client) =>
    mail.enqueue(client, { tenantId: ada.id, to, template, locale: 'es', data }),
  );
}

const mailbox = async (site: TestTenant, query = '') =>
  (await site.anyone().get<{ items: Opened[] }>(`/api/kernel/mail/mailbox${query}`)).body.items;

const page = (site: TestTenant, path: string) =>
  site.anyone().get<string>(`/api/kernel/mail/${path}`, { accept: 'text/html' });

test('a message that was kept can be found by its address, on its own site only', async () => {
  await write('find@example.org', 'kernel.reset-password', { displayName: 'Eve', link: '/reset#t', minutes: 30 });
  expect(await mailbox(ada, '?to=FIND@example.org')).toMatchObject([
    { to: 'find@example.org', subject: 'Elige una nueva contraseña para ada' },
  ]);
  expect(await mailbox(ada, '?to=nobody@example.org')).toEqual([]);
  expect(await mailbox(bob)).toEqual([]);
  const [mail] = await mailbox(ada, '?to=find@example.org');
  for (const path of [`mailbox/${mail?.id}`, `mailbox/${mail?.id}/html`]) {
    expect((await page(ada, path)).status).toBe(200);
    expect((await page(bob, path)).status).toBe(404);
  }
  expect((await page(ada, 'mailbox/nothing')).status).toBe(404);
});

test('the page shows what strangers wrote as text, and the message in a frame that can do nothing', async () => {
  const evil = '<img src=x onerror=alert(1)>';
  await write('evil@example.org', 'kernel.notice', { title: evil, text: evil, link: '/x' });
  const [mail] = await mailbox(ada, '?to=evil@example.org');
  for (const path of ['mailbox', `mailbox/${mail?.id}`]) {
    const { body, headers } = await page(ada, path);
    expect(body).not.toContain('<img src=x');
    expect(body.match(/<script[^>]*>/g)).toEqual([`<script src="${assets.script.path}" type="module">`]);
    expect(headers['content-security-policy']).toMatch(/default-src 'self'; script-src 'self'.*frame-ancestors 'none'/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
  }
  const { body, headers } = await page(ada, `mailbox/${mail?.id}/html`);
  expect(body).not.toContain('<img');
  expect(headers['content-security-policy']).toMatch(/^sandbox /);
  expect(headers['content-security-policy']).not.toMatch(/allow-scripts|allow-same-origin/);
});

test('a link that a scanner follows unsubscribes nobody; a POST does, on its own site, without signing in', async () => {
  await write('away@example.org', 'kernel.notice', { title: 'News', text: 'x' });
  const [mail] = await mailbox(ada, '?to=away@example.org');
  const way = /href="http:\/\/ada\.localhost[^"]*\/(unsubscribe\/[^"]+)"/.exec(mail?.html ?? '')?.[1] ?? '';
  const { body: asked } = await page(ada, way);
  expect(asked).toContain('Cancelar la suscripción');
  expect(asked).toContain('<html lang="es">');
  expect((await page(bob, way)).status).toBe(404);
  await write('away@example.org', 'kernel.notice', { title: 'More', text: 'x' });
  expect(await mailbox(ada, '?to=away@example.org')).toHaveLength(2);
  expect((await bob.anyone().post(`/api/kernel/mail/${way}`)).status).toBe(404);
  expect((await ada.anyone().post(`/api/kernel/mail/${way}`)).status).toBe(200);
  await write('away@example.org', 'kernel.notice', { title: 'Still more', text: 'x' });
  await write('away@example.org', 'kernel.magic', { code: '123 456' });
  expect((await mailbox(ada, '?to=away@example.org')).map(({ subject }) => subject).sort()).toEqual([
    'More',
    'News',
    'Tu acceso a ada',
  ]);
});

test('mail that somebody asked for offers no way out', async () => {
  await write('asked@example.org', 'kernel.magic', { code: '123 456' });
  const [mail] = await mailbox(ada, '?to=asked@example.org');
  expect(mail?.html).not.toContain('unsubscribe');
  expect((await ada.anyone().post(`/api/kernel/mail/unsubscribe/${mail?.id}`)).status).toBe(404);
});

test('there is no mailbox in production, nor where mail is sent', async () => {
  for (const config of [{ mode: 'production' as const }, { smtpUrl: 'smtp://127.0.0.1:1', mailFrom: 'a@b.example' }]) {
    await using other = await createTestKernel({ plugins: [], config });
    const site = await other.tenant();
    expect((await site.anyone().get('/api/kernel/mail/mailbox')).status).toBe(404);
  }
});
