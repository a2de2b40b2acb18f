// Proxies in front, over real connections: what they say of the client counts, and what anybody else says does not.
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { definePlugin } from '@plinth/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const bell = definePlugin({
  id: 'bell',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Bell',
  summary: 'May be rung once a minute by each.',
  contributes: (plugin) => [plugin.route('POST /ring', { auth: 'public', perMinute: 1 }, async () => {})],
});

interface Ask {
  readonly headers?: Record<string, string>;
  /** All of 127.0.0.0/8 is this machine: another address is another peer. */
  readonly from?: string;
  readonly body?: object;
}

interface Place {
  readonly kernel: TestKernel;
  readonly site: TestTenant;
  ask(method: string, path: string, ask?: Ask): Promise<{ status: number | undefined; body: string }>;
  /** What everybody who rings is told. */
  ring(forwardedFor: string, from?: string): Promise<number | undefined>;
}

async function aPlace(trustedProxies: readonly string[]): Promise<Place> {
  const kernel = await createTestKernel({ plugins: [bell], config: { trustedProxies } });
  const site = await kernel.tenant();
  const { port } = await kernel.kernel.listen();
  const ask: Place['ask'] = async (method, path, { headers = {}, from = '127.0.0.1', body } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: string }>();
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    request(
      { port, host: '127.0.0.1', localAddress: from, method, path, headers: { host: site.host, ...json, ...headers } },
      (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      },
    )
      .on('error', reject)
      .end(body && JSON.stringify(body));
    return promise;
  };
  const ring: Place['ring'] = async (forwardedFor, from = '127.0.0.1') =>
    (await ask('POST', '/api/bell/ring', { headers: { 'x-forwarded-for': forwardedFor }, from })).status;
  return { kernel, site, ask, ring };
}

describe('behind proxies that are trusted', () => {
  let place: Place;
  beforeAll(async () => {
    place = await aPlace(['127.0.0.1', '10.0.0.0/8', '2001:db8:1::/48']);
  });
  afterAll(() => place.kernel[Symbol.asyncDispose]());

  test('each client has limits of its own', async () => {
    expect([await place.ring('192.0.2.1'), await place.ring('192.0.2.2'), await place.ring('192.0.2.1')]).toEqual([
      204, 204, 429,
    ]);
  });

  test.each([
    ['left of its own address, it may write what it likes', '198.51.100.7, 192.0.2.3', '203.0.113.9,192.0.2.3'],
    ['proxies behind proxies are left out', '192.0.2.4, 10.1.2.3', '192.0.2.4, 10.3.2.1, 2001:db8:1::7'],
    ['a port does not make it another', '192.0.2.5:4711', '192.0.2.5:4712'],
    ['nor do brackets', '[2001:db8:2::1]:80', '2001:db8:2::1'],
    ['what is no address is not one', '192.0.2.6, nonsense', '192.0.2.7, <b>'],
  ])('a client is known again: %s', async (_, first, then) => {
    expect([await place.ring(first), await place.ring(then)]).toEqual([204, 429]);
  });

  test('the audit log and the list of sessions have the client’s address', async () => {
    const ana = await place.site.person({ email: 'ana@example.org' });
    const signIn = { email: ana.email, password: 'correct horse battery' };
    const headers = { 'x-forwarded-for': '192.0.2.66' };
    const { status } = await place.ask('POST', '/api/kernel/auth/sessions', { headers, body: signIn });
    expect(status).toBe(201);
    const noted = (from: string) => place.kernel.count(`select from kernel.${from}`);
    expect(await noted(`session where address = '192.0.2.66'`)).toBe(1);
    expect(await noted(`audit where network = '192.0.2.0/24'`)).toBe(1);
  });

  test('pages know whether they are read by https', async () => {
    const openings = async (headers: Record<string, string>, from?: string) => {
      const { body } = await place.ask('GET', '/docs/api', { headers, ...(from ? { from } : {}) });
      return [...new Set(body.match(/curl[^\n]*?(https?):\/\//g)?.map((each) => /https?/.exec(each)?.[0]))];
    };
    expect(await openings({ 'x-forwarded-proto': 'https' })).toEqual(['https']);
    expect(await openings({ 'x-forwarded-proto': 'https, http' })).toEqual(['http']);
    expect(await openings({ 'x-forwarded-proto': 'javascript' })).toEqual(['http']);
    expect(await openings({ 'x-forwarded-proto': 'https' }, '127.0.0.2')).toEqual(['http']);
  });

  test('whoever comes to the door directly cannot say that they are somebody else', async () => {
    expect([await place.ring('192.0.2.8', '127.0.0.2'), await place.ring('192.0.2.9', '127.0.0.2')]).toEqual([
      204, 429,
    ]);
    // The one whose name was borrowed has not lost anything.
    expect(await place.ring('192.0.2.8')).toBe(204);
  });
});

test('where no proxy is trusted, the socket’s other end is the client', async () => {
  const place = await aPlace([]);
  try {
    expect([await place.ring('192.0.2.1'), await place.ring('192.0.2.2')]).toEqual([204, 429]);
    expect(await place.ring('192.0.2.1', '127.0.0.2')).toBe(204);
  } finally {
    await place.kernel[Symbol.asyncDispose]();
  }
});

test('proxies are given as addresses and ranges, and anything else stops the start', () => {
  const proxies = (PLINTH_TRUSTED_PROXIES: string) =>
    loadConfig({ PLINTH_TRUSTED_PROXIES, PLINTH_SECRET: 'x'.repeat(32) }).trustedProxies;
  expect(proxies('')).toEqual([]);
  expect(proxies('127.0.0.1, 10.0.0.0/8,fd00::/8')).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
  for (const wrong of ['proxy.internal', '10.0.0.0/33', '0.0.0.0/0', '10.0.0.0/', '10.0.0.0/8/8', '127.0.0.1;10.0.0.1'])
    expect(() => proxies(wrong)).toThrow(`PLINTH_TRUSTED_PROXIES is "${wrong}", which does not fit.`);
});
