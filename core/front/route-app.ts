import type { Clock, Log, RouteContribution } from '@plinth/sdk';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { TSchema } from 'typebox';
import { errors } from '../errors.ts';
import type { CallContext, CallStart } from '../plugins/call.ts';
import type { Connection, RawRoute } from '../room.ts';
import { checkOf, closed, compileCheck } from '../schemas.ts';
import type { RouteStats } from '../telemetry/route-stats.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { hostName } from '../tenancy/tenancy.ts';
import { addressOf, arrivalOf } from './arrival.ts';
import { compressLong } from './compress.ts';
import { actorOf, type GuardDeps, guardOf } from './guard.ts';
import { API_HEADERS } from './headers.ts';
import { bodyInTime, type Patience } from './patience.ts';
import { PROBLEM_TYPE, problemOf } from './problems.ts';
import { sendJson } from './send-json.ts';

export interface RouteAppDeps extends GuardDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** In development and tests replies are held against their schemas. */
  readonly strict: boolean;
  readonly stats: RouteStats;
  readonly patience: Patience;
  /** Absent where nobody collects traces. */
  readonly tracing: Tracing | undefined;
}

export interface RouteSet {
  /** `/api/tip-jar` */
  readonly prefix: string;
  readonly routes: readonly (RouteContribution | RawRoute)[];
  readonly makeContext: (start: CallStart) => CallContext;
}

const BODY_LIMIT = 1024 * 1024;

/** One Fastify instance for one plugin's routes: built aside, swapped in whole, closed when it is replaced. */
export async function buildRouteApp(
  { prefix, routes, makeContext }: RouteSet,
  deps: RouteAppDeps,
): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    genReqId: (raw) => arrivalOf(raw as FastifyRequest['raw']).requestId,
    // The request's id is ours or was checked by the front; Fastify is not to read it from a header again.
    requestIdHeader: false,
    forceCloseConnections: false,
  });
  await app.register(shared, deps);
  for (const route of routes) {
    if ('raw' in route) continue;
    addRoute(app, prefix, route, makeContext, deps);
  }
  await app.register(async (scope) => {
    // Bytes pass through untouched: the handler reads the stream itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const route of routes) if ('raw' in route) addRawRoute(scope, prefix, route, makeContext, deps);
  });
  await app.ready();
  return app;
}

/** What every plugin's instance does alike: checks what comes in, and says what went wrong. */
const shared = fastifyPlugin(async (app: FastifyInstance, deps: RouteAppDeps) => {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const check = compileCheck(schema, httpPart === 'body' ? 'json' : 'text');
    return (value: unknown) => {
      const wrong = check(value);
      return wrong
        ? {
            error: errors.invalid_input({
              detail: `Something in the ${httpPart ?? 'request'} is wrong.`,
              errors: wrong,
            }),
          }
        : { value };
    };
  });
  app.setNotFoundHandler((request) => {
    throw errors.not_found({ detail: `${request.method} ${request.url.split('?')[0]} leads nowhere.` });
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      deps.log.error('request-failed', {
        requestId: request.id,
        code: problem.code,
        method: request.method,
        url: request.routeOptions.url,
        error,
      });
    }
    const { retryAfter } = problem.extensions;
    if (typeof retryAfter === 'number') reply.header('retry-after', String(retryAfter));
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .code(problem.status)
      .headers(API_HEADERS)
      .header('x-request-id', request.id)
      .type(PROBLEM_TYPE)
      .serializer(JSON.stringify)
      .send({ ...problem.toJSON(), requestId: request.id });
  });
});

function startOf(request: FastifyRequest, reply: FastifyReply, deps: RouteAppDeps): CallStart {
  const { tenant, requestId } = arrivalOf(request.raw);
  const signal = () => {
    const gone = new AbortController();
    if (reply.raw.destroyed) gone.abort();
    else reply.raw.once('close', () => gone.abort());
    return gone.signal;
  };
  return { tenant, actor: actorOf(request), requestId, clock: deps.clock, log: deps.log, signal };
}

