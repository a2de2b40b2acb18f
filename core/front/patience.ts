import type { RouteContribution } from '@plinth/sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../errors.ts';

/** How long a client may take, in milliseconds. */
export interface Patience {
  /** Until the head of a request is there. */
  readonly head: number;
  /** Until all of a request is there: uploads are requests too. */
  readonly request: number;
  /** Until a body is there that is read whole before its handler runs; a larger one may take longer by as much. */
  readonly body: number;
  /** Without a byte in either direction: a slow reader or writer holds nothing for ever. */
  readonly silence: number;
  /** How often the first two are looked at. */
  readonly look: number;
}

export const PATIENCE: Patience = {
  head: 10_000,
  request: 30 * 60_000,
  body: 30_000,
  silence: 60_000,
  look: 5_000,
};

interface Awaited extends FastifyRequest {
  plinthBody?: NodeJS.Timeout;
}

/** Hooks for a route with a body: it is there in time, or the connection is closed. A route without one has none. */
export function bodyInTime({ method }: RouteContribution, ms: number) {
  if (method === 'GET') return {};
  return {
    preParsing(request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: () => void) {
      (request as Awaited).plinthBody = setTimeout(giveUp, ms, request, reply).unref();
      done();
    },
    preValidation(request: FastifyRequest, _reply: FastifyReply, done: () => void) {
      clearTimeout((request as Awaited).plinthBody);
      done();
    },
  };
}

function giveUp({ raw }: FastifyRequest, reply: FastifyReply): void {
  // Refused meanwhile for another reason, or its sender has gone.
  if (reply.sent || raw.destroyed) return;
  reply.header('connection', 'close').send(errors.too_slow());
}
