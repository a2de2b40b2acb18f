// What the kernel does by itself in a plugin's name: delivers events to it, and runs its jobs.
import { MediaFailed, MediaFinished, MediaPlayable } from '@plinth/sdk/services/media.ts';
import { RenderFailed, RenderFinished } from '@plinth/sdk/services/renders.ts';
import type { Delivery } from '../events/deliveries.ts';
import type { JobRun } from '../jobs/execution.ts';
import type { CallStart } from './call.ts';
import { ALREADY_HANDLED } from './context.ts';
import type { Loaded, Runtime } from './runtime.ts';

type Handler = (...given: readonly unknown[]) => Promise<unknown>;

/** What became of one plugin's work, with its params and findings: nothing that another one may read. */
const OWN_AFFAIRS: ReadonlySet<string> = new Set(
  [RenderFinished, RenderFailed, MediaFinished, MediaPlayable, MediaFailed].map(({ id }) => id),
);

function concerns({ event, payload }: Delivery, plugin: string): boolean {
  return !OWN_AFFAIRS.has(event) || (payload as { plugin: string }).plugin === plugin;
}

export async function deliver(runtime: Runtime, loaded: Loaded, delivery: Delivery, handler: Handler): Promise<void> {
  if (!concerns(delivery, loaded.id)) return;
  const ctx = new loaded.Context(await startOf(runtime, delivery), { delivery });
  const { eventId, attempt, emittedAt } = delivery;
  const handle = () => handler(ctx, delivery.payload, { eventId, attempt, emittedAt: emittedAt.toISOString() });
  try {
    await (runtime.tracing?.span(`event ${delivery.consumer}`, { 'plinth.event_id': eventId }, handle) ?? handle());
  } catch (error) {
    if (error !== ALREADY_HANDLED) throw error;
  }
}

export async function runJob(runtime: Runtime, loaded: Loaded, run: JobRun, handler: Handler): Promise<void> {
  const ctx = new loaded.Context({ ...(await startOf(runtime, run)), signal: () => run.signal }, { run });
  const work = () => handler(ctx, run.data);
  await (runtime.tracing?.span(`job of ${loaded.id}`, { 'plinth.request_id': run.requestId }, work) ?? work());
}

/** How the kernel's own work begins: a delivery or a run acts for the system, in the name of whoever caused it. */
export async function startOf(
  { tenancy, clock, log }: Runtime,
  { tenantId, actor, requestId }: Pick<JobRun, 'tenantId' | 'actor' | 'requestId'>,
): Promise<CallStart> {
  const tenant = await tenancy.byId(tenantId);
  if (!tenant) throw new Error(`tenant ${tenantId} is gone`);
  const onBehalfOf = actor.accountId === undefined ? {} : { onBehalfOf: actor.accountId };
  return { tenant, actor: { kind: 'system', ...onBehalfOf }, requestId, clock, log };
}
