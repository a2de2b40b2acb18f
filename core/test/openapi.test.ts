import { definePlugin } from '@plinth/sdk';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { Type } from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { operationsOf } from '../front/operations.ts';
import { exampleOf } from '../front/pages/example.ts';
import type { Schema } from '../front/pages/schema.ts';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const Shape = Type.Object({
  place: Type.Tuple([Type.Number(), Type.Number()]),
  kind: Type.Union([Type.Literal('round'), Type.Literal('square')]),
  notes: Type.Optional(Type.Record(Type.String(), Type.String())),
  either: Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Integer() })]),
});

const shapes = definePlugin({
  id: 'shapes',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Shapes',
  summary: 'Has every kind of schema.',
  contributes: (plugin) => [
    plugin.route('PUT /shapes/:shapeId', { auth: 'user', body: Shape, reply: Shape }, async (_ctx, { body }) => body),
    plugin.route('POST /shapes/by-shape-id', { auth: { permission: 'shapes.odd' }, perMinute: 3 }, async () => {}),
    plugin.route('POST /shapes/:shapeId', { auth: 'operator', status: 202 }, async () => {}),
    plugin.route(
      'GET /shapes',
      { auth: 'public', scope: 'shapes:read', query: Type.Object({ near: Type.Optional(Type.Integer()) }) },
      async () => {},
    ),
  ],
  permissions: { 'shapes.odd': 'Odd things' },
});

interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}
interface DocumentedOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly description?: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly security: readonly object[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;

let kernel: TestKernel;
let site: TestTenant;

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [tipJar, shapes] });
  site = await kernel.tenant();
});
afterAll(() => kernel[Symbol.asyncDispose]());

const documentOf = async (tenant: TestTenant) => (await tenant.anyone().get<Document>('/api/openapi.json')).body;
const operationsIn = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );

