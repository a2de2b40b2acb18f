import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Bus, BusMessage } from './bus.ts';

/** The line between nodes over Redis. `channel` keeps Plinths apart that share a server. */
export async function redisBus(url: string, channel: string): Promise<Bus> {
  const options = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => 250 };
  // What is kept for a server that is away would arrive late and out of place: the gap is told of instead.
  const [out, inward] = [new Redis(url, { ...options, enableOfflineQueue: false }), new Redis(url, options)];
  const us = randomUUID();
  for (const each of [out, inward]) each.on('error', () => {});
  await Promise.all([out.connect(), inward.connect()]);
  return {
    publish: (message) => void out.publish(channel, us + JSON.stringify(message)).catch(() => {}),
    subscribe: (receive, reconnected) => {
      inward.on('message', (_, text) => {
        if (!text.startsWith(us)) receive(JSON.parse(text.slice(us.length)) as BusMessage);
      });
      void inward.subscribe(channel).then(() => out.on('ready', reconnected));
    },
    close: async () => {
      out.disconnect();
      inward.disconnect();
    },
  };
}
