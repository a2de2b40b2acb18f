// A node as a process of its own: writes and consumes events, or enqueues and does jobs, until it is killed or told to stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { job } from '@plinth/sdk';
import { Type } from 'typebox';
import { createEvents } from '../../events/events.ts';
import { createJobs } from '../../jobs/jobs.ts';
import type { NodeOptions, Told } from './bad-day.ts';
import { ADA, openHouse, PLUGIN } from './house.ts';

const EVENT = 'meter.ticked@1';
const WRITERS = 8;

const options = JSON.parse(process.argv[2] ?? '') as NodeOptions;
const house = openHouse(options.connection);
const { database, log } = house;
const common = { database, log, clock: { now: () => new Date() }, enabled: () => true };
let loading = true;
let count = 0;

const tell = (told: Told) => process.send?.(told);
process.on('message', (wish) => {
  if (wish === 'rest') loading = false;
});
process.on('disconnect', () => process.exit());

const write = options.kind === 'events' ? await events() : await jobs();
tell({ ready: true });
await Promise.all(Array.from({ length: WRITERS }, load));

async function load(): Promise<void> {
  while (loading) {
    const name = `${process.pid}-${count++}`;
    try {
      await write(name);
      tell({ acknowledged: name });
      await sleep(5);
    } catch {
      // Not acknowledged: it may be there or not.
      await sleep(50);
    }
  }
}

async function events() {
  const room = createEvents({ ...common, natsUrl: options.natsUrl });
  await room.subscribe({
    plugin: PLUGIN,
    consumer: 'count',
    event: EVENT,
    deliver: async (delivery) => {
      const { name } = delivery.payload as { name: string };
      await house.apply({ ...delivery, cause: name });
    },
  });
  await room.start?.();
  return async (name: string) => {
    await house.emit({ event: EVENT, payload: { name } });
    room.nudge();
  };
}

async function jobs() {
  const backend = options.redisUrl
    ? ({ kind: 'redis', url: options.redisUrl } as const)
    : ({
        kind: 'postgres',
        connection: { ...options.connection, user: database.roles.app },
        owner: options.connection,
      } as const);
  const room = createJobs({ ...common, backend });
  await room.define({
    plugin: PLUGIN,
    name: 'count',
    job: job(Type.Object({ name: Type.String() })),
    run: async (run) => {
      const { name } = run.data as { name: string };
      await run.step('count', () =>
        database.plugin(PLUGIN, ADA, async (_tx, client) => {
          await client.query('insert into meter.effect (tenant_id, cause) values ($1, $2)', [ADA, name]);
          await run.commit(client, undefined);
        }),
      );
    },
  });
  await room.start?.();
  return async (name: string) => {
    const run = {
      tenantId: ADA,
      plugin: PLUGIN,
      job: 'count',
      data: { name },
      actor: { kind: 'system' },
      requestId: '',
    } as const;
    await database.plugin(PLUGIN, ADA, (_tx, client) => room.enqueue(client, run));
    room.nudge();
  };
}
