import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Bus, BusMessage } from './bus.ts';

/** The line between nodes over Redis. `channel` keeps Plinths apart that share a server. */
export async function redisBus(url: string, channel: string): Promise<Bus> {
  const options = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => 250 };
  // What is kept for a server that is away would arrive late and out of place: the gap is told of instead.
  const [out, inward] = [new Redis(url, { ...options, enableOfflineQueue: false }), new Redis(url, options)];
  const us = randomUUID();
  const close = () => {
    out.disconnect();
    inward.disconnect();
  };
  try {
    await Promise.all([opened(out), opened(inward)]);
  } catch (error) {
    close();
    const reason = error instanceof Error ? error.message : String(error);
    // Without its cause: that one shows the command which failed, and with it the password.
    throw new Error(
      `Redis at ${URL.parse(url)?.host}, which REDIS_URL names, does not serve: ${reason}. Start it, or mend REDIS_URL.`,
    );
  }
  return {
    publish: (message) => void out.publish(channel, us + JSON.stringify(message)).catch(() => {}),
    subscribe: (receive, reconnected) => {
      inward.on('message', (_, text) => {
        if (!text.startsWith(us)) receive(JSON.parse(text.slice(us.length)) as BusMessage);
      });
      void inward.subscribe(channel).then(() => out.on('ready', reconnected));
    },
    close: async () => close(),
  };
}

const ANSWER_MS = 10_000;

/** Its first attempt decides. What went wrong is not in the promise, but in what was told before. */
async function opened(redis: Redis): Promise<void> {
  let reason = 'it does not answer';
  redis.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.message || (error.code ?? reason);
  });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(reject, ANSWER_MS);
  try {
    await Promise.race([redis.connect(), late]);
  } catch {
    throw new Error(reason);
  } finally {
    clearTimeout(timer);
  }
}
