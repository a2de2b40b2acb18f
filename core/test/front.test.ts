import { connect } from 'node:net';
import { definePlugin } from '@plinth/sdk';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestKernel, type TestKernel, type TestPerson, type TestTenant } from '../testing/kernel.ts';

const echo = definePlugin({
  id: 'echo',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Echo',
  summary: 'Says what it was told.',
  permissions: { 'echo.shout': 'Shout' },
  contributes: (plugin) => [
    plugin.route(
      'POST /say',
      {
        auth: 'user',
        scope: 'echo:say',
        body: Type.Object({ text: Type.String({ maxLength: 40 }) }),
        reply: Type.Object({ text: Type.String() }),
      },
      async (_ctx, { body }) => body,
    ),
    plugin.route(
      'GET /add/:first',
      {
        auth: 'public',
        query: Type.Object({ second: Type.Integer({ default: 1 }) }),
        reply: Type.Object({ sum: Type.Integer() }),
      },
      async (_ctx, { params, query }) => ({ sum: Number(params.first) + query.second }),
    ),
    plugin.route('POST /shout', { auth: { permission: 'echo.shout' } }, async () => {}),
    plugin.route('POST /operate', { auth: 'operator' }, async () => {}),
    plugin.route('POST /rare', { auth: 'public', perMinute: 2 }, async () => {}),
    plugin.route(
      'GET /broken',
      { auth: 'public', reply: Type.Object({ ok: Type.Boolean() }) },
      async () => ({ ok: 'no' }) as never,
    ),
    plugin.route('GET /throws', { auth: 'public' }, async () => {
      throw new Error('the secret is 42');
    }),
    plugin.route('GET /headers', { auth: 'public', reply: Type.Unknown() }, async (_ctx, { headers }) => headers),
  ],
});

let kernel: TestKernel;
let site: TestTenant;
let ana: TestPerson;

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [echo], limits: { readsPerMinute: 5000, writesPerMinute: 5000 } });
  site = await kernel.tenant();
  ana = await site.person();
});
afterAll(() => kernel[Symbol.asyncDispose]());

describe('what goes in is checked', () => {
  test('a body that fits is taken', async () => {
    expect(await ana.post('/api/echo/say', { text: 'hello' })).toMatchObject({ status: 200, body: { text: 'hello' } });
  });
  test('a wrong type, a missing field and an unknown field are named', async () => {
    for (const [body, path] of [
      [{ text: 5 }, '/text'],
      [{}, ''],
      [{ text: 'a', more: 1 }, '/more'],
    ] as const) {
      const answer = await ana.post<{ errors: { path: string }[] }>('/api/echo/say', body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'kernel.invalid_input' } });
      expect(answer.body.errors[0]?.path).toBe(path);
    }
  });
  test('malformed JSON, another media type and an empty body get a problem, not a crash', async () => {
    const json = { 'content-type': 'application/json' };
    expect(await ana.post('/api/echo/say', '{"text":', json)).toMatchObject({
      status: 400,
      body: { code: 'kernel.bad_request' },
    });
    expect(await ana.post('/api/echo/say', '<a/>', { 'content-type': 'text/xml' })).toMatchObject({ status: 415 });
    expect(await ana.post('/api/echo/say', undefined, json)).toMatchObject({ status: 400 });
  });
  test('a prototype cannot be smuggled in', async () => {
    const answer = await ana.post('/api/echo/say', '{"text":"a","__proto__":{"admin":true}}', {
      'content-type': 'application/json',
    });
    expect(answer.status).toBe(400);
  });
  test('a body over the limit is refused with 413', async () => {
    const answer = await ana.post('/api/echo/say', { text: 'x'.repeat(1_100_000) });
    expect(answer).toMatchObject({ status: 413, body: { code: 'kernel.too_large' } });
  });
  test('a query is text, and numbers are read out of it', async () => {
    expect((await ana.get('/api/echo/add/2?second=3')).body).toEqual({ sum: 5 });
    expect((await ana.get('/api/echo/add/2')).body).toEqual({ sum: 3 });
    expect((await ana.get('/api/echo/add/2?second=three')).status).toBe(400);
  });
});

