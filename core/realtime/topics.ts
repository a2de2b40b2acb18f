import { randomBytes } from 'node:crypto';
import type { Bus, BusMessage, News } from './bus.ts';
import { Channels, type Found } from './channels.ts';
import type { Connection } from './connection.ts';
import type { RealtimeLimits } from './limits.ts';
import { Topic } from './topic.ts';

/** A node that was not heard of for so many of its own announcements is dead. */
const SILENT_FOR = 3;

/** The channels that are open on this node, each of one tenant, and the line to the other nodes. */
export class Topics {
  readonly channels = new Channels();
  readonly node = randomBytes(6).toString('base64url');
  readonly #open = new Map<string, Topic>();
  /** Those that nobody is in, longest empty first: kept for a while for those who come back, but only so many. */
  readonly #empty = new Set<Topic>();
  readonly limits: RealtimeLimits;
  readonly #bus: Bus;
  readonly #announcing: NodeJS.Timeout;

  constructor(limits: RealtimeLimits, bus: Bus) {
    this.limits = limits;
    this.#bus = bus;
    bus.subscribe(
      (message) => this.#deliver(message),
      () => this.tellAll({ kind: 'lost' }),
    );
    this.#announcing = setInterval(() => this.#announce(), limits.announceMs).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  tellOthers(message: BusMessage): void {
    this.#bus.publish(message);
  }

  tellAll(message: BusMessage): void {
    this.#bus.publish(message);
    this.#deliver(message);
  }

  enter(connection: Connection, name: string, found: Found): Topic {
    const topic = this.#openOne(connection.tenantId, name, found);
    this.#empty.delete(topic);
    topic.enter(connection);
    return topic;
  }

  leave(connection: Connection, topic: Topic): void {
    topic.leave(connection);
    this.#keepForAWhile(topic);
  }

  close(which: (topic: Topic) => boolean): void {
    for (const topic of this.#open.values()) if (which(topic)) this.#forget(topic);
  }

  async stop(): Promise<void> {
    clearInterval(this.#announcing);
    this.close(() => true);
    await this.#bus.close();
  }

  #deliver(message: BusMessage): void {
    if (message.kind === 'lost') {
      for (const topic of this.#open.values()) topic.lost();
      return;
    }
    const { tenantId, channel, ...news } = message;
    const topic = this.#open.get(keyOf(tenantId, channel)) ?? this.#remembering(tenantId, channel, news);
    if (topic?.isEnabled) topic.hear(news);
  }

  /** Nobody is in it, but a newcomer is to be given its history. */
  #remembering(tenantId: string, channel: string, { kind }: News): Topic | undefined {
    const found = kind === 'event' ? this.channels.find(channel) : undefined;
    const registered = found?.entry.current;
    if (!registered || registered.channel.history === 0 || !registered.enabled(tenantId)) return undefined;
    const topic = this.#openOne(tenantId, channel, found);
    this.#keepForAWhile(topic);
    return topic;
  }

  #openOne(tenantId: string, name: string, found: Found): Topic {
    const key = keyOf(tenantId, name);
    const known = this.#open.get(key);
    if (known) return known;
    const topic = new Topic(tenantId, name, found, this);
    this.#open.set(key, topic);
    return topic;
  }

  #keepForAWhile(topic: Topic): void {
    if (topic.listeners.size > 0) return;
    topic.emptySince = performance.now();
    this.#empty.add(topic);
    this.#forgetEmpty();
  }

  #forgetEmpty(): void {
    const before = performance.now() - this.limits.idleMs;
    for (const topic of this.#empty) {
      if (this.#empty.size <= this.limits.idleChannels && topic.emptySince > before) return;
      this.#forget(topic);
    }
  }

  #forget(topic: Topic): void {
    this.#empty.delete(topic);
    this.#open.delete(keyOf(topic.tenantId, topic.name));
    topic.close();
  }

  #announce(): void {
    const silentSince = performance.now() - SILENT_FOR * this.limits.announceMs;
    for (const topic of this.#open.values()) topic.announce(silentSince);
    this.#forgetEmpty();
  }
}

/** An id has no space, so no channel's name can reach into another tenant. */
const keyOf = (tenantId: string, name: string) => `${tenantId} ${name}`;
