import { connect } from '@nats-io/transport-node';
import type { Bus, BusMessage } from './bus.ts';

/** The line between nodes over NATS. `subject` keeps Plinths apart that share a server. */
export async function natsBus(servers: string, subject: string): Promise<Bus> {
  const options = { servers, noEcho: true, maxReconnectAttempts: -1, reconnectTimeWait: 250 };
  const connection = await connect(options).catch((cause: Error) => {
    throw new Error(`The server that NATS_URL names does not answer: ${cause.message}.`, { cause });
  });
  let connected = true;
  return {
    publish: (message) => {
      // What is kept for a server that is away would arrive late and out of place: the gap is told of instead.
      if (connected) connection.publish(subject, JSON.stringify(message));
    },
    subscribe: (receive, reconnected) => {
      connection.subscribe(subject, { callback: (_, message) => receive(message.json<BusMessage>()) });
      void (async () => {
        for await (const { type } of connection.status()) {
          if (type === 'disconnect') connected = false;
          if (type !== 'reconnect') continue;
          connected = true;
          reconnected();
        }
      })();
    },
    close: () => connection.close(),
  };
}
