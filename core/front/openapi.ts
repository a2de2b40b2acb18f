import { Type } from 'typebox';
import { closed } from '../schemas.ts';
import type { RouteSet } from './route-app.ts';

/** What one part of the document is made from: a plugin's routes, or the kernel's. */
export interface OpenApiPart extends Pick<RouteSet, 'prefix' | 'routes'> {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
}

/** The OpenAPI 3.1 document of what is switched on in a tenant. Made from the same schemas that check the requests. */
export function openApiDocument(site: { name: string; url: string }, parts: readonly OpenApiPart[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const part of parts) {
    for (const route of part.routes) {
      const path = `${part.prefix}${route.path}`.replace(/:([A-Za-z0-9_]+)/g, '{$1}').replace(/\*$/, '{rest}');
      const methods = paths[path] ?? {};
      paths[path] = methods;
      methods[route.method.toLowerCase()] = operation(part, route, path);
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: `${site.name} API`, version: '1', description: 'Every plugin that is switched on here, and the kernel.' },
    servers: [{ url: site.url }],
    tags: parts.map(({ id, title, summary }) => ({ name: id, description: `${title}. ${summary}` })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A session’s access token, or an API key.' } },
    },
  };
}

const PROBLEM = Type.Object(
  {
    type: Type.String(),
    code: Type.String({ description: 'Stable: `<plugin>.<name>`.' }),
    status: Type.Integer(),
    title: Type.String(),
    detail: Type.Optional(Type.String()),
    fix: Type.Optional(Type.String({ description: 'What you can do about it.' })),
    requestId: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
);

function operation({ id }: OpenApiPart, { method, options }: OpenApiPart['routes'][number], path: string): object {
  const { auth, scope, summary, body, query, reply, status } = options;
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const notes = [
    typeof auth === 'object' ? `Needs the permission \`${auth.permission}\`.` : '',
    auth === 'operator' ? 'For operators of the platform.' : '',
    scope === undefined ? '' : `API keys need the scope \`${scope}\`.`,
  ].filter(Boolean);
  return {
    tags: [id],
    operationId: `${id}_${method}_${path.replace(/[^A-Za-z0-9]+/g, '_')}`.toLowerCase().replace(/_+$/, ''),
    ...(summary === undefined ? {} : { summary }),
    ...(notes.length > 0 ? { description: notes.join(' ') } : {}),
    parameters: [...params, ...queryParameters(query)],
    security: auth === 'public' ? [] : [{ bearer: [] }],
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: plain(body) } } } } : {}),
    responses: {
      [status ?? (reply || method === 'GET' ? 200 : 204)]: {
        description: 'Done.',
        ...(reply ? { content: { 'application/json': { schema: plain(reply) } } } : {}),
      },
      default: {
        description: 'It could not be done.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function queryParameters(query: object | undefined): object[] {
  const { properties = {}, required = [] } = (query ?? {}) as { properties?: Record<string, object>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: plain(schema),
  }));
}

/** Without what belongs to TypeBox. */
const plain = (schema: object): object => closed(schema);
