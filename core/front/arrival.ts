import type { IncomingMessage } from 'node:http';
import type { TenantState } from '../tenancy/state.ts';
import type { Forwarded } from './forwarded.ts';

/** What the front found out about a request before it handed it to a plugin. */
export interface Arrival {
  readonly tenant: TenantState;
  readonly requestId: string;
  /** Of `performance.now()`. */
  readonly at: number;
  /** Nothing where the client itself is at the other end of the socket, as far as is known. */
  readonly forwarded: Forwarded | undefined;
}

// A property on the request itself: a WeakMap costs more than all the rest of the front's bookkeeping.
interface Arrived extends IncomingMessage {
  plinthArrival?: Arrival;
}

export function arrive(request: IncomingMessage, arrival: Arrival): void {
  (request as Arrived).plinthArrival = arrival;
}

/** Files that every address serves are asked for without a tenant. */
export function knownArrivalOf(request: IncomingMessage): Arrival | undefined {
  return (request as Arrived).plinthArrival;
}

export function arrivalOf(request: IncomingMessage): Arrival {
  const arrival = knownArrivalOf(request);
  if (!arrival) throw new Error('a request reached a plugin without passing the front');
  return arrival;
}

/** The client's, as far as trusted proxies tell it. */
export function addressOf(request: IncomingMessage): string {
  return arrivalOf(request).forwarded?.address ?? request.socket.remoteAddress ?? '';
}
