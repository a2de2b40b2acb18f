import type { TSchema } from 'typebox';
import type { Event } from './event.ts';
import type { Point } from './point.ts';
import type { Auth, RouteOptions, Verb } from './route.ts';
import type { Service } from './service.ts';
import type { Slot } from './slot.ts';

// Handlers are kept with their types erased: the recorder below is the only way to make a contribution, and it is typed.
// biome-ignore lint/suspicious/noExplicitAny: a handler of any plugin is called with the context made for that plugin.
export type Handler = (ctx: any, input: any) => Promise<unknown>;

export interface RouteContribution {
  readonly kind: 'route';
  readonly method: Verb;
  readonly path: string;
  readonly options: RouteOptions<TSchema, TSchema, TSchema>;
  readonly handler: Handler;
}
export interface ConsumerContribution {
  readonly kind: 'consumer';
  readonly event: Event;
  /** The durable name of this consumer within its plugin. */
  readonly id: string;
  readonly handler: Handler;
}
export interface JobContribution {
  readonly kind: 'job';
  readonly name: string;
  readonly handler: Handler;
}
export interface SocketContribution {
  readonly kind: 'socket';
  readonly name: string;
  readonly auth: Auth;
  /** Refuses by throwing. */
  readonly join: Handler | undefined;
  readonly receive: Handler | undefined;
}
export interface ProvideContribution {
  readonly kind: 'provide';
  readonly service: Service;
  readonly handlers: Readonly<Record<string, Handler>>;
}
export interface ExtendContribution {
  readonly kind: 'extend';
  readonly point: Point;
  readonly id: string;
  readonly phase: number;
  readonly handler: Handler;
}
export interface FillContribution {
  readonly kind: 'fill';
  readonly slot: Slot;
  readonly id: string;
  readonly entry: unknown;
}

export type Contribution =
  | RouteContribution
  | ConsumerContribution
  | JobContribution
  | SocketContribution
  | ProvideContribution
  | ExtendContribution
  | FillContribution;
