// People in front of a page: a real Chromium, in which nothing may go wrong unseen.
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { systemPart } from './system-part.ts';

/** `describe.skipIf(!chromiumPath)(…)` */
export const chromiumPath = process.env.PLINTH_TEST_CHROMIUM ?? systemPart('chromium');

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** @example const browser = await openBrowser(); */
export function openBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('There is no chromium here: install it with apt.');
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS });
}

export const PHONE = { width: 390, height: 844 } as const;
export const DESK = { width: 1440, height: 900 } as const;

export interface VisitorOptions {
  readonly screen?: { readonly width: number; readonly height: number };
  readonly dark?: boolean;
  readonly scripts?: boolean;
}

/** Somebody with a fresh profile. */
export interface Visitor {
  readonly page: Page;
  /** What the page complained of: script errors, refusals by its own policy, requests to other sites. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** @example const ana = await aVisitor(browser, 'http://site-1.localhost:1234', { screen: PHONE }); */
export async function aVisitor(browser: Browser, origin: string, options: VisitorOptions = {}): Promise<Visitor> {
  const { screen = DESK, dark = false, scripts = true } = options;
  const context = await browser.newContext({
    baseURL: origin,
    viewport: screen,
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: scripts,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => request.url().startsWith(origin) || complaints.push(`asked ${request.url()}`));
  return { page, complaints, close: () => context.close() };
}

/** What axe finds against WCAG 2.1 A and AA, a line each; nothing when it is clean. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated, not added as a script: the page's policy stays as it is.
  await page.evaluate(axe.source);
  const tags = JSON.stringify(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']);
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(document, { runOnly: { type: 'tag', values: ${tags} }, resultTypes: ['violations'] })`,
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
