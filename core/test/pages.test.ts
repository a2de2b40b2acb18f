import { brotliDecompressSync } from 'node:zlib';
import { definePlugin } from '@plinth/sdk';
import inject from 'light-my-request';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { assets } from '../front/pages/assets.ts';
import { schemaView } from '../front/pages/schema.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'&amp;`$1`';

const hostile = definePlugin({
  id: 'hostile',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: EVIL,
  summary: EVIL,
  contributes: (plugin) => [
    plugin.route(
      'GET /things/:thingId',
      {
        auth: 'public',
        summary: EVIL,
        scope: EVIL,
        query: Type.Object({ [EVIL]: Type.Optional(Type.String({ description: EVIL, default: EVIL })) }),
        reply: Type.Object({ [EVIL]: Type.Union([Type.Literal(EVIL), Type.Literal('b')]) }),
      },
      async () => ({ [EVIL]: 'b' as const }),
    ),
  ],
});

const PAGES = ['/', '/docs/api', '/docs/errors', '/nowhere'];
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

let kernel: TestKernel;
let site: TestTenant;
let bare: TestTenant;

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tipJar, hostile] });
  site = await kernel.tenant({ plugins: ['tip-jar'] });
  bare = await kernel.tenant({ plugins: [] });
});
afterAll(() => kernel[Symbol.asyncDispose]());

const read = (path: string, tenant = site, headers: Record<string, string> = BROWSER) =>
  tenant.anyone().get<string>(path, headers);

/** The tags of a page, without what is between them. */
const tags = (page: string) => page.match(/<[^>]*>/g) ?? [];

describe('the home page', () => {
  test('shows what is switched on and nothing else', async () => {
    const { body } = await read('/');
    expect(body).toContain('People open jars and give each other points.');
    expect(body).toContain('tip-jar 1.0.0');
    expect(body).toContain('href="/docs/api#of-tip-jar"');
    expect(body).not.toContain('hostile');
  });
  test('says so when nothing is', async () => {
    expect((await read('/', bare)).body).toContain('Nothing is switched on yet.');
  });
  test('is written anew when a plugin is switched on', async () => {
    const tenant = await kernel.tenant({ plugins: [] });
    const before = await read('/', tenant);
    const known = { 'if-none-match': String(before.headers.etag) };
    expect(await read('/', tenant, known)).toMatchObject({ status: 304, body: '' });
    await tenant.enable('tip-jar');
    const after = await read('/', tenant, known);
    expect(after).toMatchObject({ status: 200 });
    expect(after.body).toContain('tip-jar 1.0.0');
  });
  test('shows the version that runs, and no plugin that was removed', async () => {
    const version = async () => /hostile ([\d.]+)</.exec((await read('/', tenant)).body)?.[1];
    const tenant = await kernel.tenant({ plugins: ['tip-jar', 'hostile'] });
    expect(await version()).toBe('1.0.0');
    await kernel.kernel.host.install({ ...hostile, header: { ...hostile.header, version: '1.1.0' } });
    expect(await version()).toBe('1.1.0');
    await kernel.kernel.host.remove('hostile');
    expect(await version()).toBe(undefined);
    await kernel.kernel.host.install(hostile);
    expect(await version()).toBe('1.0.0');
  });
  test('leads to the mailbox in development, and in production there is none to lead to', async () => {
    expect((await read('/')).body).toContain('/api/kernel/mail/mailbox');
    await using production = await createTestKernel({ plugins: [], config: { mode: 'production' } });
    expect((await read('/', await production.tenant())).body).not.toContain('mailbox');
  });
});

