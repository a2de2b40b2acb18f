// Several nodes on one database: who relays, who takes over, and what a lost connection costs.
import { beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../events/events.ts';
import { ADA, aHouse, BOB, type House, PLUGIN } from './rooms/house.ts';

let house: House;
const nodes: { stop?(): Promise<void> }[] = [];

beforeEach(async () => {
  house = await aHouse();
  return async () => {
    for (const node of nodes.splice(0)) await node.stop?.();
    await house.close();
  };
});

const realClock = { now: () => new Date() };
const TIPPED = 'tip-jar.tip-sent@1';
const facts = (count: number) => Array.from({ length: count }, () => ({ event: TIPPED }));

/** A started node with a consumer whose effects are committed once. */
async function aNode(on = house, consumer = 'open-goal') {
  const events = createEvents({
    database: on.database,
    clock: realClock,
    log: on.log,
    enabled: () => true,
  });
  const got: string[] = [];
  await events.subscribe({
    plugin: PLUGIN,
    consumer,
    event: TIPPED,
    deliver: async (delivery) => {
      got.push(delivery.eventId);
      await on.apply(delivery);
    },
  });
  await events.start?.();
  nodes.push(events);
  return { events, got };
}

async function allEffects(count: number): Promise<void> {
  await vi.waitFor(async () => expect(new Set(await house.effects()).size).toBe(count), { timeout: 15_000 });
  expect(await house.effects()).toHaveLength(count);
}

test('a node that does not lead is woken by a notice, not by its next look', async () => {
  await aNode();
  const { events } = await aNode();
  const began = performance.now();
  for (let count = 1; count <= 10; count++) {
    await house.emit(...facts(1));
    events.nudge();
    await allEffects(count);
  }
  // By looking alone each would take up to a second.
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('events that nobody was told of are found by looking', async () => {
  await aNode();
  await house.emit(...facts(3));
  await allEffects(3);
});

test('two nodes share the work, and every effect happens once', async () => {
  const one = await aNode();
  const two = await aNode();
  for (let i = 0; i < 10; i++) {
    await house.emit(...facts(100));
    two.events.nudge();
  }
  await allEffects(1_000);
  expect(one.got.length).toBeGreaterThan(0);
  expect(two.got.length).toBeGreaterThan(0);
});

test('when the leader stops, another node leads', async () => {
  const one = await aNode();
  await aNode();
  await one.events.drain?.();
  await one.events.stop?.();
  nodes.shift();
  await house.emit(...facts(5));
  await allEffects(5);
});

test('what a silent node had in hand is given to another', async () => {
  await aNode();
  const silent = '0192f000-0000-7000-8000-0000000000ff';
  await house.owner(`insert into kernel.member values ($1, 'events')`, [silent]);
  // Relayed, and in its hand.
  await house.owner(`insert into kernel.outbox (tenant_id, id, event, payload) values ('${ADA}', '${BOB}', '${TIPPED}', '{}');
    insert into kernel.delivery (tenant_id, event_id, consumer, due_at, worker) values ('${ADA}', '${BOB}', '${PLUGIN}/open-goal', now(), '${silent}');
    update kernel.relay_cursor set (xid, seq) = (select xid, seq from kernel.outbox)`);
  await allEffects(1);
  expect(await house.owner('select id from kernel.member where id = $1', [silent])).toEqual([]);
  expect(house.logged).toContain('node-silent');
});

test('a consumer that only another node knows is left to that node', async () => {
  await aNode(house, 'open-goal');
  const { got } = await aNode(house, 'thank');
  await house.emit(...facts(2));
  await vi.waitFor(() => expect(got).toHaveLength(2), { timeout: 5_000 });
  await vi.waitFor(async () => expect(await house.effects()).toHaveLength(4));
});

test('cut connections are built again, and nothing is lost or done twice', async () => {
  const { events } = await aNode();
  let acknowledged = 0;
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 20; i++) {
      await house.emit(...facts(2)).then(
        () => (acknowledged += 2),
        () => {},
      );
      events.nudge();
    }
    await house.owner(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = '${house.database.roles.app}'`);
  }
  const written = await house.owner('select id from kernel.outbox');
  expect(acknowledged).toBeGreaterThan(150);
  expect(written.length).toBeGreaterThanOrEqual(acknowledged);
  await allEffects(written.length);
});

test('a node that stops gives back what it has not begun', async () => {
  const slow = createEvents({
    database: house.database,
    clock: realClock,
    log: house.log,
    enabled: () => true,
  });
  const { promise: open, resolve: letThrough } = Promise.withResolvers<void>();
  let begun = 0;
  await slow.subscribe({
    plugin: PLUGIN,
    consumer: 'open-goal',
    event: TIPPED,
    deliver: async () => {
      begun++;
      await open;
    },
  });
  await house.emit(...facts(30));
  await slow.start?.();
  nodes.push(slow);
  await vi.waitFor(() => expect(begun).toBe(10));
  const stopping = slow.drain?.();
  letThrough();
  await stopping;
  expect(begun).toBe(10);
  expect(await house.owner('select distinct state, attempt, worker from kernel.delivery')).toEqual([
    { state: 'waiting', attempt: 0, worker: null },
  ]);
});

test('rows that came from another cluster are put in order before its events', async () => {
  const { renumberOutbox } = await import('../events/relay.ts');
  const events = createEvents({
    database: house.database,
    clock: realClock,
    log: house.log,
    enabled: () => true,
  });
  const got: unknown[] = [];
  await events.subscribe({
    plugin: PLUGIN,
    consumer: 'open-goal',
    event: TIPPED,
    deliver: async (delivery) => void got.push(delivery.payload),
  });
  await house.emit({ event: TIPPED, payload: 1 });
  await events.settle();
  await house.emit({ event: TIPPED, payload: 2 });
  // Numbers of a cluster that was far ahead of this one.
  await house.owner(`update kernel.outbox set xid = '900000000000'`);
  await house.owner(`update kernel.relay_cursor set xid = '900000000000'`);
  await house.database.spanning((_tx, client) => renumberOutbox(client));
  await house.emit({ event: TIPPED, payload: 3 });
  await events.settle();
  expect(got).toEqual([1, 2, 3]);
});
