import type { TSchema } from 'typebox';

/** A realtime channel: what the server sends to everybody who joined, and what a page may send to it. */
export interface Channel<P extends string = string, S extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly kind: 'channel';
  /** Relative to the plugin: `jars/:jarId` becomes `tip-jar/jars/42` on the wire. */
  readonly path: P;
  /** What the server publishes. */
  readonly event: S;
  /** What a page may send. Absent: nothing. */
  readonly message?: R;
  /** Who is here is told to everyone here. */
  readonly presence: boolean;
  /** How many of the last events a newcomer or a returning page is given. */
  readonly history: number;
}

/** @example channels: { jar: channel('jars/:jarId', Type.Object({ points: Type.Integer() }), { presence: true, history: 20 }) } */
export function channel<const P extends string, const S extends TSchema, const R extends TSchema = TSchema>(
  path: P,
  event: S,
  options: { readonly message?: R; readonly presence?: boolean; readonly history?: number } = {},
): Channel<P, S, R> {
  const { message, presence = false, history = 0 } = options;
  return { kind: 'channel', path, event, presence, history, ...(message === undefined ? {} : { message }) };
}
