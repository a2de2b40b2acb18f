// Events per second from the transaction that writes them to the consumer's committed effect, and how late they are.
// The rival is what one would write first: a NOTIFY in every commit, and workers that take one row at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@plinth/sdk';
import { createEvents } from '../core/events/events.ts';
import { markHandled } from '../core/events/inbox.ts';
import { writeOutbox } from '../core/events/outbox.ts';
import { Count, inParallel, openPlace, PLUGIN, type Place, p99 } from './place.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = 5;
const EVENTS = 3_000;
const WRITERS = 16;
/** As many handlers at once as the kernel runs. */
const WORKERS = 10;
const STEADY = 200;
const STEADY_EVERY_MS = 5;

/** Emits one event in a transaction of its own. `onEffect` is called when its effect has been committed. */
interface Way {
  emit(id: string): Promise<void>;
  onEffect: (id: string) => void;
  stop(): Promise<void>;
}

export default async function events(): Promise<BenchResult> {
  const place = await openPlace();
  const ways = { outbox: await theOutbox(place), naive: await theNaive(place) };
  const seen: Record<string, number[]> = {};
  const note = (name: string, value: number) => {
    seen[name] ??= [];
    seen[name].push(value);
  };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const perSecond = await flood(way);
      const delay = await trickle(way);
      // The first round warms caches and the compiler.
      if (round === 0) continue;
      note(`${name}PerSecond`, perSecond);
      note(`${name}DelayP99Ms`, delay.p99);
      note(`${name}DelayP50Ms`, delay.p50);
    }
  }
  for (const way of Object.values(ways)) await way.stop();
  await place.close();
  const ratios = (seen.outboxPerSecond ?? []).map(
    (value, round) => value / (seen.naivePerSecond?.[round] ?? Number.NaN),
  );
  const medians = Object.fromEntries(
    Object.entries(seen).map(([name, values]) => [name, Math.round(median(values) * 10) / 10]),
  );
  return { ratio: { naive: median(ratios) }, medians };
}

/** As fast as it goes: from the first event to the last effect. */
async function flood(way: Way): Promise<number> {
  const count = new Count(EVENTS);
  way.onEffect = () => count.one();
  const began = performance.now();
  await inParallel(EVENTS, WRITERS, () => way.emit(newId()));
  await count.done;
  return EVENTS / ((performance.now() - began) / 1000);
}

/** With air between: from the commit to the effect. */
async function trickle(way: Way): Promise<{ p50: number; p99: number }> {
  const count = new Count(STEADY);
  const began = new Map<string, number>();
  const delays: number[] = [];
  way.onEffect = (id) => {
    delays.push(performance.now() - (began.get(id) ?? performance.now()));
    count.one();
  };
  for (let i = 0; i < STEADY; i++) {
    const id = newId();
    await way.emit(id).then(() => began.set(id, performance.now()));
    await sleep(STEADY_EVERY_MS);
  }
  await count.done;
  return { p50: median(delays), p99: p99(delays) };
}

async function theOutbox({ database, tenantId }: Place): Promise<Way> {
  const log = { debug() {}, info() {}, warn: console.error, error: console.error };
  const room = createEvents({ database, clock: { now: () => new Date() }, log, enabled: () => true });
  const way: Way = {
    onEffect: () => {},
    async emit(id) {
      await database.plugin(PLUGIN, tenantId, (_tx, client) =>
        writeOutbox(client, [{ tenantId, event: 'meter.ticked@1', payload: { id } }]),
      );
      room.nudge();
    },
    async stop() {
      await room.drain?.();
      await room.stop?.();
    },
  };
  await room.subscribe({
    plugin: PLUGIN,
    consumer: 'count',
    event: 'meter.ticked@1',
    async deliver(delivery) {
      const { id } = delivery.payload as { id: string };
      await database.plugin(PLUGIN, tenantId, async (_tx, client) => {
        if (!(await markHandled(client, delivery))) throw new Error('delivered twice');
        await client.query('insert into meter.effect (tenant_id, cause) values ($1, $2)', [tenantId, id]);
      });
      way.onEffect(id);
    },
  });
  await room.start?.();
  return way;
}

async function theNaive({ pool, owner, tenantId }: Place): Promise<Way> {
  const { default: pg } = await import('pg');
  await pool.query(`create schema naive; create table naive.event (seq bigint generated always as identity primary key, payload jsonb not null);
    create table naive.effect (id bigint generated always as identity primary key, tenant_id uuid not null, cause text not null)`);
  const workers = new pg.Pool({ ...owner, max: WORKERS + 1 });
  let stopped = false;
  const wake: (() => void)[] = [];
  const listener = await workers.connect();
  await listener.query('listen naive');
  listener.on('notification', () => {
    for (const one of wake.splice(0)) one();
  });
  const way: Way = {
    onEffect: () => {},
    async emit(id) {
      const client = await pool.connect();
      await client.query('begin');
      await client.query('insert into naive.event (payload) values ($1)', [JSON.stringify({ id })]);
      await client.query('notify naive');
      await client.query('commit');
      client.release();
    },
    async stop() {
      stopped = true;
      for (const one of wake) one();
      await Promise.all(loops);
      listener.release();
      await workers.end();
    },
  };
  const work = async () => {
    while (!stopped) {
      const client = await workers.connect();
      await client.query('begin');
      const { rows } = await client.query<{ seq: string; payload: { id: string } }>(
        'select seq, payload from naive.event order by seq limit 1 for update skip locked',
      );
      const event = rows[0];
      if (event) {
        await client.query('insert into naive.effect (tenant_id, cause) values ($1, $2)', [tenantId, event.payload.id]);
        await client.query('delete from naive.event where seq = $1', [event.seq]);
      }
      await client.query('commit');
      client.release();
      if (event) way.onEffect(event.payload.id);
      else await Promise.race([new Promise<void>((resolve) => wake.push(resolve)), sleep(1_000)]);
    }
  };
  const loops = Array.from({ length: WORKERS }, work);
  return way;
}
