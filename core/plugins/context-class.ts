import type { Channel, Collection, EnqueueOptions, Event, Header, Job, Need, Service } from '@plinth/sdk';
import { channelPath } from '../realtime/channels.ts';
import { askPoint } from './ask-point.ts';
import type { CallStart } from './call.ts';
import { callService, providerOf } from './call-service.ts';
import { PluginContext } from './context.ts';
import { documentStore } from './document-store.ts';
import { listSlot } from './list-slot.ts';
import type { Loaded, Runtime, Work } from './runtime.ts';

/**
 * Makes the ctx class of one plugin, once. Its getters build a small client bound to the ctx on first use of a need, so
 * a request pays only for what its handler touches.
 */
export function contextClass(runtime: Runtime, header: Header, settingsOf: Loaded['settingsOf']): Loaded['Context'] {
  class Context extends PluginContext {
    constructor(start: CallStart, work?: Work) {
      super(runtime, header.id, start, work);
    }
    get settings(): unknown {
      return settingsOf(this.start.tenant);
    }
  }
  const member = (name: string, get: (ctx: PluginContext) => unknown): void => {
    Object.defineProperty(Context.prototype, name, {
      get(this: PluginContext) {
        return get(this);
      },
    });
  };
  for (const [name, need] of Object.entries(header.needs ?? {})) member(name, needOf(runtime, header, need));
  member(
    'emit',
    boundTo(header.emits, (ctx, _name, event: Event) => (payload: unknown) => ctx.emitFact(event, payload)),
  );
  member(
    'enqueue',
    boundTo(
      header.jobs,
      (ctx, name, job: Job) => (data: unknown, options?: EnqueueOptions) => ctx.enqueueJob(name, job, data, options),
    ),
  );
  member(
    'publish',
    boundTo(
      header.channels,
      (ctx, _name, channel: Channel) => (params: Record<string, string>, event: unknown) =>
        ctx.publishEvent(channelPath(channel.path, params), channel.event, event),
    ),
  );
  const stores = boundTo(header.collections, (ctx, name, collection: Collection) =>
    documentStore(runtime, ctx, header.id, name, collection),
  );
  member('store', (ctx) =>
    Object.assign(stores(ctx), { transaction: (run: () => Promise<unknown>) => ctx.transaction(run) }),
  );
  return Context;
}

function boundTo<T>(
  table: Readonly<Record<string, T>> | undefined,
  bind: (ctx: PluginContext, name: string, value: T) => unknown,
): (ctx: PluginContext) => object {
  const entries = Object.entries(table ?? {});
  return (ctx) => Object.fromEntries(entries.map(([name, value]) => [name, bind(ctx, name, value)]));
}

function needOf(runtime: Runtime, header: Header, need: Need): (ctx: PluginContext) => unknown {
  switch (need.kind) {
    case 'service':
      return clientOf(runtime, header, need);
    case 'optional': {
      const client = clientOf(runtime, header, need.service);
      return (ctx) => (providerOf(runtime, ctx.start.tenant, need.service.id) ? client(ctx) : undefined);
    }
    case 'point':
      return (ctx) => (input: unknown) => askPoint(runtime, ctx, header.id, need, input);
    case 'slot':
      return (ctx) => async () => listSlot(runtime, ctx.start.tenant, need);
  }
}

function clientOf(runtime: Runtime, header: Header, service: Service): (ctx: PluginContext) => object {
  const methods = Object.keys(service.methods);
  return (ctx) =>
    Object.fromEntries(
      methods.map((method) => [method, (input: unknown) => callService(runtime, ctx, header, service, method, input)]),
    );
}
