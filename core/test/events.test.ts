// Events from the transaction that wrote them to their consumers, on a real PostgreSQL.
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Delivery } from '../events/deliveries.ts';
import { createEvents, type EventsDeps } from '../events/events.ts';
import { markHandled } from '../events/inbox.ts';
import { writeOutbox } from '../events/outbox.ts';
import { relayOnce } from '../events/relay.ts';
import { TestClock } from '../testing/clock.ts';
import { ADA, aHouse, BOB, type House, PLUGIN } from './rooms/house.ts';
import { aNats, natsBinary, type Server } from './rooms/server.ts';

let house: House;
let clock: TestClock;
let natsUrl: string | undefined;
const started: Node[] = [];

beforeEach(async () => {
  house = await aHouse();
  clock = new TestClock();
  return async () => {
    for (const node of started.splice(0)) await node.stop?.();
    await house.close();
  };
});

const DAY = 86_400_000;
const TIPPED = 'tip-jar.tip-sent@1';

type Node = ReturnType<typeof createEvents>;

async function aNode(over: Partial<EventsDeps> = {}): Promise<Node> {
  const { database, log } = house;
  const events = createEvents({ database, clock, log, enabled: () => true, natsUrl, ...over });
  if (natsUrl === undefined) return events;
  // Only a started node is connected; without NATS it need not be.
  await events.start?.();
  started.push(events);
  return events;
}

/** A consumer that keeps what it is given. */
async function listening(events: Node, consumer: string, behave?: (delivery: Delivery) => Promise<unknown>) {
  const got: Delivery[] = [];
  await events.subscribe({
    plugin: PLUGIN,
    consumer,
    event: TIPPED,
    deliver: async (delivery) => {
      got.push(delivery);
      await behave?.(delivery);
    },
  });
  return got;
}

/** Somebody who may look at dead letters, in front of the room's routes. */
async function asking(events: Node, path: string, tenantId: string, request: object): Promise<unknown> {
  const route = events.contributions?.find((each) => each.kind === 'route' && `${each.method} ${each.path}` === path);
  return route?.kind === 'route' ? route.handler({ tenant: { id: tenantId } }, request) : undefined;
}

const dead = async (events: Node, tenantId: string, query: object = {}) =>
  (await asking(events, 'GET /events/dead', tenantId, { query })) as { items: { eventId: string }[]; next?: string };
const replay = async (events: Node, tenantId: string, body: object = {}) =>
  ((await asking(events, 'POST /events/dead/replay', tenantId, { body })) as { replayed: number }).replayed;

async function useUpAttempts(events: Node): Promise<void> {
  for (let hours = 0; hours < 24; hours += 2) {
    await events.settle();
    clock.advance('2h');
  }
}

const refuse = () => Promise.reject(new Error('the jar is closed'));

