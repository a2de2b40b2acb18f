import type { Actor, Auth } from '@plinth/sdk';
import { errors as kernel } from '../errors.ts';
import { allows } from '../plugins/call.ts';
import { checkOf } from '../schemas.ts';
import type { BusMessage } from './bus.ts';
import type { Entry, Visit } from './channels.ts';
import type { Connection, Desk } from './connection.ts';
import { errors } from './errors.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Attendance } from './presence.ts';
import { CLOSE } from './protocol.ts';
import type { Street } from './street.ts';
import { Topic } from './topic.ts';

/** Everything of one tenant on this node. A socket is given its house when it connects and can reach no other. */
export class House implements Desk {
  readonly tenantId: string;
  readonly limits: RealtimeLimits;
  readonly #street: Street;
  readonly #connections = new Set<Connection>();
  readonly #topics = new Map<string, Topic>();

  constructor(tenantId: string, street: Street) {
    this.tenantId = tenantId;
    this.limits = street.limits;
    this.#street = street;
  }

  get empty(): boolean {
    return this.#connections.size === 0 && this.#topics.size === 0;
  }
  get topics(): number {
    return this.#topics.size;
  }

  enter(connection: Connection): void {
    this.#connections.add(connection);
    this.#street.opened(connection);
  }

  admit({ actor }: Connection, since: number): boolean {
    return !subjectsOf(actor).some((id) => (this.#street.ended.get(id) ?? 0) >= since);
  }

  async join(connection: Connection, channel: string, requestId: string): Promise<Topic> {
    const found = this.#street.channels.find(channel);
    // A channel of a plugin that is off answers exactly like one that does not exist.
    if (!found || !this.#enabled(found.entry)) throw kernel.not_found({ detail: channel });
    const { entry, params } = found;
    refuseStranger(entry.current.auth, connection.actor);
    const { join } = entry.current;
    if (join) await this.#within(connection, { params, requestId }, join);
    if (!this.#street.channels.has(entry) || !this.#enabled(entry)) throw kernel.not_found({ detail: channel });
    return this.#open(channel, entry, params);
  }

  async receive(connection: Connection, topic: Topic, message: unknown, requestId: string): Promise<void> {
    const { channel, receive } = topic.entry.current;
    if (!this.#enabled(topic.entry)) throw errors.channel_closed();
    if (!receive || !channel.message) throw errors.channel_silent({ detail: topic.name });
    const wrong = checkOf(channel.message)(message);
    if (wrong) throw kernel.invalid_input({ errors: wrong });
    await this.#within(connection, { params: topic.params, requestId }, (visit) => receive(visit, message));
  }

  typing(topic: Topic, accountId: string, on: boolean): void {
    if (!topic.entry.current.channel.presence || !topic.typing(accountId, on)) return;
    this.#street.tellOthers({ kind: 'typing', tenantId: this.tenantId, channel: topic.name, accountId, on });
  }

  left(topic: Topic): void {
    if (topic.listeners.size > 0 || this.#topics.get(topic.name) !== topic) return;
    this.#street.idle.add(topic, () => this.#forget(topic));
  }

  told(topic: Topic, attendance: Attendance | undefined): void {
    if (!attendance || !topic.entry.current.channel.presence) return;
    const { node } = this.#street;
    this.#street.tellOthers({ kind: 'here', tenantId: this.tenantId, channel: topic.name, node, attendance });
  }

  announce(silentSince: number): void {
    for (const topic of this.#topics.values()) {
      if (topic.listeners.size > 0) this.told(topic, topic.presence.own());
      if (topic.presence.forgetSilent(silentSince)) topic.presenceChanged();
    }
  }

  closed(connection: Connection, code: number): void {
    this.#connections.delete(connection);
    this.#street.closed(connection, code);
  }

  failed(error: unknown, connection: Connection): void {
    this.#street.log.error('socket-message-failed', { tenant: this.tenantId, socket: connection.number, error });
  }

  /** From this node or another. */
  deliver(message: Exclude<BusMessage, { kind: 'lost' }>): void {
    const topic = this.#topics.get(message.channel) ?? this.#remembering(message);
    if (!topic || !this.#enabled(topic.entry)) return;
    if (message.kind === 'event') topic.publish(message.json, message.at);
    else if (message.kind === 'typing') topic.typing(message.accountId, message.on);
    else if (message.kind === 'who') this.told(topic, topic.presence.own());
    else {
      topic.presence.hear(message.node, message.attendance);
      topic.presenceChanged();
    }
  }

  /** Something may have been said that this node did not hear. */
  lost(): void {
    for (const topic of this.#topics.values()) topic.lost();
  }

  /** Closes the channels that `which` picks. */
  close(which: (entry: Entry) => boolean): void {
    for (const topic of this.#topics.values()) {
      if (!which(topic.entry)) continue;
      this.#forget(topic);
      this.#street.idle.delete(topic);
      for (const connection of this.#connections)
        if (connection.topics.get(topic.name) === topic) connection.expel(topic);
    }
  }

  end(subjectId: string): void {
    for (const connection of this.#connections) {
      if (subjectsOf(connection.actor).includes(subjectId)) connection.close(CLOSE.unauthenticated, 'sign in again');
    }
  }

  #enabled(entry: Entry): boolean {
    return entry.current.enabled(this.tenantId);
  }

  /** Nobody is in it, but a newcomer is to be given its history. */
  #remembering({ kind, channel }: { kind: string; channel: string }): Topic | undefined {
    const found = kind === 'event' ? this.#street.channels.find(channel) : undefined;
    if (!found || found.entry.current.channel.history === 0 || !this.#enabled(found.entry)) return undefined;
    const topic = this.#open(channel, found.entry, found.params);
    this.left(topic);
    return topic;
  }

  #open(name: string, entry: Entry, params: Readonly<Record<string, string>>): Topic {
    const known = this.#topics.get(name);
    if (known) {
      this.#street.idle.delete(known);
      return known;
    }
    const topic = new Topic(name, entry, params, this.limits);
    this.#topics.set(name, topic);
    if (entry.current.channel.presence)
      this.#street.tellOthers({ kind: 'who', tenantId: this.tenantId, channel: name });
    return topic;
  }

  #forget(topic: Topic): void {
    topic.close();
    this.#topics.delete(topic.name);
  }

  /** Runs a plugin's handler with a deadline, so that one that hangs does not hold up the page behind it for ever. */
  async #within(
    connection: Connection,
    about: Pick<Visit, 'params' | 'requestId'>,
    run: (visit: Visit) => Promise<void>,
  ) {
    const deadline = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      deadline.abort();
      late.reject(kernel.unavailable({ detail: 'The handler took too long.' }));
    }, this.limits.handlerMs);
    const visit = { ...about, tenantId: this.tenantId, actor: connection.actor, signal: deadline.signal };
    try {
      await Promise.race([run(visit), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What can end a socket by ending itself. */
function subjectsOf(actor: Actor): readonly string[] {
  return actor.kind === 'person' ? [actor.credential.id, actor.accountId] : [];
}

function refuseStranger(auth: Auth, actor: Actor): void {
  if (auth === 'public') return;
  if (actor.kind !== 'person') throw kernel.unauthenticated();
  // Channels declare no scope, so a key that is limited to scopes enters none but public ones.
  if (actor.scopes) throw kernel.forbidden({ detail: 'API keys cannot join this channel.' });
  if (auth === 'operator' && !actor.operator) throw kernel.forbidden({ detail: 'Only the platform’s operators may.' });
  if (typeof auth === 'object' && !allows(actor, auth.permission)) {
    throw kernel.forbidden({ detail: `The permission "${auth.permission}" is needed.` });
  }
}
