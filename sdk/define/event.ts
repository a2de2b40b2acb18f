import type { TSchema } from 'typebox';

/** A fact that happened in a tenant. Delivered at least once to every enabled consumer; effects happen once. */
export interface Event<S extends TSchema = TSchema> {
  readonly kind: 'event';
  readonly id: string;
  readonly payload: S;
}

/**
 * @example
 * export const TipSent = event('tip-jar.tip-sent@1', Type.Object({ jarId: Type.String(), points: Type.Integer() }));
 */
export function event<const S extends TSchema>(id: string, payload: S): Event<S> {
  return { kind: 'event', id, payload };
}
