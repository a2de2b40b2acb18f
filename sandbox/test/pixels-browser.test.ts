import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { colourful, HEIGHT, WIDTH } from './pixels.ts';
import { changed } from './pixels-in-browser.ts';

let browser: Browser;
let bundle: string;
beforeAll(async () => {
  const entry = fileURLToPath(new URL('./pixels-in-browser.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'portable',
  });
  bundle = outputFiles[0]?.text ?? '';
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
});
afterAll(() => browser?.close());

/** All of it is the page's own script: what a debugger evaluates is not held to the policy. */
async function changedIn(policy: string): Promise<ReturnType<typeof changed>> {
  const page = await browser.newPage();
  const script = `${bundle}; globalThis.found = portable.changed(${WIDTH}, ${HEIGHT}, ${JSON.stringify([...colourful()])});`;
  const html = `<meta http-equiv="Content-Security-Policy" content="${policy}"><script>${script.replaceAll('</', '<\\/')}</script>`;
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
  await page.goto('http://preview.localhost/');
  return page.evaluate(() => (globalThis as unknown as { found: ReturnType<typeof changed> }).found);
}

test('a page makes the same bytes as the render', async () => {
  const there = await changedIn("script-src 'unsafe-inline' 'unsafe-eval'");
  expect(there.compiles).toBe(true);
  expect(there.made).toEqual(changed(WIDTH, HEIGHT, [...colourful()]).made);
});

test('a page that lets no text become code makes them too', async () => {
  const there = await changedIn("script-src 'unsafe-inline'");
  expect(there.compiles).toBe(false);
  expect(there.made).toEqual(changed(WIDTH, HEIGHT, [...colourful()]).made);
});