test('a real validator finds nothing wrong with the document', async () => {
  const validator = new Validator();
  expect(await validator.validate(JSON.parse(JSON.stringify(await documentOf(site))))).toMatchObject({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('every schema in it is JSON Schema 2020-12', async () => {
  const ajv = new Ajv2020({ strict: false });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  for (const { requestBody, responses, operationId } of operationsIn(await documentOf(site))) {
    for (const content of [requestBody?.content, ...Object.values(responses).map((each) => each.content)]) {
      const schema = content?.['application/json']?.schema;
      if (schema) expect(() => ajv.compile(schema), operationId).not.toThrow();
    }
  }
  const put = (await documentOf(site)).paths['/api/shapes/shapes/{shapeId}']?.put;
  const check = ajv.compile(put?.requestBody?.content['application/json']?.schema ?? false);
  const good = { place: [1, 2], kind: 'round', either: { a: 'x' } };
  expect(check(good)).toBe(true);
  expect(check({ ...good, place: [1, 'two'] })).toBe(false);
  expect(check({ ...good, place: [1, 2, 3] })).toBe(false);
  expect(check({ ...good, more: true })).toBe(false);
});

test('every route that is switched on is there, and nothing else', async () => {
  const routesOf = (id: string, plugin: typeof tipJar) =>
    plugin.contributions.flatMap((each) => (each.kind === 'route' ? [`${each.method} /api/${id}${each.path}`] : []));
  const expected = [...routesOf('tip-jar', tipJar), ...routesOf('shapes', shapes)].map((each) =>
    each.replace(/:(\w+)/g, '{$1}'),
  );
  const shown = operationsIn(await documentOf(site)).map(({ method, path }) => `${method} ${path}`);
  expect(shown.filter((each) => !each.includes(' /api/kernel/')).sort()).toEqual(expected.sort());
});

test('every kernel operation in it leads to a route', async () => {
  const all = operationsIn(await documentOf(site)).filter(({ path }) => path.startsWith('/api/kernel/'));
  expect(all.length).toBeGreaterThan(20);
  const ana = await site.person();
  for (const { method, path } of all.filter(({ path }) => !path.includes('sessions'))) {
    const answer = await ana.send<{ detail?: string }>(method, path.replace(/\{\w+\}/g, 'x'));
    expect(answer.body?.detail ?? '', `${method} ${path}`).not.toContain('leads nowhere');
  }
});

test('a plugin that is switched off is in it no longer, and in another tenant it never was', async () => {
  const bare = await kernel.tenant({ plugins: [] });
  const both = await kernel.tenant();
  expect((await documentOf(bare)).tags.map(({ name }) => name)).toEqual(['kernel']);
  expect((await documentOf(both)).tags.map(({ name }) => name)).toEqual(['tip-jar', 'shapes', 'kernel']);
  await both.disable('tip-jar');
  expect((await documentOf(both)).tags.map(({ name }) => name)).toEqual(['shapes', 'kernel']);
});

test('operation ids are unique, also where paths could be told the same way', async () => {
  const ids = operationsIn(await documentOf(site)).map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[a-z]\w+$/i.test(id))).toBe(true);
  expect(ids).toContain('tipJarPostJarsByJarIdTips');
  expect(ids.filter((id) => id.startsWith('shapesPost')).sort()).toEqual([
    'shapesPostShapesByShapeId',
    'shapesPostShapesByShapeId_2',
  ]);
});

test('it says who may call, how often, and with what', async () => {
  const { paths } = await documentOf(site);
  expect(paths['/api/shapes/shapes']?.get).toMatchObject({
    security: [],
    parameters: [{ name: 'near', in: 'query', required: false }],
    description: 'API keys need the scope `shapes:read`.',
    responses: { 204: {} },
  });
  expect(paths['/api/shapes/shapes/by-shape-id']?.post).toMatchObject({
    security: [{ bearer: [] }],
    description: 'Needs the permission `shapes.odd`. Not for API keys. At most 3 calls a minute.',
  });
  expect(paths['/api/shapes/shapes/{shapeId}']?.post).toMatchObject({
    parameters: [{ name: 'shapeId', in: 'path', required: true }],
    description: 'For operators of the platform. Not for API keys.',
    responses: { 202: {} },
  });
});

test('clients that have it are told so, until something is switched', async () => {
  const tenant = await kernel.tenant();
  const first = await tenant.anyone().get('/api/openapi.json');
  expect(first.headers).toMatchObject({
    'cache-control': 'no-cache',
    'content-type': 'application/json; charset=utf-8',
  });
  const known = { 'if-none-match': String(first.headers.etag) };
  expect(await tenant.anyone().get('/api/openapi.json', known)).toMatchObject({ status: 304, body: '' });
  await tenant.disable('shapes');
  expect(await tenant.anyone().get('/api/openapi.json', known)).toMatchObject({ status: 200 });
});

test('the examples fit the schemas they are examples of, but for rare patterns', async () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  for (const { operationId, requestBody } of operationsIn(await documentOf(site))) {
    const schema = requestBody?.content['application/json']?.schema;
    if (!schema) continue;
    const check = ajv.compile(schema);
    for (const fields of ['all', 'required'] as const) {
      check(exampleOf(schema, fields));
      const wrong = (check.errors ?? []).filter(({ keyword }) => keyword !== 'pattern');
      expect(ajv.errorsText(wrong), `${operationId} ${fields}`).toBe('No errors');
    }
  }
});

test('an example of a pattern is a word that fits it, if one of ours does', () => {
  for (const pattern of ['^[a-z]+:[a-z]+$', '^[0-9]{6}$', '^[A-Z]{3}$', '^#[0-9a-f]{6}$'])
    expect(exampleOf({ type: 'string', pattern })).toMatch(new RegExp(pattern));
  expect(exampleOf({ type: 'string', pattern: '^zz[0-9]{7}q$', examples: ['zz1234567q'] })).toBe('zz1234567q');
});

test('whoever wrote a schema cannot make an example large', () => {
  const greedy = Type.Array(Type.Array(Type.String({ minLength: 1e9 }), { minItems: 1e9 }), { minItems: 1e9 });
  expect(JSON.stringify(exampleOf(JSON.parse(JSON.stringify(greedy)))).length).toBeLessThan(50_000);
});

test('a wildcard path is a parameter', () => {
  const route = {
    kind: 'route',
    method: 'GET',
    path: '/files/*',
    options: { auth: 'public' },
    handler: async () => {},
  } as const;
  const part = { id: 'files', title: '', summary: '', prefix: '/api/files', routes: [route] };
  expect(operationsOf([part])).toMatchObject([{ path: '/api/files/files/{rest}', params: ['rest'], raw: false }]);
});