describe.each(['the table', 'JetStream'])('over %s', (driver) => {
  describe.skipIf(driver === 'JetStream' && !natsBinary)('', () => {
    let nats: Server | undefined;
    beforeAll(async () => {
      nats = driver === 'JetStream' ? await aNats() : undefined;
      natsUrl = nats?.url;
      return async () => {
        natsUrl = undefined;
        await nats?.stop();
      };
    });

    test('an event reaches every consumer of it with who did it, and nobody else', async () => {
      const events = await aNode();
      const first = await listening(events, 'open-goal');
      const second = await listening(events, 'thank');
      const person = {
        kind: 'person',
        accountId: BOB,
        credential: { kind: 'session', id: 's' },
        permissions: new Set<string>(),
        operator: false,
      } as const;
      await events.settle();
      await house.emit(
        { event: TIPPED, payload: { points: 5 }, actor: person, requestId: 'r-1' },
        { event: 'other.thing@1' },
      );
      await events.settle();

      expect(first).toHaveLength(1);
      expect(first[0]).toMatchObject({
        tenantId: ADA,
        consumer: `${PLUGIN}/open-goal`,
        event: TIPPED,
        payload: { points: 5 },
        actor: { kind: 'person', accountId: BOB },
        requestId: 'r-1',
        attempt: 1,
      });
      expect(first[0]?.actor).not.toHaveProperty('permissions');
      expect(second).toHaveLength(1);
      expect(await house.owner('select * from kernel.delivery')).toEqual([]);
    });

    test('what a transaction wrote before it failed is never delivered', async () => {
      const events = await aNode();
      const got = await listening(events, 'open-goal');
      await expect(
        house.database.plugin(PLUGIN, ADA, async (_tx, client) => {
          await writeOutbox(client, [{ tenantId: ADA, event: TIPPED, payload: {} }]);
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
      await events.settle();
      expect(got).toEqual([]);
    });

    test('an event that commits after a later one is not stepped over', async () => {
      const events = await aNode();
      const got = await listening(events, 'open-goal');
      await events.settle();
      const slow = await house.database.pool.connect();
      await slow.query(`begin; set local role "${house.database.roles.kernel}"; set local app.tenant = '${ADA}'`);
      await writeOutbox(slow, [{ tenantId: ADA, event: TIPPED, payload: { from: 'slow' } }]);
      await house.emit({ event: TIPPED, payload: { from: 'fast' } });
      const sent: unknown[] = [];
      const { database } = house;
      const relayed = await relayOnce({
        database,
        enabled: () => true,
        send: async (_client, some) => void sent.push(...some),
      });
      expect(relayed).toEqual({ sent: 0, left: 'held' });
      await slow.query('commit');
      slow.release();
      await events.settle();
      expect(got.map((delivery) => delivery.payload)).toEqual([{ from: 'slow' }, { from: 'fast' }]);
    });

    test('a tenant that has the plugin switched off gets nothing, also not what was on its way', async () => {
      const off = new Set<string>([BOB]);
      const events = await aNode({ enabled: async (tenant) => !off.has(tenant) });
      let working = false;
      const got = await listening(events, 'open-goal', () => (working ? Promise.resolve() : refuse()));
      await house.emit({ event: TIPPED, tenantId: ADA });
      await house.emit({ event: TIPPED, tenantId: BOB });
      await events.settle();
      expect(got.map((delivery) => delivery.tenantId)).toEqual([ADA]);

      working = true;
      off.add(ADA).delete(BOB);
      clock.advance('1h');
      await events.settle();
      expect(got).toHaveLength(1);

      off.clear();
      clock.advance('1h');
      await events.settle();
      expect(got.map((delivery) => [delivery.tenantId, delivery.attempt])).toEqual([
        [ADA, 1],
        [ADA, 2],
      ]);
    });

    test('a failing consumer is tried again later and later, the others are not held up by it', async () => {
      const events = await aNode();
      const bad = await listening(events, 'open-goal', refuse);
      const good = await listening(events, 'thank');
      await house.emit({ event: TIPPED });
      await events.settle();
      expect([bad.length, good.length]).toEqual([1, 1]);
      clock.advance('999ms');
      await events.settle();
      expect(bad).toHaveLength(1);
      clock.advance('201ms');
      await events.settle();
      expect(bad).toHaveLength(2);
      clock.advance('3900ms');
      await events.settle();
      expect(bad).toHaveLength(2);
      clock.advance('1000ms');
      await events.settle();
      expect(bad.map((delivery) => delivery.attempt)).toEqual([1, 2, 3]);
      expect(good).toHaveLength(1);
    });

    test('after its last attempt a delivery is a dead letter that can be looked at and replayed', async () => {
      const events = await aNode();
      let mended = false;
      const got = await listening(events, 'open-goal', () => (mended ? Promise.resolve() : refuse()));
      await house.emit({ event: TIPPED, payload: { points: 5 } });
      await useUpAttempts(events);
      expect(got).toHaveLength(8);
      const { items } = await dead(events, ADA);
      expect(items).toMatchObject([
        {
          consumer: `${PLUGIN}/open-goal`,
          event: TIPPED,
          payload: { points: 5 },
          attempts: 8,
          error: expect.stringContaining('the jar is closed'),
        },
      ]);
      expect((await dead(events, BOB)).items).toEqual([]);
      expect(house.logged).toContain('event-dead');
      expect(await events.figures()).toMatchObject({ waiting: 0, dead: 1, unread: 0 });

      mended = true;
      expect(await replay(events, BOB)).toBe(0);
      expect(await replay(events, ADA, { consumer: `${PLUGIN}/other` })).toBe(0);
      expect(await replay(events, ADA, { eventId: items[0]?.eventId ?? '' })).toBe(1);
      await events.settle();
      expect(got.slice(7).map((delivery) => delivery.attempt)).toEqual([8, 1]);
      expect((await dead(events, ADA)).items).toEqual([]);
    });

    test('dead letters come in pages', async () => {
      const events = await aNode();
      await listening(events, 'open-goal', refuse);
      await house.emit(...Array.from({ length: 5 }, () => ({ event: TIPPED })));
      await useUpAttempts(events);
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await dead(events, ADA, { limit: 2, ...(after ? { after } : {}) });
        seen.push(...page.items.map((item) => item.eventId));
        after = page.next;
        if (!after) break;
      }
      expect(new Set(seen).size).toBe(5);
      expect(seen).toHaveLength(5);
    });

    test('an effect that was committed is not repeated when the delivery comes again', async () => {
      const events = await aNode();
      const got = await listening(events, 'open-goal', async (delivery) => {
        await house.apply(delivery);
        throw new Error('died after the commit');
      });
      await house.emit({ event: TIPPED });
      await events.settle();
      clock.advance('1h');
      await events.settle();
      expect(got).toHaveLength(1);
      expect(await house.effects()).toHaveLength(1);
      expect(await house.owner('select * from kernel.delivery')).toEqual([]);
    });

    test('an event handled without a commit is marked as handled all the same', async () => {
      const events = await aNode();
      await listening(events, 'open-goal');
      await house.emit({ event: TIPPED });
      await events.settle();
      expect(await house.owner('select consumer from kernel.inbox')).toEqual([{ consumer: `${PLUGIN}/open-goal` }]);
    });

    test('a consumer whose plugin is being swapped misses nothing; one that is forgotten gets nothing', async () => {
      const events = await aNode();
      await listening(events, 'open-goal');
      await events.settle();
      await events.unsubscribe(PLUGIN);
      await house.emit({ event: TIPPED });
      await events.settle();
      const next = await listening(events, 'open-goal');
      await events.settle();
      expect(next).toHaveLength(1);

      await events.forget(PLUGIN);
      await house.emit({ event: TIPPED });
      await events.settle();
      await listening(events, 'open-goal');
      await events.settle();
      expect(next).toHaveLength(1);
      expect(await house.owner('select * from kernel.delivery')).toEqual([]);
    });

    test('taking a plugin away waits for the handlers that run', async () => {
      const events = await aNode();
      const { promise: open, resolve: letThrough } = Promise.withResolvers<void>();
      const got = await listening(events, 'open-goal', () => open);
      await house.emit({ event: TIPPED });
      const settled = events.settle();
      await vi.waitFor(() => expect(got).toHaveLength(1));
      let gone = false;
      const leaving = events.unsubscribe(PLUGIN).then(() => {
        gone = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(gone).toBe(false);
      letThrough();
      await leaving;
      await settled;
    });
  });
});

test('two transactions with the same effect: the second waits, and is told to give up', async () => {
  const handled = { tenantId: ADA, eventId: BOB, consumer: `${PLUGIN}/open-goal` };
  const applied = await Promise.all([house.apply(handled), house.apply(handled), house.apply(handled)]);
  expect(applied.sort()).toEqual([false, false, true]);
  expect(await house.effects()).toHaveLength(1);
});

test('a plugin of one tenant cannot mark or read what another has handled', async () => {
  const handled = { tenantId: ADA, eventId: BOB, consumer: `${PLUGIN}/open-goal` };
  await house.apply(handled);
  await expect(
    house.database.plugin(PLUGIN, BOB, (_tx, client) => markHandled(client, { ...handled, eventId: ADA })),
  ).rejects.toThrow('row-level security');
  const seen = await house.database.plugin(
    PLUGIN,
    BOB,
    async (_tx, client) => (await client.query('select * from kernel.inbox')).rows,
  );
  expect(seen).toEqual([]);
});

test('handled events are forgotten after their time, those on their way are not', async () => {
  const events = await aNode();
  let working = true;
  await listening(events, 'open-goal', () => (working ? Promise.resolve() : refuse()));
  await house.emit({ event: TIPPED, payload: { old: true } });
  await events.settle();
  working = false;
  await house.emit({ event: TIPPED, payload: { stuck: true } });
  await events.settle();
  await house.owner(`update kernel.outbox set created_at = $1; `, [new Date(Date.now() - 31 * DAY)]);
  await house.owner(`update kernel.inbox set handled_at = $1`, [new Date(Date.now() - 31 * DAY)]);
  await events.start?.();
  await vi.waitFor(async () =>
    expect(await house.owner('select payload from kernel.outbox')).toEqual([{ payload: { stuck: true } }]),
  );
  await vi.waitFor(async () => expect(await house.owner('select * from kernel.inbox')).toEqual([]));
  await events.stop?.();
});

test('a consumer that its plugin has dropped is forgotten after a day, with what waited for it', async () => {
  const before = await aNode();
  await listening(before, 'open-goal');
  await listening(before, 'dropped');
  await before.settle();
  await before.unsubscribe(PLUGIN);
  const after = await aNode();
  await listening(after, 'open-goal');
  await house.emit({ event: TIPPED });
  await after.settle();
  const consumers = async () =>
    (await house.owner('select consumer from kernel.subscription order by 1')).map((row) => row.consumer);
  expect(await consumers()).toHaveLength(2);
  clock.advance('25h');
  await after.start?.();
  await vi.waitFor(async () => expect(await consumers()).toEqual([`${PLUGIN}/open-goal`]));
  expect(await house.owner('select * from kernel.delivery')).toEqual([]);
  await after.stop?.();
});
