import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import type { Room } from '../room.ts';
import { Consumers, type Handler } from './consumers.ts';
import { deadLetters } from './dead-letters.ts';
import { Deliveries } from './deliveries.ts';
import { forgetOld } from './forget.ts';
import { JetStream } from './jetstream.ts';
import { Line } from './line.ts';
import { relayLoop, UNREAD } from './relay.ts';
import { forgetConsumers, writeSubscriptions } from './subscriptions.ts';

export interface EventsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  /** Carries deliveries over JetStream instead of a table. */
  readonly natsUrl?: string | undefined;
}

export interface Subscription extends Handler {
  readonly plugin: string;
  /** Its durable name within the plugin. */
  readonly consumer: string;
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
  /**
   * For metrics: deliveries on their way and dead ones, events that have not been fanned out, and how long the oldest of
   * these has been waiting. If that rises, no node relays, or a transaction is left open somewhere.
   */
  figures(): ReturnType<typeof figures>;
}

export function createEvents(deps: EventsDeps): Room & EventsApi {
  const { database, clock, log, enabled, natsUrl } = deps;
  let started = false;
  let carrier: JetStream | undefined;

  const line = new Line<{ due: boolean }>({
    ...{ database, log, room: 'events', onRing: wake },
    look: () => `select ${UNREAD} or exists (select from kernel.delivery
      where state = 'waiting' and worker is null and due_at <= '${clock.now().toISOString()}') as due`,
    onLook: ({ due }) => due && wake(),
    onSweep: () => deliveries.releaseOrphans(),
    async onHour() {
      await subscribeAll();
      if (line.leading) await forgetOld(database, clock.now(), [...consumers.handlers.keys()]);
    },
  });
  const deliveries = new Deliveries(database, line.id);
  const consumers = new Consumers({ deliveries, clock, log, enabled });
  const relay = relayLoop({
    ...{ database, log, enabled },
    send: (client, sent) => carrier?.send(sent) ?? deliveries.add(client, sent, clock.now()),
    onSent() {
      if (carrier) return;
      consumers.pull();
      line.ring();
    },
  });
  const subscribeAll = () => writeSubscriptions(database, consumers.handlers, clock.now());

  function wake(): void {
    if (line.leading) relay.wake();
    consumers.pull();
  }

  async function drain(): Promise<void> {
    await Promise.all([relay.stop(), carrier?.drain(), consumers.drain()]);
  }

  return {
    name: 'events',
    contributions: deadLetters(database, () => clock.now(), wake),
    figures: () => figures(database),

    async subscribe({ plugin, consumer, event, deliver }) {
      consumers.handlers.set(`${plugin}/${consumer}`, { event, deliver });
      if (!started) return;
      await subscribeAll();
      consumers.pull();
    },

    unsubscribe: (plugin) => consumers.remove(plugin),

    async forget(plugin) {
      await consumers.remove(plugin);
      await forgetConsumers(database, "split_part(consumer, '/', 1) = $1", [plugin]);
    },

    nudge() {
      if (line.leading) relay.wake();
      else line.ring();
    },

    async settle() {
      if (!started) await subscribeAll();
      for (let before = -1; before !== consumers.count; ) {
        before = consumers.count;
        relay.wake();
        await relay.idle();
        await carrier?.settle();
        await consumers.settle();
      }
    },

    async start() {
      await subscribeAll();
      started = true;
      const receive: Consumers['receive'] = (pointer) => consumers.receive(pointer);
      if (natsUrl) carrier = new JetStream({ servers: natsUrl, name: database.roles.prefix, log, receive });
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

async function figures(database: Database) {
  const none = { waiting: 0, dead: 0, unread: 0, oldestMs: 0 };
  const { rows } = await database.spanning(
    (_tx, client) =>
      client.query<typeof none>(
        `select (select count(*)::int from kernel.delivery where state = 'waiting') as waiting,
           (select count(*)::int from kernel.delivery where state = 'dead') as dead, count(o.id)::int as unread,
           coalesce(extract(epoch from now() - min(o.created_at)) * 1000, 0)::float8 as "oldestMs"
         from kernel.relay_cursor c left join kernel.outbox o on (o.xid, o.seq) > (c.xid, c.seq)`,
      ),
    'read',
  );
  return rows[0] ?? none;
}
