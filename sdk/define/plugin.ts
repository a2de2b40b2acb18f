import type { Static, TObject, TSchema } from 'typebox';
import type { Person } from './actor.ts';
import type { Channel } from './channel.ts';
import type { BaseContext, ContextOf, Header, Identity } from './context.ts';
import type {
  ConsumerContribution,
  Contribution,
  ExtendContribution,
  FillContribution,
  Handler,
  JobContribution,
  ProvideContribution,
  RouteContribution,
  SocketContribution,
} from './contribution.ts';
import type { Event } from './event.ts';
import type { Job } from './job.ts';
import type { Combine, Point } from './point.ts';
import type { Auth, ParamNames, Params, RouteInput, RouteOptions, RoutePath, RouteReply, Verb } from './route.ts';
import type { Handlers, Methods, Service } from './service.ts';
import type { Slot } from './slot.ts';

/** `ctx` in a handler behind `auth`: unless it is public, somebody is signed in. */
export type Behind<C, A> = A extends 'public' ? C : Omit<C, 'actor'> & { readonly actor: Person };

type Strict<P extends string> = string extends ParamNames<P> ? never : P;

/** The seven things a plugin contributes. Each call only records; nothing touches a running kernel. */
export interface Contribute<H extends Header> {
  /** @example plugin.route('POST /jars/:jarId/tips', { auth: 'user', body: Tip, reply: Receipt }, sendTip) */
  route<
    const P extends RoutePath,
    const A extends Auth,
    B extends TSchema | undefined = undefined,
    Q extends TSchema | undefined = undefined,
    R extends TSchema | undefined = undefined,
  >(
    path: Strict<P>,
    options: RouteOptions<B, Q, R> & { readonly auth: A },
    handler: (ctx: Behind<ContextOf<H>, A>, request: RouteInput<P, B, Q>) => Promise<RouteReply<R>>,
  ): RouteContribution;

  /**
   * A durable consumer. It may call services first, then commits one transaction of its own: that commit marks the
   * event as handled, so its effect happens once however often it is delivered.
   *
   * @example plugin.on(VideoPublished, 'open-jar', openJar)
   */
  on<S extends TSchema>(
    event: Event<S>,
    id: string,
    handler: (ctx: ContextOf<H>, payload: Static<S>, delivery: Delivery) => Promise<void>,
  ): ConsumerContribution;

  /** The work of a job named in the header. @example plugin.job('settle', settle) */
  job<K extends keyof NonNullable<H['jobs']> & string>(
    name: K,
    handler: (ctx: ContextOf<H>, data: JobData<H, K>) => Promise<void>,
  ): JobContribution;

  /** Opens a channel named in the header to pages. @example plugin.socket('jar', { auth: 'public' }) */
  socket<K extends keyof NonNullable<H['channels']> & string, const A extends Auth>(
    name: K,
    options: {
      readonly auth: A;
      readonly join?: (
        ctx: Behind<ContextOf<H>, A>,
        request: { readonly params: ChannelParams<H, K> },
      ) => Promise<void>;
      readonly receive?: (
        ctx: Behind<ContextOf<H>, A>,
        request: { readonly params: ChannelParams<H, K>; readonly message: ChannelMessage<H, K> },
      ) => Promise<void>;
    },
  ): SocketContribution;

  /** @example plugin.provide(Tips, { total }) */
  provide<M extends Methods>(service: Service<M>, handlers: Handlers<ContextOf<H>, M>): ProvideContribution;

  /** Answers a point. Lower phases answer first. @example plugin.extend(Thanks, 'signature', sign) */
  extend<I extends TSchema, O extends TSchema, K extends Combine>(
    point: Point<I, O, K>,
    id: string,
    handler: (ctx: ContextOf<H>, input: Static<I>) => Promise<Static<O> | undefined>,
    options?: { readonly phase?: number },
  ): ExtendContribution;

  /** @example plugin.fill(Amounts, 'small', { points: 5, label: 'A coffee' }) */
  fill<S extends TSchema>(slot: Slot<S>, id: string, entry: Static<S>): FillContribution;
}

/** What a consumer is told beside the payload. */
export interface Delivery {
  /** The same for every attempt: a good idempotency key. */
  readonly eventId: string;
  readonly attempt: number;
  readonly emittedAt: string;
}

