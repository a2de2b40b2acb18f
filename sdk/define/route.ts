import type { Static, TSchema } from 'typebox';

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type RoutePath = `${Verb} /${string}`;

/**
 * Who may call: anyone, a signed-in person, a person with a permission, or the platform's operator.
 * Every route says it: forgetting it is a compile error, not an incident.
 */
export type Auth = 'public' | 'user' | 'operator' | { readonly permission: string };

type Segment<S extends string> = S extends `:${infer Name}` ? Name : never;
/** The names after a colon in a path: `'/jars/:jarId/tips'` has `jarId`. */
export type ParamNames<P extends string> = P extends `${infer Head}/${infer Rest}`
  ? Segment<Head> | ParamNames<Rest>
  : Segment<P>;
export type Params<P extends string> = { readonly [K in ParamNames<P>]: string };

export interface RouteOptions<B, Q, R> {
  readonly auth: Auth;
  /** What an API key must have been given to call this route. Absent: API keys cannot call it. */
  readonly scope?: string;
  readonly summary?: string;
  readonly body?: B;
  readonly query?: Q;
  /** The shape of a good answer. Absent: 204 with no body. */
  readonly reply?: R;
  /** Status of a good answer; 200 (or 204) when absent. */
  readonly status?: 200 | 201 | 202;
  /** Calls a minute for one person, where the general limits (600 reads, 100 writes) do not fit. */
  readonly perMinute?: number;
  /** Largest body in bytes, where the general limit (1 MiB) does not fit. */
  readonly bodyLimit?: number;
}

type Given<S> = S extends TSchema ? Static<S> : undefined;

export interface RouteInput<P extends string, B, Q> {
  readonly params: Params<P>;
  readonly body: Given<B>;
  readonly query: Given<Q>;
  /** Lower-case names. Credentials (cookies, authorization) are never among them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export type RouteReply<R> = R extends TSchema ? Static<R> : void;