describe('no page', () => {
  test('runs, styles or loads anything but our own files', async () => {
    for (const path of PAGES) {
      const { body, headers } = await read(path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("script-src 'self'; style-src 'self'");
      expect(policy).not.toContain('unsafe');
      for (const tag of tags(body)) {
        expect(tag).not.toMatch(/^<style|\sstyle=|\son\w+=/);
        if (tag.startsWith('<script')) expect(tag).toContain(`src="${assets.script.path}"`);
        for (const [, address = ''] of tag.matchAll(/\s(?:src|href|action)="([^"]*)"/g))
          expect(address).toMatch(/^[/#]/);
      }
    }
  });
  test('takes words for markup, whoever wrote them', async () => {
    const tenant = await kernel.tenant();
    await kernel.kernel.tenancy.update(tenant.id, { name: EVIL.slice(0, 120) });
    const clean = await Promise.all(PAGES.map(async (path) => tags((await read(path)).body)));
    const kinds = new Set(clean.flat().map((tag) => tag.replace(/[\s>].*/s, '')));
    for (const path of PAGES) {
      const { body } = await read(path, tenant);
      expect(body).toContain('&#60;script&#62;alert(1)');
      for (const tag of tags(body)) expect([...kinds]).toContain(tag.replace(/[\s>].*/s, ''));
      expect(body).not.toMatch(/<script>|onerror=alert\(2\)>/);
      const names = tags(body).map((tag) => tag.replace(/"[^"]*"/g, ''));
      expect(names.filter((tag) => /onerror|alert/.test(tag))).toEqual([]);
    }
  });
  test('repeats what a stranger wrote behind the host', async () => {
    const { body } = await read('/docs/api', site, { ...BROWSER, host: `${site.host}:1'; echo` });
    expect(body).toContain(`http://${site.host}/api/`);
    expect(body).not.toContain('echo');
  });
  test('is larger on the wire than it must be', async () => {
    const answer = await inject((request, response) => kernel.kernel.handle(request, response), {
      url: '/docs/api',
      headers: { host: site.host, 'accept-encoding': 'gzip, br' },
    });
    expect(answer.headers).toMatchObject({ 'content-encoding': 'br', vary: expect.stringMatching(/accept-encoding/i) });
    expect(brotliDecompressSync(answer.rawPayload).toString()).toContain('</html>');
    expect(answer.rawPayload.length).toBeLessThan(20_000);
  });
});

describe('files of pages', () => {
  test('may be kept for ever, because their name says what is in them', async () => {
    for (const { path, type, content } of Object.values(assets)) {
      expect(await read(path)).toMatchObject({
        status: 200,
        body: content,
        headers: { 'cache-control': 'public, max-age=31536000, immutable', 'content-type': type },
      });
    }
  });
  test('are not kept under the name of another version', async () => {
    expect(await read('/assets/style.0123456789ab.css')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
    });
  });
  test('are those and no others', async () => {
    for (const path of ['/assets/other.css', '/assets/', '/assets/../pages.ts', '/assets/..%2f..%2fpages.ts'])
      expect((await read(path)).status).toBe(404);
  });
});

describe('the reference', () => {
  test('has every operation of the OpenAPI document, each to be linked to', async () => {
    const { body } = await read('/docs/api');
    const document = (
      await site.anyone().get<{ paths: Record<string, Record<string, { operationId: string }>> }>('/api/openapi.json')
    ).body;
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    );
    for (const id of ids) {
      expect(body).toContain(`id="${id}"`);
      expect(body).toContain(`href="#${id}"`);
    }
    expect(body.match(/<details/g)).toHaveLength(ids.length);
  });
  test('shows a call that can be copied', async () => {
    const { body } = await read('/docs/api');
    expect(text(body)).toContain(`curl -X POST 'http://${site.host}/api/tip-jar/jars/JARID/tips' \\
  -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' \\
  -d '{
  "points": 1
}'`);
  });
  test('lets no id be there twice', async () => {
    for (const path of PAGES) {
      const ids = [...(await read(path)).body.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});

describe('a schema reads as', () => {
  const lines = (schema: object) => text(schemaView(JSON.parse(JSON.stringify(schema))).text.replace(/<li>/g, '\n'));
  test('its fields, with their type, their need and their rules', () => {
    const schema = Type.Object({
      title: Type.String({ minLength: 1, maxLength: 80, description: 'What it is called.' }),
      points: Type.Optional(Type.Integer({ minimum: 1, default: 5 })),
    });
    expect(lines(schema)).toBe(
      '\ntitle required string 1 to 80 characters What it is called.\npoints optional integer at least 1, 5 when absent',
    );
  });
  test('choices, lists of objects, maps and tuples', () => {
    const schema = Type.Object({
      kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
      items: Type.Array(Type.Object({ id: Type.String({ format: 'uuid' }) }), { maxItems: 3 }),
      names: Type.Record(Type.String(), Type.Boolean()),
      at: Type.Tuple([Type.Number(), Type.String()]),
      either: Type.Union([Type.Object({ x: Type.Null() }), Type.String()]),
    });
    expect(lines(schema).split('\n').slice(1)).toEqual([
      'kind required "a" | "b"',
      'items required list of object at most 3 items',
      'id required string (uuid)',
      'names required object',
      'any name boolean',
      'at required list at least 2 items',
      '0 number',
      '1 string',
      'either required object | string',
      'either object',
      'x required null',
    ]);
  });
  test('what it is, however deep somebody nested it', () => {
    let schema: object = { type: 'string' };
    for (let depth = 0; depth < 200; depth += 1)
      schema = { type: 'array', items: { anyOf: [schema, { type: 'null' }] } };
    expect(lines(schema).length).toBeGreaterThan(100);
  });
});

describe('what goes wrong', () => {
  test('is explained: the type of every problem leads to its code', async () => {
    const { body } = await read('/docs/errors');
    const problem = await site.anyone().post<{ type: string }>('/api/kernel/auth/sessions', {});
    expect(problem.body.type).toBe('/docs/errors#kernel.invalid_input');
    expect(body).toContain('id="kernel.invalid_input"');
    expect(body).toContain('id="tip-jar.jar_missing"');
    expect((await read('/docs/errors', bare)).body).not.toContain('tip-jar.');
  });
  test('is a page for browsers and a problem for programs', async () => {
    const page = await read('/nowhere');
    expect(page).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/html; charset=utf-8', vary: expect.stringMatching(/^Accept\b/) },
    });
    expect(page.body).toContain('There is nothing here.');
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5', '']) {
      expect(await read('/nowhere', site, { accept })).toMatchObject({
        status: 404,
        body: { code: 'kernel.not_found' },
      });
    }
  });
  test('is a problem under /api, whoever asks', async () => {
    for (const path of ['/api/nowhere', '/api/nobody/here', '/api/kernel/nowhere', '/api/tip-jar/jars/none'])
      expect(await read(path)).toMatchObject({
        status: 404,
        headers: { 'content-type': expect.stringContaining('problem+json') },
      });
  });
  test('at an address without a site is a page with its own style', async () => {
    const stranger = { ...BROWSER, host: 'unknown.example.org' };
    const page = await read('/', site, stranger);
    expect(page).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } });
    expect(page.body).toContain('No site answers to this address.');
    expect(page.body).not.toContain('/docs/');
    expect(await read(assets.style.path, site, stranger)).toMatchObject({ status: 200 });
    expect(await read('/', site, { accept: '*/*', host: 'unknown.example.org' })).toMatchObject({
      body: { code: 'kernel.no_tenant' },
    });
  });
});

/** What is left to read of markup. */
function text(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/ +\n/g, '\n')
    .replace(/ +$/, '');
}
