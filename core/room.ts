import type {
  Auth,
  Behind,
  Call,
  Client,
  Contribution,
  Job,
  Methods,
  Person,
  RouteContribution,
  RouteInput,
  RouteOptions,
  RoutePath,
  RouteReply,
  Service,
} from '@plinth/sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';

/**
 * A room of the kernel: a plain object that `kernel.ts` composes. It contributes in the same nouns as a plugin
 * (routes land under `/api/kernel/`), but its handlers get a bare `Call` and reach other rooms by what they were
 * constructed with.
 */
export interface Room {
  readonly name: string;
  readonly provides?: readonly Provided[];
  readonly jobs?: Readonly<Record<string, Job>>;
  readonly contributions?: readonly Contribution[];
  /** Called once everything is composed and migrated. */
  start?(): Promise<void>;
  /** Takes no new work and finishes what it has. */
  drain?(): Promise<void>;
  stop?(): Promise<void>;
}

/** A service that the kernel itself offers to plugins. */
export interface Provided {
  readonly service: Service;
  readonly handlers: Readonly<Record<string, (call: Call, input: never) => Promise<unknown>>>;
}

/** How a room implements one service. */
export type Implementation<M extends Methods> = {
  readonly [K in keyof M]: (call: Call, input: Parameters<Client<M>[K]>[0]) => ReturnType<Client<M>[K]>;
};

export function provided<M extends Methods>(service: Service<M>, handlers: Implementation<M>): Provided {
  return { service, handlers };
}

/** The other end of a request. The kernel's own handlers are told; plugins see neither addresses nor cookies. */
export interface Connection {
  /** Of the client, as far as trusted proxies tell it. */
  readonly address: string;
  /** The host in the browser's address bar, one of the tenant's: in lower case, without the port. */
  readonly host: string;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** Adds a `Set-Cookie` header to the answer. */
  setCookie(header: string): void;
}

/** A kernel route; the path starts with the room: `POST /auth/sessions` is served at `/api/kernel/auth/sessions`. */
export function kernelRoute<
  const P extends RoutePath,
  const A extends Auth,
  B extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  R extends TSchema | undefined = undefined,
>(
  route: P,
  options: RouteOptions<B, Q, R> & { readonly auth: A },
  handler: (
    call: Behind<Call, A>,
    request: RouteInput<P, B, Q> & { readonly connection: Connection },
  ) => Promise<RouteReply<R>>,
): RouteContribution {
  const space = route.indexOf(' ');
  return {
    kind: 'route',
    method: route.slice(0, space) as RouteContribution['method'],
    path: route.slice(space + 1),
    options: options as unknown as RouteContribution['options'],
    handler,
  };
}

/** A kernel route that needs the request itself: streams of bytes in or out. Its body is not parsed. */
export interface RawRoute extends Omit<RouteContribution, 'handler'> {
  readonly raw: (call: Call, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  readonly handler: () => Promise<never>;
}

export function rawRoute(
  methods: readonly RawVerb[],
  path: string,
  options: {
    readonly auth: Auth;
    readonly scope?: string;
    readonly summary: string;
    readonly perMinute?: number;
    readonly bodyLimit?: number;
  },
  raw: RawRoute['raw'],
): RawRoute[] {
  return methods.map((method) => ({
    kind: 'route',
    method: method as RawRoute['method'],
    path,
    options,
    raw,
    handler: () => Promise.reject(new Error('a raw route has no plain handler')),
  }));
}

export type RawVerb = 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The person behind a call that must have one: a room's own guard where a route cannot say it. */
export function personOf(call: Call): Person | undefined {
  return call.actor.kind === 'person' ? call.actor : undefined;
}
