import type { Static, TSchema } from 'typebox';

/** One call of a service. What goes in and out is schema'd, so the same call crosses a process unchanged. */
export interface Method {
  readonly input: TSchema;
  readonly output: TSchema;
  /** What a plugin must have been granted to call it, for example `ledger:post`. Absent: needing the service is enough. */
  readonly capability?: string;
}

export type Methods = Readonly<Record<string, Method>>;

export interface Service<M extends Methods = Methods> {
  readonly kind: 'service';
  readonly id: string;
  readonly methods: M;
}

/** What a plugin that needs the service sees of it. */
export type Client<M extends Methods> = {
  readonly [K in keyof M]: (input: Static<M[K]['input']>) => Promise<Static<M[K]['output']>>;
};

/** What a plugin that provides the service implements. */
export type Handlers<C, M extends Methods> = {
  readonly [K in keyof M]: (ctx: C, input: Static<M[K]['input']>) => Promise<Static<M[K]['output']>>;
};

/**
 * A service: something other plugins call. Ids carry owner and major version, so two majors can live side by side.
 *
 * @example
 * export const Tips = service('tip-jar@1', {
 *   total: { input: Type.Object({ jarId: Type.String() }), output: Type.Object({ points: Type.Integer() }) },
 * });
 */
export function service<const M extends Methods>(id: string, methods: M): Service<M> {
  return { kind: 'service', id, methods };
}

/** A service that may be absent: the compiler makes the plugin check before it calls. */
export interface OptionalService<M extends Methods = Methods> {
  readonly kind: 'optional';
  readonly service: Service<M>;
}

/** @example needs: { wallet: optional(Wallet) } */
export function optional<M extends Methods>(wanted: Service<M>): OptionalService<M> {
  return { kind: 'optional', service: wanted };
}
