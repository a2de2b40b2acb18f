import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import type { Room } from '../room.ts';
import { Consumers, type Deliver } from './consumers.ts';
import { type DeadLetter, deadLetters, type Which } from './dead-letters.ts';
import { Deliveries } from './deliveries.ts';
import { type EventFigures, eventFigures } from './figures.ts';
import { type Carrier, type CarrierDeps, JetStream } from './jetstream.ts';
import { Line } from './line.ts';
import { relayOnce } from './relay.ts';
import { relayAll, relayByTable, relayLoop } from './relay-loop.ts';
import { retention } from './retention.ts';
import { Subscriptions } from './subscriptions.ts';

export interface EventsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  /** How often a failing consumer is tried before the delivery is dead. */
  readonly attempts?: number;
  /** How long handled events are kept, and dead letters wait for somebody to look. */
  readonly keepDays?: number;
  /** Carries deliveries over JetStream instead of a table. */
  readonly natsUrl?: string | undefined;
}

export interface Subscription {
  readonly plugin: string;
  /** Its durable name within the plugin. */
  readonly consumer: string;
  readonly event: string;
  readonly deliver: Deliver;
}

/**
 * Facts on their way from the transaction that wrote them to everyone who consumes them. Each consumer gets each event
 * at least once and in no promised order, also not per key: a consumer compares versions or times if it must know.
 */
export interface EventsApi {
  /** Can be called at any time; a consumer that was known before resumes where it was. */
  subscribe(subscription: Subscription): Promise<void>;
  /** This node delivers no more to a plugin. What comes meanwhile waits for the plugin's next version, or other nodes. */
  unsubscribe(plugin: string): Promise<void>;
  /** The plugin is gone for good: so are its subscriptions and what waited for it. */
  forget(plugin: string): Promise<void>;
  /** Call it after a commit that wrote to the outbox. */
  nudge(): void;
  /** For tests: relays and delivers until nothing is left that is due. */
  settle(): Promise<void>;
  listDead(
    tenantId: string,
    page?: { consumer?: string; after?: string; limit?: number },
  ): Promise<{ items: DeadLetter[]; next?: string }>;
  /** Gives dead deliveries all their attempts again. Answers how many there were. */
  replay(tenantId: string, which?: Which): Promise<number>;
  figures(): Promise<EventFigures>;
}

export function createEvents(deps: EventsDeps): Room & EventsApi {
  const { database, clock, log, enabled, attempts = 8, keepDays = 30, natsUrl } = deps;
  let started = false;
  let carrier: Carrier | undefined;

  const subscriptions = new Subscriptions(database);
  const line = new Line({ database, log, room: 'events', onWake: wake, onSweep: sweep });
  const deliveries = new Deliveries(database, line.id);
  const consumers = new Consumers({ deliveries, clock, log, enabled, attempts });
  const byTable = relayByTable({ database, enabled, deliveries, consumers, clock, onLeft });
  const relayNext = (to = carrier) =>
    to ? relayOnce({ database, enabled, send: (_client, sent) => to.send(sent) }) : byTable();
  const relay = relayLoop(relayNext, log);
  const forgetHourly = retention({ database, clock, log, keepDays, subscriptions });
  const dead = deadLetters(database, () => clock.now(), wake);

  function wake(): void {
    if (line.leading) relay.wake();
    consumers.pull();
  }

  /** This node cannot begin all that it has relayed. */
  function onLeft(): void {
    consumers.pull();
    line.ring();
  }

  async function drain(): Promise<void> {
    await Promise.all([relay.stop(), carrier?.drain(), consumers.drain()]);
  }

  async function sweep(): Promise<void> {
    await deliveries.releaseOrphans();
    forgetHourly();
  }

  return {
    name: 'events',
    contributions: dead.routes,
    listDead: dead.list,
    replay: dead.replay,
    figures: () => eventFigures(database),

    async subscribe({ plugin, consumer, event, deliver }) {
      consumers.set(`${plugin}/${consumer}`, deliver);
      subscriptions.add(`${plugin}/${consumer}`, event);
      if (!started) return;
      await subscriptions.write(clock.now());
      consumers.pull();
    },

    async unsubscribe(plugin) {
      subscriptions.remove(plugin);
      await consumers.remove(plugin);
    },

    async forget(plugin) {
      await consumers.remove(plugin);
      await subscriptions.forget(plugin);
    },

    nudge() {
      if (line.leading) relay.wake();
      else line.ring();
    },

    async settle() {
      if (!started) await subscriptions.write(clock.now());
      while ((await relayAll(relayNext)) || (await carrier?.settle()) || (await consumers.settle()) > 0);
    },

    async start() {
      await subscriptions.write(clock.now());
      started = true;
      const receive: CarrierDeps['receive'] = (pointer, attempt) => consumers.receive(pointer, attempt);
      if (natsUrl !== undefined)
        carrier = new JetStream({ servers: natsUrl, name: database.roles.prefix, log, receive });
      await line.start();
    },

    drain,

    async stop() {
      await drain();
      await carrier?.close();
      await line.stop();
    },
  };
}
