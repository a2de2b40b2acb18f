import { Type } from 'typebox';
import { closed } from '../schemas.ts';
import { goodStatus, type Operation } from './operations.ts';

/** The OpenAPI 3.1 document of what is switched on in a tenant. Made from the same schemas that check the requests. */
export function openApiDocument(siteName: string, operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const methods = paths[operation.path] ?? {};
    paths[operation.path] = methods;
    methods[operation.method.toLowerCase()] = describe(operation);
  }
  const parts = [...new Set(operations.map(({ part }) => part))];
  return {
    openapi: '3.1.0',
    info: {
      title: `${siteName} API`,
      version: '1',
      description: 'Every plugin that is switched on here, and the kernel.',
    },
    // Where the document came from: right behind any proxy, under any of the tenant's hosts.
    servers: [{ url: '/' }],
    tags: parts.map(({ id, title, summary }) => ({ name: id, description: `${title}. ${summary}` })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A session’s access token, or an API key.' },
      },
    },
  };
}

const PROBLEM = Type.Object(
  {
    type: Type.String({ format: 'uri-reference' }),
    code: Type.String({ description: 'Stable: `<plugin>.<name>`.' }),
    status: Type.Integer(),
    title: Type.String(),
    detail: Type.Optional(Type.String()),
    fix: Type.Optional(Type.String({ description: 'What you can do about it.' })),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
    requestId: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
);

function describe(operation: Operation): object {
  const { id, part, params, options, raw } = operation;
  const { auth, summary, body, query, reply } = options;
  const notes = notesOn(options);
  return {
    tags: [part.id],
    operationId: id,
    ...(summary === undefined ? {} : { summary }),
    ...(notes.length > 0 ? { description: notes.join(' ') } : {}),
    parameters: [
      ...params.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...queryParameters(query),
    ],
    security: auth === 'public' ? [] : [{ bearer: [] }],
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: portable(body) } } } } : {}),
    responses: {
      [raw ? '2XX' : goodStatus(operation)]: {
        description: 'Done.',
        ...(reply ? { content: { 'application/json': { schema: portable(reply) } } } : {}),
      },
      default: {
        description: 'It could not be done.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** What no field of the document says: who may call, and how often. */
export function notesOn({ auth, scope, perMinute }: Operation['options']): string[] {
  return [
    typeof auth === 'object' ? `Needs the permission \`${auth.permission}\`.` : '',
    auth === 'operator' ? 'For operators of the platform.' : '',
    scope === undefined ? (auth === 'public' ? '' : 'Not for API keys.') : `API keys need the scope \`${scope}\`.`,
    perMinute === undefined ? '' : `At most ${perMinute} calls a minute.`,
  ].filter(Boolean);
}

function queryParameters(query: object | undefined): object[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: portable(schema),
  }));
}

/** As requests are checked, in the words of JSON Schema 2020-12: tuples are spelled differently there. */
function portable(schema: object): object {
  return JSON.parse(JSON.stringify(closed(schema)), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('items' in value) || !Array.isArray(value.items)) return value;
    const { items, additionalItems: _, ...rest } = value as { items: object[]; additionalItems?: unknown };
    return { ...rest, prefixItems: items, items: false };
  }) as object;
}
