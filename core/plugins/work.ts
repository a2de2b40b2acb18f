// What the kernel does by itself in a plugin's name: delivers events to it, and runs its jobs.
import type { CallStart } from './call.ts';
import { ALREADY_HANDLED } from './context.ts';
import type { Handled, Loaded, Runtime, Work } from './runtime.ts';

export interface Delivered extends Handled {
  readonly payload: unknown;
  readonly actor: { readonly kind: string; readonly accountId?: string };
  readonly requestId: string;
  readonly attempt: number;
  readonly emittedAt: Date;
}

export interface Running {
  readonly tenantId: string;
  readonly data: unknown;
  readonly actor: { readonly kind: string; readonly accountId?: string };
  readonly requestId: string;
  readonly signal: AbortSignal;
  step: NonNullable<Work['run']>['step'];
  progress: NonNullable<Work['run']>['progress'];
  commit: NonNullable<Work['run']>['commit'];
}

type Handler = (...given: readonly unknown[]) => Promise<unknown>;

export async function deliver(runtime: Runtime, loaded: Loaded, delivery: Delivered, handler: Handler): Promise<void> {
  const ctx = new loaded.Context(await startOf(runtime, delivery), { delivery });
  const { eventId, attempt, emittedAt } = delivery;
  const handle = () => handler(ctx, delivery.payload, { eventId, attempt, emittedAt: emittedAt.toISOString() });
  try {
    await (runtime.tracing?.span(`event ${delivery.consumer}`, { 'plinth.event_id': eventId }, handle) ?? handle());
  } catch (error) {
    if (error !== ALREADY_HANDLED) throw error;
  }
}

export async function runJob(runtime: Runtime, loaded: Loaded, run: Running, handler: Handler): Promise<void> {
  const ctx = new loaded.Context({ ...(await startOf(runtime, run)), signal: () => run.signal }, { run });
  const work = () => handler(ctx, run.data);
  await (runtime.tracing?.span(`job of ${loaded.id}`, { 'plinth.request_id': run.requestId }, work) ?? work());
}

/** How the kernel's own work begins: a delivery or a run acts for the system, in the name of whoever caused it. */
export async function startOf(
  { tenancy, clock, log }: Runtime,
  { tenantId, actor, requestId }: Pick<Running, 'tenantId' | 'actor' | 'requestId'>,
): Promise<CallStart> {
  const tenant = await tenancy.byId(tenantId);
  if (!tenant) throw new Error(`tenant ${tenantId} is gone`);
  const onBehalfOf = actor.accountId === undefined ? {} : { onBehalfOf: actor.accountId };
  return { tenant, actor: { kind: 'system', ...onBehalfOf }, requestId, clock, log };
}