describe('who asks is checked before the body is read', () => {
  test('nobody: 401, and how to sign in', async () => {
    const answer = await site.anyone().post('/api/echo/say', { text: 5 });
    expect(answer).toMatchObject({ status: 401, body: { code: 'kernel.unauthenticated' } });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
  test('a token nobody gave out is refused, also where none is needed', async () => {
    const answer = await site.anyone().get('/api/echo/add/1', { authorization: 'Bearer made-up' });
    expect(answer.status).toBe(401);
  });
  test('without the permission 403 names it; with it the call goes through', async () => {
    expect((await ana.post<{ detail: string }>('/api/echo/shout')).body.detail).toContain('echo.shout');
    const owner = await site.person({ roles: ['owner'] });
    expect((await owner.post('/api/echo/shout')).status).toBe(204);
  });
  test('an owner of a site is no operator of the platform', async () => {
    const owner = await site.person({ roles: ['owner'] });
    expect((await owner.post('/api/echo/operate')).status).toBe(403);
  });
  test('handlers never see credentials', async () => {
    const { body } = await ana.get('/api/echo/headers', { cookie: 'a=b' });
    expect(JSON.stringify(body)).not.toMatch(/Bearer|a=b/);
  });
});

describe('what goes out', () => {
  test('a reply that breaks its schema is a 500 in tests, and an error says nothing of the inside', async () => {
    expect(await ana.get('/api/echo/broken')).toMatchObject({ status: 500, body: { code: 'kernel.bad_reply' } });
    const thrown = await ana.get('/api/echo/throws');
    expect(thrown).toMatchObject({ status: 500, body: { code: 'kernel.internal' } });
    expect(JSON.stringify(thrown.body)).not.toContain('42');
  });
  test('carries the request id, which a caller may choose', async () => {
    const answer = await ana.get('/api/echo/nowhere', { 'x-request-id': 'my-own-request-id' });
    expect(answer.headers['x-request-id']).toBe('my-own-request-id');
    expect(answer.body).toMatchObject({ status: 404, requestId: 'my-own-request-id' });
  });
  test('cannot be framed, sniffed or run', async () => {
    const { headers } = await ana.get('/api/echo/add/1');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });
  test('may be read by pages of the same tenant only', async () => {
    const own = await ana.get('/api/echo/add/1', { origin: `http://${site.host}` });
    expect(own.headers['access-control-allow-origin']).toBe(`http://${site.host}`);
    const foreign = await ana.get('/api/echo/add/1', { origin: 'http://evil.example' });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the switch', () => {
  test('a plugin that is off answers like one that does not exist, at once', async () => {
    const other = await kernel.tenant({ plugins: [] });
    const off = await other.anyone().get('/api/echo/add/1');
    const none = await other.anyone().get('/api/nothing/add/1');
    expect(off.status).toBe(404);
    expect({ ...off.body, requestId: '' }).toEqual({ ...none.body, requestId: '' });
    await other.enable('echo');
    expect((await other.anyone().get('/api/echo/add/1')).status).toBe(200);
    await other.disable('echo');
    expect((await other.anyone().get('/api/echo/add/1')).status).toBe(404);
  });
  test('a host that leads to no site says so', async () => {
    const answer = await site.anyone().get('/api/echo/add/1', { host: 'nobody.example' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'kernel.no_tenant' } });
  });
});

describe('limits', () => {
  test('after the last call of the minute: 429 and when to come back', async () => {
    const anyone = site.anyone();
    const answers = [
      await anyone.post('/api/echo/rare'),
      await anyone.post('/api/echo/rare'),
      await anyone.post('/api/echo/rare'),
    ];
    expect(answers.map((each) => each.status)).toEqual([204, 204, 429]);
    expect(answers[2]?.headers['retry-after']).toBe('30');
    kernel.clock.advance('30s');
    expect((await anyone.post('/api/echo/rare')).status).toBe(204);
  });
  test('pages count as reads of whoever looks; the files that they load do not', async () => {
    await using small = await createTestKernel({ plugins: [], limits: { readsPerMinute: 3, writesPerMinute: 3 } });
    const place = await small.tenant();
    const anyone = place.anyone();
    const browser = { accept: 'text/html' };
    const statuses: number[] = [];
    for (const path of ['/', '/docs/errors', '/nowhere', '/api/openapi.json'])
      statuses.push((await anyone.get(path, browser)).status);
    expect(statuses).toEqual([200, 200, 404, 429]);
    const page = await anyone.get<string>('/', browser);
    expect(page).toMatchObject({ status: 429, headers: { 'retry-after': '20' } });
    expect(page.body).toContain('Too many requests.');
    const [, style = ''] = /href="(\/assets\/[^"]*css)"/.exec(page.body) ?? [];
    expect((await anyone.get(style)).status).toBe(200);
    expect((await place.anyone().get('/', browser)).status).toBe(200);
  });
  test('a clock that jumps back takes nothing away and gives nothing', async () => {
    const anyone = site.anyone();
    kernel.clock.advance('1h');
    const before = kernel.clock.now().toISOString();
    expect((await anyone.post('/api/echo/rare')).status).toBe(204);
    kernel.clock.set('2020-01-01T00:00:00Z');
    expect((await anyone.post('/api/echo/rare')).status).toBe(204);
    expect((await anyone.post('/api/echo/rare')).status).toBe(429);
    kernel.clock.set(before);
  });
});

describe('bad clients, over a real connection', () => {
  let port: number;
  beforeAll(async () => {
    ({ port } = await kernel.kernel.listen());
  });

  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('close', () => resolve(heard));
      // The server hangs up while we are still talking: what it said before counts.
      socket.on('error', (error) => (heard ? resolve(heard) : reject(error)));
    });

  test('10 MB of header get 431', async () => {
    const answer = await raw(
      `GET /api/echo/add/1 HTTP/1.1\r\nHost: ${site.host}\r\nX-Long: ${'x'.repeat(10_000_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    expect(answer).toContain('kernel.too_large');
  });
  test('what is not HTTP gets 400', async () => {
    expect(await raw('hello?\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });
  test('after all of that the next request is served', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
    expect(await response.json()).toEqual({ status: 'ready', reasons: [] });
  });
});
