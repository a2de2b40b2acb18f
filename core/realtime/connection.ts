import type { Duplex } from 'node:stream';
import type { Actor } from '@plinth/sdk';
import type { WebSocket } from 'ws';
import { problemOf } from '../front/problems.ts';
import { errors } from './errors.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Attendance } from './presence.ts';
import { CLOSE, type ClientMessage, parseMessage, text } from './protocol.ts';
import type { Listener, Topic } from './topic.ts';

/** What a socket asks of the room it is in. Its tenant is settled: no message can name another. */
export interface Desk {
  readonly tenantId: string;
  readonly limits: RealtimeLimits;
  enter(connection: Connection): void;
  /** False: the credential was ended since then. */
  admit(connection: Connection, since: number): boolean;
  join(connection: Connection, channel: string, requestId: string): Promise<Topic>;
  receive(connection: Connection, topic: Topic, message: unknown, requestId: string): Promise<void>;
  typing(topic: Topic, accountId: string, on: boolean): void;
  /** This node's part of a channel changed. */
  told(topic: Topic, attendance: Attendance | undefined): void;
  /** Nobody may be left in it. */
  left(topic: Topic): void;
  closed(connection: Connection, code: number): void;
  failed(error: unknown, connection: Connection): void;
}

/** How a socket begins: the token it came with, and who can tell whose that is. */
export interface Greeting {
  readonly token: string | undefined;
  readonly authenticate: (token: string) => Promise<Actor | undefined> | Actor | undefined;
}

function sameRights(now: Actor | undefined, before: Actor): boolean {
  if (now?.kind !== 'person' || before.kind !== 'person') return now?.kind === before.kind;
  return now.operator === before.operator && now.permissions.symmetricDifference(before.permissions).size === 0;
}