type JobData<H extends Header, K> = K extends keyof NonNullable<H['jobs']>
  ? NonNullable<H['jobs']>[K] extends Job<infer S>
    ? Static<S>
    : never
  : never;
type ChannelParams<H extends Header, K> = K extends keyof NonNullable<H['channels']>
  ? NonNullable<H['channels']>[K] extends Channel<infer P>
    ? Params<P>
    : never
  : never;
type ChannelMessage<H extends Header, K> = K extends keyof NonNullable<H['channels']>
  ? NonNullable<H['channels']>[K] extends Channel<string, TSchema, infer R>
    ? Static<R>
    : never
  : never;

/** A plugin is a value: its header, and what it contributes. */
export interface Plugin {
  readonly header: Header;
  readonly contributions: readonly Contribution[];
}

/** A need may not hide what every ctx has. */
type FreeNames<H> = H extends { readonly needs: infer N }
  ? keyof N & (keyof BaseContext | 'emit' | 'enqueue' | 'publish' | 'store' | 'settings') extends never
    ? unknown
    : { readonly needs: 'a need may not be named like a member that every ctx has' }
  : unknown;

/** The header on its own, so that `Contribute<typeof header>` can type handlers in files of their own. */
export function pluginHeader<const H extends Header>(header: H & FreeNames<H>): H {
  return header;
}

/**
 * Defines a plugin.
 *
 * @example
 * const header = pluginHeader({ id: 'hello', version: '1.0.0', kernel: '^1.0.0', title: 'Hello', summary: 'Greets.' });
 * export type Hello = Contribute<typeof header>;
 * export default definePlugin({
 *   ...header,
 *   contributes: (plugin) => [
 *     plugin.route('GET /hello', { auth: 'public', reply: Type.Object({ text: Type.String() }) }, async () => ({ text: 'Hi' })),
 *   ],
 * });
 */
export function definePlugin<
  const N extends NonNullable<Header['needs']> = Nothing,
  const E extends NonNullable<Header['emits']> = Nothing,
  const J extends NonNullable<Header['jobs']> = Nothing,
  const C extends NonNullable<Header['channels']> = Nothing,
  const D extends NonNullable<Header['collections']> = Nothing,
  const S extends TSchema = TObject<Nothing>,
>(
  definition: Identity & {
    readonly needs?: N;
    readonly emits?: E;
    readonly jobs?: J;
    readonly channels?: C;
    readonly collections?: D;
    readonly settings?: S;
    // Each part is inferred by itself: TypeScript cannot infer the whole header and hand it to this function at once.
    readonly contributes: (
      plugin: Contribute<Identity & { needs: N; emits: E; jobs: J; channels: C; collections: D; settings: S }>,
    ) => readonly Contribution[];
  } & FreeNames<{ needs: N }>,
): Plugin {
  const { contributes, ...header } = definition;
  return {
    header: header as Header,
    contributions: contributes(recorder as unknown as Parameters<typeof contributes>[0]),
  };
}

type Nothing = Record<never, never>;

type Loose<M extends keyof Contribute<Header>> = (...given: never[]) => ReturnType<Contribute<Header>[M]>;

const recorder: { readonly [M in keyof Contribute<Header>]: Loose<M> } = {
  route: (route: RoutePath, options: RouteContribution['options'], handler: Handler) => {
    const space = route.indexOf(' ');
    return { kind: 'route', method: route.slice(0, space) as Verb, path: route.slice(space + 1), options, handler };
  },
  on: (event: Event, id: string, handler: Handler) => ({ kind: 'consumer', event, id, handler }),
  job: (name: string, handler: Handler) => ({ kind: 'job', name, handler }),
  socket: (name: string, { auth, join, receive }: { auth: Auth; join?: Handler; receive?: Handler }) => ({
    kind: 'socket',
    name,
    auth,
    join,
    receive,
  }),
  provide: (service: Service, handlers: Readonly<Record<string, Handler>>) => ({ kind: 'provide', service, handlers }),
  extend: (point: Point, id: string, handler: Handler, options: { phase?: number } = {}) => ({
    kind: 'extend',
    point,
    id,
    phase: options.phase ?? 0,
    handler,
  }),
  fill: (slot: Slot, id: string, entry: unknown) => ({ kind: 'fill', slot, id, entry }),
};
