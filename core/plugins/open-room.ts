import type { Room } from '../room.ts';
import { KERNEL } from '../rooms.ts';
import { CallContext } from './call.ts';
import type { HostDeps } from './host.ts';
import type { Runtime } from './runtime.ts';
import { startOf } from './work.ts';

/** Connects a room's consumers and jobs, as the host does for a plugin's. Their handlers get a bare `Call`. */
export async function openRoom(
  room: Room,
  runtime: Runtime,
  events: HostDeps['events'],
  jobs: HostDeps['jobs'],
): Promise<void> {
  for (const contribution of room.contributions ?? []) {
    if (contribution.kind === 'consumer') {
      const { event, id, handler } = contribution;
      await events.subscribe({
        plugin: KERNEL,
        consumer: `${room.name}-${id}`,
        event: event.id,
        deliver: async (delivery) =>
          void (await handler(new CallContext(await startOf(runtime, delivery)), delivery.payload)),
      });
    }
    if (contribution.kind === 'job') {
      const { name, handler } = contribution;
      const job = room.jobs?.[name];
      if (!job) throw new Error(`the room ${room.name} has no job "${name}"`);
      await jobs.define({
        plugin: KERNEL,
        name,
        job,
        run: async (run) =>
          void (await handler(
            new CallContext({ ...(await startOf(runtime, run)), signal: () => run.signal }),
            run.data,
          )),
      });
    }
  }
}