/** One page's socket: who it is, where it is, and how much of it we put up with. */
export class Connection implements Listener {
  readonly number: number;
  actor: Actor = { kind: 'anonymous' };
  readonly topics = new Map<string, Topic>();
  /** Heard from since the last ping. */
  alive = true;
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #desk: Desk;
  readonly #greeting: Greeting;
  #greeted = false;
  #token: string | undefined;
  #open = true;
  #busy = false;
  #waiting: ClientMessage[] | undefined;
  #tokens: number;
  #refilled = performance.now();
  #handled = 0;
  #hello: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, raw: Duplex, number: number, desk: Desk, greeting: Greeting) {
    this.#socket = socket;
    this.#raw = raw;
    this.number = number;
    this.#desk = desk;
    this.#greeting = greeting;
    this.#tokens = desk.limits.burst;
  }

  get tenantId(): string {
    return this.#desk.tenantId;
  }

  get accountId(): string | undefined {
    return this.actor.kind === 'person' ? this.actor.accountId : undefined;
  }

  /** Begins to listen. */
  open(): void {
    const { token } = this.#greeting;
    this.#desk.enter(this);
    this.#socket
      .on('message', (data: Buffer, binary: boolean) => this.#receive(data, binary))
      .on('pong', () => {
        this.alive = true;
      })
      .on('error', () => {})
      .on('close', (code: number) => this.#closed(code));
    if (token !== undefined) void this.#run({ type: 'hello', token });
    else this.#hello = setTimeout(() => this.close(CLOSE.protocol, 'no hello'), this.#desk.limits.helloMs);
  }

  send(message: string): void {
    if (this.#open) this.#socket.send(message);
  }

  /** Past `ws`, to the same effect: without compression it writes at once too, so the order is kept. */
  write(frame: Buffer): void {
    if (!this.#open) return;
    this.#raw.write(frame);
    if (this.#raw.writableLength > this.#desk.limits.bufferedBytes) this.close(CLOSE.slow, 'too slow');
  }

  /** Whoever is no longer who they were comes back, and every channel decides anew. */
  async recheck(): Promise<void> {
    if (this.#token === undefined || this.actor.kind === 'anonymous') return;
    try {
      const actor = await this.#greeting.authenticate(this.#token);
      if (!sameRights(actor, this.actor)) this.close(CLOSE.unauthenticated, 'sign in again');
    } catch {
      // The database is away; its return is a reason to ask again.
    }
  }

  ping(): void {
    this.alive = false;
    this.#socket.ping();
  }

  /** Ends it from our side. A reader that does not answer is cut off: what waits for it is not kept. */
  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), 2000).unref();
    this.#closed(code);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Takes it out of a channel that is no more. */
  expel(topic: Topic): void {
    topic.leave(this);
    this.topics.delete(topic.name);
    this.send(text.closed(topic.name, errors.channel_closed()));
  }

  #closed(code: number): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#hello);
    this.#waiting = undefined;
    for (const topic of this.topics.values()) this.#leave(topic);
    this.#desk.closed(this, code);
  }

  #receive(data: Buffer, binary: boolean): void {
    if (!this.#open) return;
    this.alive = true;
    if (!this.#take()) return;
    const message = binary ? ({ type: 'wrong' } as const) : parseMessage(data.toString());
    if (message.type === 'wrong') return this.send(text.error(errors.socket_message(), message.id));
    if (!this.#greeted && !this.#busy && message.type !== 'hello') return this.close(CLOSE.protocol, 'say hello first');
    if (!this.#busy) return void this.#run(message);
    this.#waiting ??= [];
    this.#waiting.push(message);
    if (this.#waiting.length > this.#desk.limits.burst) this.close(CLOSE.flood, 'too many messages');
  }

  /** A token bucket that may run into debt: a page that ignores its refusals loses its socket. */
  #take(): boolean {
    const { burst, perSecond, patience } = this.#desk.limits;
    const now = performance.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) / 1000) * perSecond) - 1;
    this.#refilled = now;
    if (this.#tokens < -patience) this.close(CLOSE.flood, 'too many messages');
    else if (this.#tokens < 0)
      this.send(text.error(errors.socket_flood({ retryAfter: Math.ceil(-this.#tokens / perSecond) })));
    return this.#tokens >= 0;
  }

  /** One message after the other: what a page sends first is handled first. */
  async #run(first: ClientMessage): Promise<void> {
    this.#busy = true;
    for (let message: ClientMessage | undefined = first; message && this.#open; message = this.#waiting?.shift()) {
      try {
        await this.#handle(message);
      } catch (error) {
        const problem = problemOf(error);
        if (problem.status >= 500) this.#desk.failed(error, this);
        this.send(text.error(problem, 'id' in message ? message.id : undefined));
      }
    }
    this.#busy = false;
  }

  async #handle(message: ClientMessage): Promise<void> {
    this.#handled += 1;
    const requestId = `socket-${this.number.toString(36)}-${this.#handled}`;
    switch (message.type) {
      case 'hello':
        return this.#greet(message.token);
      case 'ping':
        return this.send(text.pong);
      case 'join': {
        if (!this.topics.has(message.channel) && this.topics.size >= this.#desk.limits.channelsPerSocket) {
          throw errors.too_many_channels();
        }
        const topic = await this.#desk.join(this, message.channel, requestId);
        if (!this.#open) return this.#desk.left(topic);
        this.topics.set(topic.name, topic);
        this.#desk.told(topic, topic.enter(this));
        return this.send(topic.joined(message.id, message.after, message.epoch));
      }
      case 'leave':
        this.#leave(this.#topic(message.channel));
        return this.send(text.ack(message.id));
      case 'send': {
        const topic = this.#topic(message.channel);
        await this.#desk.receive(this, topic, message.message, requestId);
        if (this.accountId !== undefined) this.#desk.typing(topic, this.accountId, false);
        return this.send(text.ack(message.id));
      }
      case 'typing': {
        const topic = this.#topic(message.channel);
        if (this.accountId !== undefined) this.#desk.typing(topic, this.accountId, true);
      }
    }
  }

  async #greet(token: string | undefined): Promise<void> {
    if (this.#greeted) throw errors.socket_message({ detail: 'A page says hello once.' });
    this.#greeted = true;
    this.#token = token;
    clearTimeout(this.#hello);
    const since = performance.now();
    const actor = token === undefined ? this.actor : await this.#greeting.authenticate(token);
    if (!this.#open) return;
    if (actor) this.actor = actor;
    if (!actor || !this.#desk.admit(this, since)) return this.close(CLOSE.unauthenticated, 'sign in again');
    this.send(text.welcome(this.accountId));
  }

  #topic(channel: string): Topic {
    const topic = this.topics.get(channel);
    if (!topic) throw errors.not_joined({ detail: channel });
    return topic;
  }

  #leave(topic: Topic): void {
    this.topics.delete(topic.name);
    this.#desk.told(topic, topic.leave(this));
    this.#desk.left(topic);
  }
}
