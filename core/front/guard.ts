import type { IncomingMessage } from 'node:http';
import type { Actor, Auth, RouteContribution } from '@plinth/sdk';
import type { FastifyRequest } from 'fastify';
import { errors } from '../errors.ts';
import { allows } from '../plugins/call.ts';
import type { TenantState } from '../tenancy/state.ts';
import { addressOf, arrivalOf } from './arrival.ts';
import { RateLimiter, type RateLimiters } from './rate-limit.ts';

/** Finds out who a bearer token belongs to in a tenant. At once when it is known already. */
export type Authenticate = (tenantId: string, token: string) => Actor | undefined | Promise<Actor | undefined>;

export interface GuardDeps {
  readonly authenticate: Authenticate;
  readonly limiters: RateLimiters;
}

/** Who asks, kept on the request between the guard and the handler. */
interface Guarded extends FastifyRequest {
  plinthActor?: Actor;
}

const ANONYMOUS: Actor = { kind: 'anonymous' };

export function actorOf(request: FastifyRequest): Actor {
  return (request as Guarded).plinthActor ?? ANONYMOUS;
}

/** Before a body is read: who asks, whether they may, and whether they ask too often. */
export function guardOf(route: RouteContribution, { authenticate, limiters }: GuardDeps) {
  const { auth, scope, perMinute } = route.options;
  const reads = route.method === 'GET' || (route.method as string) === 'HEAD';
  const general = reads ? limiters.reads : limiters.writes;
  const limiter = perMinute === undefined ? general : new RateLimiter(perMinute, limiters.now);

  function admit(request: FastifyRequest, tenant: TenantState, actor: Actor): Error | undefined {
    const refused = refusal(auth, scope, tenant, actor);
    if (refused) return refused;
    (request as Guarded).plinthActor = actor;
    // An account's id is its own on the whole platform; an address is not.
    return overLimit(limiter, actor.kind === 'person' ? actor.accountId : strangerOf(request.raw));
  }

  return (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void => {
    const { tenant } = arrivalOf(request.raw);
    const header = request.headers.authorization;
    if (header === undefined) return done(admit(request, tenant, ANONYMOUS));
    const token = header.startsWith('Bearer ') ? header.slice(7) : '';
    if (token === '')
      return done(errors.unauthenticated({ detail: 'The Authorization header is not "Bearer <token>".' }));
    const actor = authenticate(tenant.facts.id, token);
    if (!(actor instanceof Promise)) return done(actor ? admit(request, tenant, actor) : expired());
    actor.then((found) => done(found ? admit(request, tenant, found) : expired()), done);
  };
}

export function overLimit(limiter: RateLimiter, caller: string): Error | undefined {
  const wait = limiter.take(caller);
  if (wait === undefined) return undefined;
  return errors.too_many({ retryAfter: wait, detail: `${limiter.perMinute} a minute are allowed here.` });
}

/** Somebody without an account, as limiters know them. */
export const strangerOf = (request: IncomingMessage): string =>
  `${arrivalOf(request).tenant.facts.id} ${addressOf(request)}`;

const expired = () =>
  errors.unauthenticated({
    detail: 'The token is unknown here or has expired.',
    fix: 'Refresh the session or sign in again.',
  });

/** Why somebody may not call a route, or join a channel. */
export function refusal(
  auth: Auth,
  scope: string | undefined,
  tenant: Pick<TenantState, 'platform'>,
  actor: Actor,
): Error | undefined {
  if (actor.kind !== 'person') return auth === 'public' ? undefined : errors.unauthenticated();
  if (actor.scopes && auth !== 'public' && (scope === undefined || !actor.scopes.includes(scope))) {
    return errors.forbidden({
      detail: scope === undefined ? 'API keys are not let in here.' : `The API key lacks the scope "${scope}".`,
      fix: scope === undefined ? 'Come as a signed-in person.' : 'Make a key with that scope.',
    });
  }
  if (auth === 'operator' && !(actor.operator && tenant.platform))
    return errors.forbidden({ detail: 'Only the platform’s operators may.' });
  if (typeof auth === 'object' && !allows(actor, auth.permission))
    return errors.forbidden({ detail: `The permission "${auth.permission}" is needed.` });
  return undefined;
}
