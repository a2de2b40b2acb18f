import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  type ConsumerMessages,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';
import type { Log } from '@plinth/sdk';
import type { Pointer } from './deliveries.ts';
import { reconnectDelay } from './failure.ts';
import type { Handled } from './inbox.ts';

export interface JetStreamDeps {
  readonly servers: string;
  /** Keeps Plinths apart that share a server. */
  readonly name: string;
  readonly log: Log;
  /** When it resolves, nothing more is asked of us: the outcome is written. */
  readonly receive: (delivery: Pointer) => Promise<void>;
}

const DURABLE = 'deliver';
const AT_ONCE = 40;
/** A node that dies leaves its messages to others after so long; one that lives says so in time. */
const ACK_WAIT_MS = 10_000;
const WORKING_MS = 3_000;
const FETCH_MS = 5_000;
const DEDUPLICATE_MS = 120_000;
const NOT_WRITTEN_MS = 1_000;

/**
 * Deliveries over NATS JetStream: a work queue on disk, from which every node draws. A message only points to an event,
 * so no tenant's data leaves the database. What fails goes to the table and is tried again from there.
 */
export class JetStream {
  readonly #deps: JetStreamDeps;
  readonly #stream: string;
  readonly #inHand = new Map<JsMsg, Promise<void>>();
  readonly #working: NodeJS.Timeout;
  readonly #receiving: Promise<void>;
  #connection: Promise<NatsConnection> | undefined;
  #fetching: ConsumerMessages | undefined;
  #stopped = false;

  constructor(deps: JetStreamDeps) {
    this.#deps = deps;
    this.#stream = `${deps.name}_events`;
    this.#working = setInterval(() => {
      for (const message of this.#inHand.keys()) message.working();
    }, WORKING_MS).unref();
    this.#receiving = this.#receiveAll();
  }

  /** When it resolves, JetStream has them on disk. */
  async send(deliveries: readonly Handled[]): Promise<void> {
    const js = jetstream(await this.#connect());
    await Promise.all(
      deliveries.map(({ tenantId, eventId, consumer }) =>
        js.publish(`${this.#stream}.${consumer.replace('/', '.')}`, JSON.stringify({ tenantId, eventId, consumer }), {
          // A relay that lost the answer sends again.
          msgID: `${eventId} ${consumer}`,
        }),
      ),
    );
  }

  /** For tests: until all that was sent has been received and is through. */
  async settle(): Promise<void> {
    const manager = await jetstreamManager(await this.#connect());
    // A work queue keeps what is not acknowledged. (The consumer's own count lags behind what it was sent.)
    while ((await manager.streams.info(this.#stream)).state.messages > 0) await sleep(5);
  }

  /** Receives no more. What has been received is still acknowledged. */
  async drain(): Promise<void> {
    this.#stopped = true;
    await this.#fetching?.close();
    await this.#receiving;
    await Promise.all(this.#inHand.values());
  }

  async close(): Promise<void> {
    clearInterval(this.#working);
    await this.#connection?.then((connection) => connection.close());
  }

  #connect(): Promise<NatsConnection> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #open(): Promise<NatsConnection> {
    const { servers } = this.#deps;
    const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 250 });
    await this.#prepare(connection).catch(async (error: unknown) => {
      await connection.close();
      throw error;
    });
    return connection;
  }

  /** Makes the stream and its consumer where they are missing. Existing ones stay as the operator has set them. */
  async #prepare(connection: NatsConnection): Promise<void> {
    const manager = await jetstreamManager(connection);
    await manager.streams.info(this.#stream).catch(() =>
      manager.streams.add({
        name: this.#stream,
        subjects: [`${this.#stream}.>`],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        duplicate_window: nanos(DEDUPLICATE_MS),
      }),
    );
    await manager.consumers.info(this.#stream, DURABLE).catch(() =>
      manager.consumers.add(this.#stream, {
        durable_name: DURABLE,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ACK_WAIT_MS),
        max_ack_pending: -1,
      }),
    );
  }

  async #receiveAll(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      try {
        const connection = await this.#connect();
        // A server that lost its disk lost the stream too.
        if (failures > 0) await this.#prepare(connection);
        const consumer = await jetstream(connection).consumers.get(this.#stream, DURABLE);
        this.#fetching = await consumer.fetch({ max_messages: AT_ONCE, expires: FETCH_MS });
        for await (const message of this.#fetching) this.#handle(message);
        failures = 0;
        while (this.#inHand.size >= AT_ONCE && !this.#stopped) await Promise.race(this.#inHand.values());
      } catch (error) {
        if (failures++ === 0) this.#deps.log.warn('jetstream-away', { error: String(error) });
        await sleep(reconnectDelay(failures), undefined, { ref: false });
      }
    }
  }

  #handle(message: JsMsg): void {
    const through = this.#deps
      .receive({ ...message.json<Handled>(), attempt: message.info.deliveryCount })
      .then(
        () => message.ack(),
        () => message.nak(NOT_WRITTEN_MS),
      )
      .finally(() => this.#inHand.delete(message));
    this.#inHand.set(message, through);
  }
}
