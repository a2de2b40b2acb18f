import type { Plugin } from '@plinth/sdk';
import pg from 'pg';
import { extensionsOf } from '../plugins/ask-point.ts';
import { listSlot } from '../plugins/list-slot.ts';
import { fakeOf } from './fake.ts';
import type { TestKernel } from './kernel.ts';

/**
 * Where a plugin that is switched off in a tenant still makes itself heard: the events, jobs, points, slots and sockets
 * that reach it although they should not. (The front, the fifth place, is asked by a request.)
 */
export async function silenceOf(
  test: TestKernel,
  { header, contributions }: Plugin,
  tenantId: string,
): Promise<string[]> {
  const { runtime, tenancy, events, jobs } = test.kernel;
  const heard: string[] = [];
  const tenant = await tenancy.byId(tenantId);
  if (!tenant) throw new Error('no such tenant');
  for (const each of contributions) {
    if (each.kind === 'fill' && listSlot(runtime, tenant, each.slot).some(({ plugin }) => plugin === header.id))
      heard.push(`slot ${each.slot.id}`);
    if (
      each.kind === 'extend' &&
      extensionsOf(runtime, tenant, each.point).some(({ loaded }) => loaded.id === header.id)
    )
      heard.push(`point ${each.point.id}`);
    if (each.kind === 'socket' && tenancy.enabledNow(tenantId, header.id)) heard.push(`socket ${each.name}`);
  }
  const client = new pg.Client(test.owner);
  await client.connect();
  try {
    for (const each of contributions) {
      if (each.kind !== 'consumer') continue;
      await client.query(
        'insert into kernel.outbox (tenant_id, id, event, payload) values ($1, gen_random_uuid(), $2, $3)',
        [tenantId, each.event.id, JSON.stringify(fakeOf(each.event.payload))],
      );
    }
    for (const [name, job] of Object.entries(header.jobs ?? {})) {
      await test.kernel.database.tenant(tenantId, (_tx, inside) =>
        jobs.enqueue(inside, {
          tenantId,
          plugin: header.id,
          job: name,
          data: fakeOf(job.data),
          actor: { kind: 'system' },
          requestId: '',
        }),
      );
    }
    await events.settle();
    await jobs.settle();
    const { rows: deliveries } = await client.query<{ consumer: string }>(
      'select consumer from kernel.delivery where tenant_id = $1 and consumer like $2',
      [tenantId, `${header.id}/%`],
    );
    const { rows: started } = await client.query<{ job: string }>(
      'select job from kernel.job_run where tenant_id = $1 and plugin = $2 and attempts > 0',
      [tenantId, header.id],
    );
    return [
      ...heard,
      ...deliveries.map((row) => `event to ${row.consumer}`),
      ...started.map((row) => `job ${row.job}`),
    ];
  } finally {
    await client.end();
  }
}
