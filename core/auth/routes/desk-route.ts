import type {
  Auth,
  Behind,
  Call,
  RouteContribution,
  RouteInput,
  RouteOptions,
  RoutePath,
  RouteReply,
} from '@plinth/sdk';
import type { TSchema } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { atDesk, type Desk } from '../desk.ts';
import { askerOf, type Parts } from '../parts.ts';

/** Makes routes whose handlers are one transaction: what they do and what they answer commit together. */
export function deskRoutes(parts: Parts) {
  return <
    const P extends RoutePath,
    const A extends Auth,
    B extends TSchema | undefined = undefined,
    Q extends TSchema | undefined = undefined,
    R extends TSchema | undefined = undefined,
  >(
    path: P,
    options: RouteOptions<B, Q, R> & { readonly auth: A },
    handler: (desk: Desk, request: RouteInput<P, B, Q>, call: Behind<Call, A>) => Promise<RouteReply<R>>,
  ): RouteContribution =>
    kernelRoute(path, options, (call, request) =>
      atDesk(parts, askerOf(call as Call, request), (desk) => handler(desk, request, call)),
    );
}
