import type { Problem } from '@plinth/sdk';
import { type Static, Type } from 'typebox';
import { checkOf } from '../schemas.ts';

const channel = Type.String({ maxLength: 300 });
const asked = { id: Type.Integer(), channel };

/**
 * The protocol of `/api/kernel/realtime`: JSON text messages, one WebSocket per page.
 *
 * A page says who it is by the sub-protocols `plinth.v1, bearer.<token>`, or by a first `hello` (without a token:
 * nobody). It numbers what it sends; the answer carries the same `id`: `joined` for a join, `ack` or `error` for the
 * rest. A channel is `<plugin>/<path>`, for example `tip-jar/jars/42`.
 *
 * | from the server | |
 * |---|---|
 * | `welcome { accountId? }` | who the page is taken for |
 * | `joined { id, channel, epoch, sequence, gap, history, people, guests }` | the channel as it is now |
 * | `event { channel, sequence, at, event }` | numbered per channel without holes |
 * | `presence { channel, joined, left, guests }` | who came and went; several changes are told at once |
 * | `typing { channel, accountId, on }` | `on` ends by itself |
 * | `gap { channel, epoch, sequence }` | events may have been missed; the next ones are numbered anew |
 * | `closed { channel, problem }` | the channel is no more |
 * | `ack { id }`, `error { id?, problem }`, `pong` | |
 *
 * A page that comes back joins with the `epoch` and the last `sequence` it saw as `after`, and gets what it missed as
 * `history`. If that is no longer known, `gap` is true and `history` is what a newcomer gets: read the rest by HTTP.
 */
export const ClientMessage = Type.Union([
  Type.Object({ type: Type.Literal('hello'), token: Type.Optional(Type.String({ maxLength: 4096 })) }),
  Type.Object({
    type: Type.Literal('join'),
    ...asked,
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    epoch: Type.Optional(Type.String({ maxLength: 40 })),
  }),
  Type.Object({ type: Type.Literal('leave'), ...asked }),
  Type.Object({ type: Type.Literal('send'), ...asked, message: Type.Unknown() }),
  Type.Object({ type: Type.Literal('typing'), channel }),
  Type.Object({ type: Type.Literal('ping') }),
]);
export type ClientMessage = Static<typeof ClientMessage>;

/** Why the server closed a socket. 1009 (a message too large) and 1012 (the node restarts) are the protocol's own. */
export const CLOSE = {
  /** The token is unknown, or its session was ended: sign in, then come back. */
  unauthenticated: 4001,
  protocol: 4002,
  /** It reads more slowly than the channel speaks: come back and catch up with `after`. */
  slow: 4008,
  flood: 4029,
  restart: 1012,
} as const;

const check = checkOf(ClientMessage);

/** Something that is no message, and its number if it has one. */
export interface WrongMessage {
  readonly type: 'wrong';
  readonly id?: number | undefined;
}

export function parseMessage(text: string): ClientMessage | WrongMessage {
  try {
    const message = JSON.parse(text);
    if (!check(message)) return message;
    return { type: 'wrong', id: Number.isInteger(message?.id) ? message.id : undefined };
  } catch {
    return { type: 'wrong' };
  }
}

export const text = {
  welcome: (accountId: string | undefined) => JSON.stringify({ type: 'welcome', accountId }),
  ack: (id: number) => `{"type":"ack","id":${id}}`,
  error: (problem: Problem, id?: number) => JSON.stringify({ type: 'error', id, problem }),
  closed: (channel: string, problem: Problem) => JSON.stringify({ type: 'closed', channel, problem }),
  pong: '{"type":"pong"}',
};
