import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findWall } from '@plinth/sandbox/supervisor/wall.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

let kernel: TestKernel;
let site: TestTenant;
const TOKEN = 'for the scraper only';
beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tipJar], config: { metricsToken: TOKEN } });
  site = await kernel.tenant();
});
afterAll(() => kernel[Symbol.asyncDispose]());

const scrape = async () => (await site.anyone().get<string>('/metrics', { authorization: `Bearer ${TOKEN}` })).body;

test('without the token there are no metrics', async () => {
  expect((await site.anyone().get('/metrics')).status).toBe(404);
  expect((await site.anyone().get('/metrics', { authorization: 'Bearer guess' })).status).toBe(404);
});

test('requests are counted by route and status, and never by tenant', async () => {
  await site.anyone().get('/api/tip-jar/jars/none');
  await site.anyone().get('/api/tip-jar/jars');
  const text = await scrape();
  expect(text).toContain('plinth_http_requests_total{route="GET /api/tip-jar/jars/:jarId",status="404"} 1');
  expect(text).toContain('plinth_http_request_seconds_count{route="GET /api/tip-jar/jars"} 1');
  expect(text).not.toContain(site.id);
  expect(text).not.toContain(site.host);
});

test('every metric that the dashboard and the alerts ask for is there', async () => {
  const text = await scrape();
  const files = ['../../docs/operate/grafana-dashboard.json', '../../docs/operate/alerts.yml'];
  const asked = files.flatMap(
    (file) => readFileSync(new URL(file, import.meta.url), 'utf8').match(/plinth_[a-z0-9_]+/g) ?? [],
  );
  expect(asked.length).toBeGreaterThan(10);
  const known = new Set(text.match(/^plinth_[a-z0-9_]+/gm));
  expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
});

test('health says live, ready, and what stands behind it', async () => {
  expect((await site.anyone().get('/health/live')).body).toEqual({ status: 'live' });
  expect((await site.anyone().get('/health/ready')).body).toEqual({ status: 'ready', reasons: [] });
  expect((await site.anyone().get('/health')).body).toMatchObject({
    status: 'ready',
    jobs: 'PostgreSQL',
    plugins: ['tip-jar 1.0.0'],
  });
});

test('health names the wall that strangers’ code runs behind, and why it is not the better one', async () => {
  const { kind, because } = findWall();
  const { strangersCode } = (await site.anyone().get<{ strangersCode: string }>('/health')).body;
  expect(strangersCode).toContain(kind);
  expect(strangersCode === 'behind bubblewrap' || strangersCode.endsWith(because ?? 'no reason')).toBe(true);
});

test('a request, its service calls, its event and its job reach the collector as one story', async () => {
  const spans: { name: string; traceId: string }[] = [];
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as {
        resourceSpans: { scopeSpans: { spans: { name: string; traceId: string }[] }[] }[];
      };
      spans.push(...sent.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const traced = await createTestKernel({ plugins: [tipJar], config: { tracesUrl: `http://127.0.0.1:${port}` } });
  const tenant = await traced.tenant();
  const owner = await tenant.person();
  const giver = await tenant.person();
  const { body } = await owner.post<{ id: string }>('/api/tip-jar/jars', { title: 'Strings' });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  await giver.post('/api/tip-jar/welcome');
  await giver.post(
    `/api/tip-jar/jars/${body.id}/tips`,
    { points: 5 },
    { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  );
  await traced.settle();
  await traced[Symbol.asyncDispose]();
  collector.close();
  const names = spans.map((span) => span.name);
  expect(names).toEqual(expect.arrayContaining(['event tip-jar/settle-tip', 'job of tip-jar']));
  const story = spans.filter((span) => span.traceId === traceId).map((span) => span.name);
  expect(story).toEqual(expect.arrayContaining(['POST /api/tip-jar/jars/:jarId/tips', 'ledger@1 post']));
});