function addRoute(
  app: FastifyInstance,
  prefix: string,
  route: RouteContribution,
  makeContext: RouteSet['makeContext'],
  deps: RouteAppDeps,
): void {
  const { body, query, reply: shape, status, bodyLimit = BODY_LIMIT } = route.options;
  const good = status ?? (shape ? 200 : 204);
  const checkReply = deps.strict && shape ? checkOf(shape) : undefined;
  const kernel = prefix === '/api/kernel';
  const observe = deps.stats.observerOf(`${route.method} ${prefix}${route.path}`);
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const ctx = makeContext(startOf(request, reply, deps));
    const result = await route.handler(ctx, kernel ? new KernelInput(request, reply) : new HandlerInput(request));
    const wrong = checkReply?.(result);
    if (wrong) throw errors.bad_reply({ detail: `${route.method} ${prefix}${route.path} answered.`, errors: wrong });
    if (shape && !kernel) {
      const serialize = reply.getSerializationFunction(String(good));
      const text = serialize ? serialize(result as never) : JSON.stringify(result);
      if (sendJson(reply, good, text, request.id, route.method !== 'GET')) {
        return observe(good, performance.now() - arrivalOf(request.raw).at);
      }
    }
    reply.headers(API_HEADERS).header('x-request-id', request.id).code(good);
    if (route.method === 'GET') reply.header('cache-control', 'no-store');
    // A handler without a reply schema has nothing to say.
    return shape ? result : reply.send();
  };
  app.route({
    method: route.method,
    url: `${prefix}${route.path}`,
    bodyLimit,
    schema: {
      ...(body ? { body } : {}),
      ...(query ? { querystring: query } : {}),
      ...(shape ? { response: { [good]: closed(shape) } } : {}),
    },
    onRequest: guardOf(route, deps),
    ...bodyInTime(route, deps.patience.body * Math.max(1, bodyLimit / BODY_LIMIT)),
    onSend: [observed(deps, route, prefix), ...(shape ? [compressLong] : [])],
    handler: (request, reply) => {
      const { tracing } = deps;
      if (!tracing) return answer(request, reply);
      const { traceparent } = request.headers;
      const attributes = {
        'http.request.method': route.method,
        'http.route': `${prefix}${route.path}`,
        'plinth.request_id': request.id,
      };
      return tracing.span(
        `${route.method} ${prefix}${route.path}`,
        attributes,
        () => answer(request, reply),
        typeof traceparent === 'string' ? traceparent : undefined,
      );
    },
  });
}

/** Counts an answer when it begins to be sent: a stream may go on for minutes after that. */
function observed({ stats }: RouteAppDeps, { method, path }: RouteContribution | RawRoute, prefix: string) {
  const observe = stats.observerOf(`${method} ${prefix}${path}`);
  return (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    done: (error: null, payload: unknown) => void,
  ): void => {
    observe(reply.statusCode, performance.now() - arrivalOf(request.raw).at);
    done(null, payload);
  };
}

function addRawRoute(
  app: FastifyInstance,
  prefix: string,
  route: RawRoute,
  makeContext: RouteSet['makeContext'],
  deps: RouteAppDeps,
): void {
  app.route({
    method: route.method,
    url: `${prefix}${route.path}`,
    // Bytes are what they are: a range and an ETag hold for them as they lie there.
    ...(route.options.bodyLimit === undefined ? {} : { bodyLimit: route.options.bodyLimit }),
    onRequest: guardOf(route, deps),
    onSend: observed(deps, route, prefix),
    handler: (request, reply) => {
      reply.headers(API_HEADERS).header('x-request-id', request.id);
      return route.raw(makeContext(startOf(request, reply, deps)), request, reply);
    },
  });
}

/** What handlers see of a request. Credentials are not part of it. */
class HandlerInput {
  readonly #request: FastifyRequest;
  constructor(request: FastifyRequest) {
    this.#request = request;
  }
  get params(): unknown {
    return this.#request.params;
  }
  get body(): unknown {
    return this.#request.body;
  }
  get query(): unknown {
    return this.#request.query;
  }
  get headers(): Record<string, unknown> {
    const given = this.#request.headers;
    return Object.fromEntries(PASSED_ON.map((name) => [name, given[name]]));
  }
}

/** The kernel's own handlers may look at the connection. */
class KernelInput extends HandlerInput {
  readonly connection: Connection;
  constructor(request: FastifyRequest, reply: FastifyReply) {
    super(request);
    this.connection = {
      address: addressOf(request.raw),
      get host() {
        return hostName(request.headers.host ?? '');
      },
      get cookies() {
        const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
        return Object.fromEntries(pairs.map(([name = '', ...value]) => [name, value.join('=')]));
      },
      setCookie: (header) => void reply.header('set-cookie', header),
    };
  }
}

const PASSED_ON = ['accept-language', 'idempotency-key', 'if-match', 'if-none-match', 'user-agent'] as const;
