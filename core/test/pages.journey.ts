import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import {
  accessibilityFaults,
  aVisitor,
  chromiumPath,
  DESK,
  openBrowser,
  PHONE,
  type Visitor,
} from '../testing/browser.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const EMAIL = 'ana@example.org';
const PASSWORD = 'correct horse battery';
const NAME = 'The Rather Long Name of a Station for Television & Music';

let kernel: TestKernel;
let site: TestTenant;
let browser: Browser;
let origin: string;
let visitor: Visitor | undefined;

describe.skipIf(chromiumPath === undefined)('in a browser', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    kernel = await createTestKernel({ plugins: [tipJar] });
    site = await kernel.tenant({ slug: 'ada' });
    await kernel.kernel.tenancy.update(site.id, { name: NAME });
    const account = { email: EMAIL, password: PASSWORD, displayName: 'Ana Lima', verified: true, roles: ['owner'] };
    await kernel.kernel.auth.createAccount(site.id, account);
    const notice = { title: 'A title that goes on for a while, because somebody likes to be exact', text: 'x' };
    await kernel.kernel.database.tenant(site.id, (_, client) =>
      kernel.kernel.mail.enqueue(client, {
        tenantId: site.id,
        to: EMAIL,
        template: 'kernel.notice',
        locale: 'en',
        data: notice,
      }),
    );
    const { port } = await kernel.kernel.listen();
    origin = `http://${site.host}:${port}`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await kernel?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    const complaints = visitor?.complaints ?? [];
    await visitor?.close();
    visitor = undefined;
    // What the site refuses, the browser notes; everything else would be our fault.
    expect(complaints.filter((each) => !/status of 40[0-9]/.test(each))).toEqual([]);
  });

  async function visit(path: string, options?: Parameters<typeof aVisitor>[2]) {
    visitor = await aVisitor(browser, origin, options);
    await visitor.page.goto(path);
    return visitor.page;
  }

  async function signIn(page: Visitor['page'], password = PASSWORD) {
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** The mailbox, a letter in it, and the way out that the letter shows. */
  async function mailPages(): Promise<string[]> {
    const mailbox = '/api/kernel/mail/mailbox';
    const { body } = await site.anyone().get<{ items: { id: string; html: string }[] }>(`${mailbox}?to=${EMAIL}`);
    const letter = body.items.find(({ html }) => html.includes('/unsubscribe/'));
    const [way = ''] = /\/api\/kernel\/mail\/unsubscribe\/[^"]+/.exec(letter?.html ?? '') ?? [];
    return [mailbox, `${mailbox}/${letter?.id}`, way];
  }

  for (const [device, screen] of Object.entries({ phone: PHONE, desk: DESK })) {
    for (const dark of [false, true]) {
      test(`on a ${dark ? 'dark' : 'light'} ${device} every page can be read by everybody, and fits`, async () => {
        const page = await visit('/', { screen, dark });
        const plain = ['/', '/docs/api#tipJarGetJars', '/docs/errors#kernel.not_found', '/nowhere'];
        for (const path of [...plain, ...(await mailPages())]) {
          await page.goto(path);
          expect(await accessibilityFaults(page), path).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBe(screen.width);
        }
      });
    }
    test(`on a ${device} somebody signs in, is known on every page, and signs out`, async () => {
      const page = await visit('/', { screen });
      await signIn(page);
      await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
      expect(await page.getByText(EMAIL).isVisible()).toBe(true);
      expect(await page.getByText('owner', { exact: true }).isVisible()).toBe(true);
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Ana Lima');
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole('link', { name: 'API reference', exact: true }).first().click();
      await page.getByRole('link', { name: 'Ana Lima' }).waitFor();
      await page.getByRole('link', { name: 'Ana Lima' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
      await page.reload();
      expect(await page.getByRole('button', { name: 'Sign in' }).isEnabled()).toBe(true);
    });
  }

  test('axe would find what is wrong', async () => {
    const page = await visit('/');
    await page.evaluate(
      `document.querySelector('h1').style.color = '#eee'; document.querySelector('label').replaceWith(document.createElement('input'))`,
    );
    expect((await accessibilityFaults(page)).join()).toMatch(/color-contrast.*label|label.*color-contrast/);
  });

  test('a wrong password is answered with what is wrong and what to do, and what was typed stays', async () => {
    const page = await visit('/', { screen: PHONE });
    await signIn(page, 'not the password');
    const alert = page.getByRole('alert');
    await alert.getByText('E-mail and password do not match').waitFor();
    expect(await alert.textContent()).toContain('Check both.');
    expect(await page.getByLabel('E-mail').inputValue()).toBe(EMAIL);
    expect(await accessibilityFaults(page)).toEqual([]);
    await signIn(page);
    await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
    expect(await alert.textContent()).toBe('');
  });

  test('a second factor is asked for when it is needed', async () => {
    const page = await visit('/', { screen: PHONE });
    // Stands in for an account that has one.
    await page.route('**/api/kernel/auth/sessions', async (route) => {
      const { code, ...rest } = route.request().postDataJSON();
      if (code === '123456') return route.continue({ postData: JSON.stringify(rest) });
      const body = { code: 'kernel.second_factor_required', status: 401, title: 'The second factor is missing.' };
      return route.fulfill({ status: 401, json: body });
    });
    const code = page.getByLabel('Code of your second factor');
    expect(await code.isVisible()).toBe(false);
    await signIn(page);
    await page.getByRole('alert').getByText('The second factor is missing.').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('code');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.type('123456');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
  });

  test('a site that does not answer is said to be silent, and a session outlives that', async () => {
    const page = await visit('/');
    await page.route('**/api/**', (route) => route.abort());
    await signIn(page);
    await page.getByRole('alert').getByText('The site did not answer.').waitFor();
    await page.unroute('**/api/**');
    await signIn(page);
    await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
    await kernel.advance('20m');
    await page.route('**/refresh', (route) => route.abort());
    await page.reload();
    await page.getByRole('alert').getByText('The site did not answer.').waitFor();
    await page.unroute('**/refresh');
    await page.reload();
    await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
    expect(visitor?.complaints.every((each) => /ERR_FAILED|status of 401/.test(each))).toBe(true);
    (visitor?.complaints as string[]).length = 0;
  });

  test('what was signed in stays so when its token runs out, and no longer when its session ended', async () => {
    const page = await visit('/');
    await signIn(page);
    await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
    await kernel.advance('20m');
    await page.goto('/docs/api#kernelGetAuthMe');
    const me = page.locator('#kernelGetAuthMe');
    await me.getByRole('button', { name: 'Send' }).click();
    await me.getByText('200 OK').waitFor();
    expect(await me.locator('.try pre').textContent()).toContain(`"email": "${EMAIL}"`);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.context().clearCookies();
    await kernel.advance('20m');
    await me.getByRole('button', { name: 'Send' }).click();
    await me.getByText('401 Unauthorized').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });

  test('the reference narrows to the words of the filter, and the count says to how much', async () => {
    const page = await visit('/docs/api');
    const shown = page.locator('details.operation:visible');
    const all = await shown.count();
    await page.getByLabel('Filter').fill('tip-jar GET');
    expect(await shown.count()).toBe(2);
    expect(await page.getByText(`2 of ${all} operations`).isVisible()).toBe(true);
    expect(await page.getByRole('heading', { name: 'Kernel' }).first().isVisible()).toBe(false);
    await page.getByLabel('Filter').fill('');
    expect(await shown.count()).toBe(all);
  });

  test('a link to an operation opens it, and a GET can be tried', async () => {
    const page = await visit('/docs/api');
    await page
      .getByRole('navigation', { name: 'Operations' })
      .getByRole('link', { name: 'GET /jars', exact: true })
      .click();
    const jars = page.locator('#tipJarGetJars');
    expect(await jars.isVisible()).toBe(true);
    expect(await page.getByText('Jars, newest first').isVisible()).toBe(true);
    await jars.getByLabel('ownerId').fill('nobody & nothing');
    const asked = page.waitForRequest('**/api/tip-jar/jars?**');
    await jars.getByRole('button', { name: 'Send' }).click();
    expect((await asked).url()).toBe(`${origin}/api/tip-jar/jars?ownerId=nobody+%26+nothing`);
    await jars.getByText('200 OK').waitFor();
    expect(await jars.locator('.try pre').textContent()).toBe('{\n  "items": []\n}');
    await page.goto('/docs/api#tipJarGetJarsByJarId');
    const jar = page.locator('#tipJarGetJarsByJarId');
    await jar.getByLabel('jarId').fill('a/b');
    await jar.getByRole('button', { name: 'Send' }).click();
    await jar.getByText('404 Not Found').waitFor();
    expect(await jar.locator('.try pre').textContent()).toContain('tip-jar.jar_missing');
  });

  test('a call is copied as it stands', async () => {
    const page = await visit('/docs/api#tipJarPostJars');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#tipJarPostJars').getByRole('button', { name: 'Copy' }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(
      `curl -X POST '${origin}/api/tip-jar/jars'`,
    );
  });

  test('without scripts the reference is a list with working links, and no password can be sent', async () => {
    const page = await visit('/docs/api', { scripts: false });
    await page
      .getByRole('navigation', { name: 'Operations' })
      .getByRole('link', { name: 'GET /jars', exact: true })
      .click();
    expect(await page.locator('#tipJarGetJars').isVisible()).toBe(true);
    expect(await page.getByLabel('Filter').isVisible()).toBe(false);
    await page.goto('/');
    expect(await page.getByRole('button', { name: 'Sign in' }).isDisabled()).toBe(true);
  });

  test('the keyboard reaches everything, past the navigation at once', async () => {
    const page = await visit('/');
    await page.keyboard.press('Tab');
    expect(await page.getByRole('link', { name: 'Skip to content' }).isVisible()).toBe(true);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.name')).toBe('email');
    await page.keyboard.type(EMAIL);
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ana Lima' }).waitFor();
  });

  test('an address without a site, and a site with nothing on it, say so', async () => {
    const empty = await kernel.tenant({ slug: 'empty', plugins: [] });
    const page = await visit('/');
    for (const [host, words] of [
      [empty.host, 'Nothing is switched on yet.'],
      ['unknown.localhost', 'No site answers to this address.'],
    ] as const) {
      const other = await aVisitor(browser, origin.replace('ada.localhost', host));
      await other.page.goto('/');
      expect(await other.page.getByText(words).isVisible()).toBe(true);
      expect(await accessibilityFaults(other.page)).toEqual([]);
      expect(other.complaints.filter((each) => !each.includes('404'))).toEqual([]);
      await other.close();
    }
    expect(await page.title()).toBe(NAME);
  });
});
