import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import type { Room } from '../room.ts';
import { Consumers, type Deliver } from './consumers.ts';
import { type DeadLetter, deadLetters, type Which } from './dead-letters.ts';
import { Deliveries, type InHand } from './deliveries.ts';
import { type EventFigures, eventFigures } from './figures.ts';
import { Line } from './line.ts';
import { type RelayDeps, type Relayed, relayOnce } from './relay.ts';
import { relayAll, relayLoop } from './relay-loop.ts';
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
  const { database, clock, log, enabled, attempts = 8, keepDays = 30 } = deps;
  let started = false;

  const subscriptions = new Subscriptions(database);
  const line = new Line({ database, log, room: 'events', onWake: wake, onSweep: sweep });
  const deliveries = new Deliveries(database, line.id);
  const consumers = new Consumers({ deliveries, clock, log, enabled, attempts });
  const relay = relayLoop(relayNext, log);
  const isTimeToForget = retention({ database, clock, log, keepDays });
  const dead = deadLetters(database, () => clock.now(), wake);

  function wake(): void {
    if (line.leading) relay.wake();
    consumers.pull();
  }

  async function relayNext(): Promise<Relayed> {
    let mine: InHand[] = [];
    const send: RelayDeps['send'] = async (client, sent) => {
      mine = consumers.choose(sent);
      await deliveries.add(client, sent, new Set(mine), clock.now());
    };
    try {
      const relayed = await relayOnce({ database, enabled, send });
      consumers.begin(mine);
      if (mine.length < relayed.sent) {
        consumers.pull();
        line.ring();
      }
      return relayed;
    } catch (error) {
      consumers.giveUp(mine);
      throw error;
    }
  }

  async function sweep(): Promise<void> {
    await deliveries.releaseOrphans();
    if (isTimeToForget()) await subscriptions.write(clock.now());
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
      while ((await relayAll(relayNext)) || (await consumers.settle()) > 0);
    },

    async start() {
      await subscriptions.write(clock.now());
      started = true;
      await line.start();
    },

    async drain() {
      await relay.stop();
      await consumers.drain();
    },

    async stop() {
      await relay.stop();
      await consumers.drain();
      await line.stop();
    },
  };
}
