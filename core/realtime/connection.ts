import type { Duplex } from 'node:stream';
import { type Actor, type Log, newId } from '@plinth/sdk';
import type { WebSocket } from 'ws';
import { problemOf } from '../front/problems.ts';
import type { TenantState } from '../tenancy/state.ts';
import { errors } from './errors.ts';
import type { RealtimeLimits } from './limits.ts';
import { CLOSE, type ClientMessage, parseMessage, text, type WrongMessage } from './protocol.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';
import { admit, receive } from './visit.ts';

/** What the sockets of a node share. */
export interface Node {
  readonly limits: RealtimeLimits;
  readonly log: Log;
  readonly topics: Topics;
  readonly connections: Set<Connection>;
  /** Readers that were too slow. */
  dropped: number;
}

/** Tells who somebody is, by their token. */
export type Authenticate = (token: string) => Promise<Actor | undefined> | Actor | undefined;

/**
 * One page's socket: who it is, where it is, and how much of it we put up with. Its tenant is settled: no message can
 * name another.
 */
export class Connection {
  readonly tenantId: string;
  readonly platform: boolean;
  readonly node: Node;
  actor: Actor = { kind: 'anonymous' };
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #authenticate: Authenticate;
  readonly #topics = new Map<string, Topic>();
  readonly #heartbeat: NodeJS.Timeout;
  #token: string | undefined;
  #greeted = false;
  /** Somebody's rights ended since it was asked who this is: the answer may be out of date. */
  #doubted = false;
  #open = true;
  /** Heard from since the last ping. */
  #alive = true;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #tokens: number;
  #refilled = performance.now();

