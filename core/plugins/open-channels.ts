import type { Visit } from '../realtime/channels.ts';
import type { RealtimeApi } from '../realtime/realtime.ts';
import type { PluginContext } from './context.ts';
import type { Loaded, Runtime } from './runtime.ts';

/** Opens a plugin's channels to pages, and closes those that its version before had and it has not. */
export function openChannels(
  runtime: Runtime,
  realtime: Pick<RealtimeApi, 'register' | 'unregister'>,
  loaded: Loaded,
): void {
  const { header, contributions } = loaded.plugin;
  const open = new Set<string>();
  for (const contribution of contributions) {
    if (contribution.kind !== 'socket') continue;
    const channel = header.channels?.[contribution.name];
    if (!channel) continue;
    const { auth, join, receive } = contribution;
    open.add(channel.path);
    realtime.register({
      plugin: header.id,
      channel,
      auth,
      enabled: (tenantId) => runtime.tenancy.enabledNow(tenantId, header.id),
      ...(join
        ? {
            join: async (visit) => void (await join(await contextOf(runtime, loaded, visit), { params: visit.params })),
          }
        : {}),
      ...(receive
        ? {
            receive: async (visit, message) =>
              void (await receive(await contextOf(runtime, loaded, visit), { params: visit.params, message })),
          }
        : {}),
    });
  }
  realtime.unregister(header.id, open);
}

async function contextOf(
  runtime: Runtime,
  loaded: Loaded,
  { tenantId, actor, requestId, signal }: Visit,
): Promise<PluginContext> {
  const tenant = await runtime.tenancy.byId(tenantId);
  if (!tenant) throw new Error(`tenant ${tenantId} is gone`);
  const { clock, log } = runtime;
  return new loaded.Context({ tenant, actor, requestId, clock, log, signal: () => signal });
}
