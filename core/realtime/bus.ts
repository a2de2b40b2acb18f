import { natsBus } from './bus-nats.ts';
import { redisBus } from './bus-redis.ts';
import type { Attendance } from './presence.ts';

/** What is told of one channel. */
export type News =
  | { readonly kind: 'event'; readonly at: string; readonly json: string }
  | { readonly kind: 'typing'; readonly accountId: string; readonly on: boolean }
  | { readonly kind: 'here'; readonly node: string; readonly attendance: Attendance }
  | { readonly kind: 'who' };

/** What nodes tell each other. Everything that is said in a channel names its tenant. */
export type BusMessage =
  | (News & { readonly tenantId: string; readonly channel: string })
  /** A node was cut off for a while: what was said meanwhile did not reach everybody. */
  | { readonly kind: 'lost' };

/** Carries messages to every other node, in the order they were given by one node; some may be lost. */
export interface Bus {
  publish(message: BusMessage): void;
  /** `reconnected` is called when messages of ours or of others may have been lost. */
  subscribe(receive: (message: BusMessage) => void, reconnected: () => void): void;
  close(): Promise<void>;
}

/** A node that is alone has nobody to tell. */
export const nobody: Bus = { publish: () => {}, subscribe: () => {}, close: async () => {} };

/** The line to the other nodes, over what the deployment has. `name` is the same on all nodes of one Plinth. */
export async function openBus(
  servers: { readonly natsUrl: string | undefined; readonly redisUrl: string | undefined },
  name: string,
): Promise<Bus> {
  if (servers.natsUrl !== undefined) return natsBus(servers.natsUrl, `${name}.realtime`);
  if (servers.redisUrl !== undefined) return redisBus(servers.redisUrl, `${name}.realtime`);
  return nobody;
}
