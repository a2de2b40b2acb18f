import { type Bus, nobody } from './bus.ts';
import { natsBus } from './bus-nats.ts';
import { redisBus } from './bus-redis.ts';

/** The line to the other nodes, over what the deployment has. `name` is the same on all nodes of one Plinth. */
export async function openBus(
  servers: { readonly natsUrl: string | undefined; readonly redisUrl: string | undefined },
  name: string,
): Promise<Bus> {
  if (servers.natsUrl !== undefined) return natsBus(servers.natsUrl, `${name}.realtime`).catch(silent('NATS_URL'));
  if (servers.redisUrl !== undefined) return redisBus(servers.redisUrl, `${name}.realtime`);
  return nobody;
}

function silent(setting: string) {
  return (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The server that ${setting} names does not answer: ${reason}.`, { cause: error });
  };
}
