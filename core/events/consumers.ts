import type { Clock, Log } from '@plinth/sdk';
import type { Deliveries, Delivery, Outcome, Pointer } from './deliveries.ts';
import { reasonOf, retryDelay } from './failure.ts';
import { gather, gatherForSure } from './gather.ts';
import { inTime } from './in-time.ts';
import { Loop } from './loop.ts';
import { pluginOf, type RelayDeps } from './relay.ts';

export interface Handler {
  readonly event: string;
  deliver(delivery: Delivery): Promise<void>;
}

export interface ConsumersDeps {
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: RelayDeps['enabled'];
}

/** A delivery that has failed so often is dead. */
const ATTEMPTS = 8;
/** Handlers that run at the same time on one node; more would only wait for each other's connections. */
const AT_ONCE = 10;
const BATCH = 100;
/** Consumers are quick, and leave the rest to a job. A late one may still commit: the inbox keeps the effect single. */
const HANDLER_MS = 60_000;
/** Switched off since it was sent: it waits, in case the plugin is switched on again before the event is forgotten. */
const OFF_MS = 60_000;

/** Takes deliveries and puts each in front of its handler. Outcomes are written together, and kept until they could be. */
export class Consumers {
  /** By `plugin/id`. */
  readonly handlers = new Map<string, Handler>();
  /** How many handlers have ended so far. */
  count = 0;
  readonly #deps: ConsumersDeps;
  readonly #look = gather((pointers: readonly Pointer[]) => this.#deps.deliveries.look(pointers));
  readonly #finish = gatherForSure(
    (outcomes: readonly Outcome[]) => this.#deps.deliveries.finish(outcomes),
    () => this.#draining,
  );
  readonly #pulling = new Loop(
    () => this.#pull(),
    (error) => this.#deps.log.warn('deliveries-not-taken', { error: String(error) }),
  );
  /** Each until its outcome is written. */
  readonly #inHand = new Map<Delivery, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  /** There may be more than was taken. */
  #more = false;
  /** The answer to a take was lost: there may be deliveries in our name that we know nothing of. */
  #unsure = false;
  #draining = false;

  constructor(deps: ConsumersDeps) {
    this.#deps = deps;
  }

  /** No more deliveries for a plugin on this node, once those that it has in hand are through. */
  async remove(plugin: string): Promise<void> {
    const itsOwn = (consumer: string) => pluginOf(consumer) === plugin;
    for (const consumer of this.handlers.keys()) if (itsOwn(consumer)) this.handlers.delete(consumer);
    await Promise.all([...this.#inHand].map(([item, through]) => itsOwn(item.consumer) && through));
  }

  /** Looks for what is due. Cheap to call: calls that come while it looks become one more look. */
  pull(): void {
    this.#pulling.wake();
  }

  /** A delivery that came another way. Resolves when its outcome is written. */
  async receive(pointer: Pointer): Promise<void> {
    const item = await this.#look(pointer);
    if (!item) return this.#deps.log.warn('event-forgotten', { ...pointer });
    await this.#begin(item);
  }

  /** Takes what is due, and waits until everything in hand is through. */
  async settle(): Promise<void> {
    this.pull();
    await this.#pulling.idle();
    await Promise.all(this.#inHand.values());
  }

  /** Begins nothing more, and waits for what it has begun. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#pulling.stop();
    await Promise.all(this.#inHand.values());
  }

  async #pull(): Promise<undefined> {
    const { deliveries, clock } = this.#deps;
    const room = BATCH - this.#waiting.length;
    this.#more = room < BATCH / 2;
    if (this.#more || this.handlers.size === 0) return;
    const unsure = this.#unsure;
    // If the answer gets lost.
    this.#unsure = true;
    if (unsure) await deliveries.release([...this.#inHand.keys()]);
    const taken = await deliveries.take([...this.handlers.keys()], clock.now(), room);
    this.#unsure = false;
    this.#more = taken.length === room;
    for (const item of taken) void this.#begin(item);
  }

  #begin(item: Delivery): Promise<void> {
    const through = this.#seeThrough(item).finally(() => this.#inHand.delete(item));
    this.#inHand.set(item, through);
    return through;
  }

  /** From its turn to the outcome that is written down. */
  async #seeThrough(item: Delivery): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#work();
    });
    const outcome = await this.#handle(item);
    this.#busy--;
    this.count++;
    this.#work();
    if (this.#more) this.pull();
    await this.#finish(outcome);
  }

  #work(): void {
    while (this.#busy < AT_ONCE) {
      const begin = this.#waiting.shift();
      if (!begin) return;
      this.#busy++;
      begin();
    }
  }

  /** One delivery from its handler to its outcome; never throws. */
  async #handle(item: Delivery): Promise<Outcome> {
    const uncounted = (delay: number, why: string) => this.#again(item, item.attempt - 1, delay, why);
    try {
      if (this.#draining) return uncounted(0, 'the node stopped');
      if (item.handled) return { kind: 'done', of: item };
      // The nodes that tried went away each time, perhaps because of it.
      if (item.attempt > ATTEMPTS) throw new Error('no node has survived it');
      const handler = this.handlers.get(item.consumer);
      if (!handler) return uncounted(0, 'not on this node any more');
      const enabled = await this.#deps.enabled(item.tenantId, pluginOf(item.consumer));
      if (!enabled) return uncounted(OFF_MS, 'switched off');
      await inTime(handler.deliver(item), HANDLER_MS, `took longer than ${HANDLER_MS / 1000} s`);
      return { kind: 'done', of: item };
    } catch (error) {
      return this.#failed(item, error);
    }
  }

  #failed(item: Delivery, error: unknown): Outcome {
    const { log } = this.#deps;
    const { event, consumer, tenantId: tenant, eventId, attempt } = item;
    const reason = reasonOf(error);
    const fields = { event, consumer, tenant, eventId, attempt, error: reason };
    if (attempt >= ATTEMPTS) {
      log.error('event-dead', fields);
      return { ...this.#again(item, attempt, 0, reason), kind: 'dead' };
    }
    log.warn('event-failed', fields);
    return this.#again(item, attempt, retryDelay(attempt), reason);
  }

  #again(of: Delivery, attempt: number, delay: number, error: string) {
    const dueAt = new Date(this.#deps.clock.now().getTime() + delay);
    return { kind: 'waiting', of, attempt, dueAt, error } as const;
  }
}