  constructor(socket: WebSocket, raw: Duplex, tenant: TenantState, node: Node, authenticate: Authenticate) {
    this.tenantId = tenant.facts.id;
    this.platform = tenant.platform;
    this.node = node;
    this.#socket = socket;
    this.#raw = raw;
    this.#authenticate = authenticate;
    this.#tokens = node.limits.burst;
    // Each at its own time: ten thousand pings at once would hold up everything else.
    this.#heartbeat = setInterval(() => this.#beat(), node.limits.heartbeatMs).unref();
    node.connections.add(this);
    socket
      .on('message', (data: Buffer, binary: boolean) => this.#receive(data, binary))
      .on('pong', () => {
        this.#alive = true;
      })
      .on('error', () => {})
      .on('close', () => this.#closed());
  }

  get accountId(): string | undefined {
    return this.actor.kind === 'person' ? this.actor.accountId : undefined;
  }

  /** What a page says: one message after the other, in the order they were sent. */
  hear(message: ClientMessage | WrongMessage): void {
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      if (this.#open) await this.#answer(message);
      this.#waiting -= 1;
    });
  }

  send(message: string): void {
    if (this.#open) this.#socket.send(message);
  }

  /** Past `ws`, to the same effect: without compression it writes at once too, so the order is kept. */
  write(frame: Buffer): void {
    if (!this.#open) return;
    this.#raw.write(frame);
    if (this.#raw.writableLength <= this.node.limits.bufferedBytes) return;
    this.node.dropped += 1;
    this.close(CLOSE.slow, 'too slow');
  }

  /** A credential or an account ended. */
  end(subjectId: string): void {
    this.#doubted = true;
    if (this.actor.kind !== 'person') return;
    const { accountId, credential } = this.actor;
    if ([accountId, credential.id].includes(subjectId)) this.close(CLOSE.unauthenticated, 'sign in again');
  }

  /** Whoever is no longer who they were comes back, and every channel decides anew. */
  async recheck(): Promise<void> {
    this.#doubted = true;
    if (this.#token === undefined || this.actor.kind === 'anonymous') return;
    try {
      const actor = await this.#authenticate(this.#token);
      if (!sameRights(actor, this.actor)) this.close(CLOSE.unauthenticated, 'sign in again');
    } catch {
      // The database is away; its return is a reason to ask again.
    }
  }

  /** Ends it from our side. A reader that does not answer is cut off: what waits for it is not kept. */
  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), 2000).unref();
    this.#closed();
  }

  expel(topic: Topic): void {
    this.#topics.delete(topic.name);
    this.send(text.closed(topic.name, errors.channel_closed()));
  }

  #closed(): void {
    this.#open = false;
    clearInterval(this.#heartbeat);
    for (const topic of this.#topics.values()) this.#leave(topic);
    this.node.connections.delete(this);
  }

  #beat(): void {
    if (!this.#greeted) return this.close(CLOSE.protocol, 'no hello');
    if (!this.#alive) return this.#socket.terminate();
    this.#alive = false;
    this.#socket.ping();
  }

  #receive(data: Buffer, binary: boolean): void {
    if (!this.#open) return;
    this.#alive = true;
    if (!this.#take()) return;
    if (this.#waiting >= this.node.limits.burst) return this.close(CLOSE.flood, 'too many messages');
    this.hear(binary ? { type: 'wrong' } : parseMessage(data.toString()));
  }

  /** A token bucket that may run into debt: a page that ignores its refusals loses its socket. */
  #take(): boolean {
    const { burst, perSecond, patience } = this.node.limits;
    const now = performance.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) / 1000) * perSecond) - 1;
    this.#refilled = now;
    if (this.#tokens < -patience) this.close(CLOSE.flood, 'too many messages');
    else if (this.#tokens < 0)
      this.send(text.error(errors.socket_flood({ retryAfter: Math.ceil(-this.#tokens / perSecond) })));
    return this.#tokens >= 0;
  }

  async #answer(message: ClientMessage | WrongMessage): Promise<void> {
    const requestId = newId();
    try {
      await this.#handle(message, requestId);
    } catch (error) {
      const problem = problemOf(error);
      const about = { tenant: this.tenantId, requestId, error };
      if (problem.status >= 500) this.node.log.error('socket-message-failed', about);
      this.send(text.error(problem, 'id' in message ? message.id : undefined));
      // Who it is could not be found out just now.
      if (!this.#greeted) this.close(CLOSE.restart, 'come back');
    }
  }

  async #handle(message: ClientMessage | WrongMessage, requestId: string): Promise<void> {
    if (message.type === 'hello') return this.#greet(message.token);
    if (!this.#greeted) return this.close(CLOSE.protocol, 'say hello first');
    switch (message.type) {
      case 'wrong':
        throw errors.socket_message();
      case 'ping':
        return this.send(text.pong);
      case 'join': {
        const { channelsPerSocket } = this.node.limits;
        if (!this.#topics.has(message.channel) && this.#topics.size >= channelsPerSocket)
          throw errors.too_many_channels();
        const found = await admit(this, message.channel, requestId);
        if (!this.#open) return;
        const topic = this.node.topics.enter(this, message.channel, found);
        this.#topics.set(topic.name, topic);
        return this.send(topic.joined(message.id, message.after, message.epoch));
      }
      case 'leave':
        this.#leave(this.#topic(message.channel));
        return this.send(text.ack(message.id));
      case 'send': {
        const topic = this.#topic(message.channel);
        await receive(this, topic, message.message, requestId);
        if (this.accountId !== undefined) topic.typing(this.accountId, false);
        return this.send(text.ack(message.id));
      }
      case 'typing': {
        const topic = this.#topic(message.channel);
        if (this.accountId !== undefined) topic.typing(this.accountId, true);
      }
    }
  }

  async #greet(token: string | undefined): Promise<void> {
    if (this.#greeted) throw errors.socket_message({ detail: 'A page says hello once.' });
    let actor: Actor | undefined = this.actor;
    do {
      this.#doubted = false;
      if (token !== undefined) actor = await this.#authenticate(token);
    } while (this.#doubted);
    if (!this.#open) return;
    if (!actor) return this.close(CLOSE.unauthenticated, 'sign in again');
    this.#greeted = true;
    this.#token = token;
    this.actor = actor;
    this.send(text.welcome(this.accountId));
  }

  #topic(channel: string): Topic {
    const topic = this.#topics.get(channel);
    if (!topic) throw errors.not_joined({ detail: channel });
    return topic;
  }

  #leave(topic: Topic): void {
    this.#topics.delete(topic.name);
    this.node.topics.leave(this, topic);
  }
}

function sameRights(now: Actor | undefined, before: Actor): boolean {
  if (now?.kind !== 'person' || before.kind !== 'person') return now?.kind === before.kind;
  return now.operator === before.operator && now.permissions.symmetricDifference(before.permissions).size === 0;
}
