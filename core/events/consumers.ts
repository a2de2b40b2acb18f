import type { Clock, Log } from '@plinth/sdk';
import { type Backoff, backoff } from './backoff.ts';
import type { Deliveries, Delivery, InHand, Outcome } from './deliveries.ts';
import { gather, insist } from './gather.ts';
import type { Handled } from './inbox.ts';
import { pluginOf } from './relay.ts';

export type Deliver = (delivery: Delivery) => Promise<void>;

export interface ConsumersDeps {
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  readonly attempts: number;
}

/** Handlers that run at the same time on one node; more would only wait for each other's connections. */
const AT_ONCE = 10;
const BATCH = 100;
const RETRY: Backoff = { first: 1_000, factor: 4, most: 3_600_000 };
/** Consumers are quick, and leave the rest to a job. A late one may still commit: the inbox keeps the effect single. */
const HANDLER_MS = 60_000;
/** Switched off since it was sent: it waits, in case the plugin is switched on again before the event is forgotten. */
const OFF_MS = 60_000;

/** Takes deliveries and puts each in front of its handler. Outcomes are written together, and kept until they could be. */
export class Consumers {
  readonly #deps: ConsumersDeps;
  readonly #handlers = new Map<string, Deliver>();
  readonly #waiting: InHand[] = [];
  readonly #running = new Map<string, number>();
  #busy = 0;
  #wanted = false;
  #pulling: Promise<void> | undefined;
  readonly #look: (pointer: Handled & { attempt: number }) => Promise<InHand | undefined>;
  readonly #finish: (outcome: Outcome) => Promise<void>;
  /** From taking it until its outcome is written. */
  readonly #inHand = new Set<InHand>();
  /** The answer to a take was lost: there may be deliveries in our name that we know nothing of. */
  #unsure = false;
  #draining = false;
  #count = 0;
  #onProgress: (() => void)[] = [];

  constructor(deps: ConsumersDeps) {
    this.#deps = deps;
    this.#look = gather((pointers) => deps.deliveries.look(pointers));
    this.#finish = gather((outcomes) => deps.deliveries.finish(outcomes).then(() => []));
  }

  set(consumer: string, deliver: Deliver): void {
    this.#handlers.set(consumer, deliver);
  }

  /** No more deliveries for a plugin on this node, once those that it is handling are through. */
  async remove(plugin: string): Promise<void> {
    for (const consumer of this.#handlers.keys()) if (pluginOf(consumer) === plugin) this.#handlers.delete(consumer);
    while (this.#running.has(plugin)) await this.#progress();
  }

  /** Looks for what is due. Cheap to call: calls that come while it looks become one more look. */
  pull(): void {
    this.#wanted = true;
    if (!this.#pulling && this.#mayPull()) this.#pulling = this.#pullWhileWanted();
  }

  /** Those of new deliveries that this node begins at once, when they are committed, without taking them from the table. */
  choose(deliveries: readonly InHand[]): InHand[] {
    const room = this.#draining ? 0 : Math.max(BATCH - this.#waiting.length, 0);
    const chosen = deliveries.filter((delivery) => this.#handlers.has(delivery.consumer)).slice(0, room);
    for (const item of chosen) this.#inHand.add(item);
    return chosen;
  }

  begin(chosen: readonly InHand[]): void {
    this.#waiting.push(...chosen);
    this.#work();
  }

  /** A delivery that came another way. Resolves when its outcome is written. */
  async receive(pointer: Handled, attempt: number): Promise<void> {
    const item = await this.#look({ ...pointer, attempt });
    if (!item) return this.#deps.log.warn('event-forgotten', { ...pointer });
    this.#inHand.add(item);
    this.begin([item]);
    while (this.#inHand.has(item)) await this.#progress();
  }

  /** Whether they were committed is not known. */
  giveUp(chosen: readonly InHand[]): void {
    for (const item of chosen) this.#inHand.delete(item);
    this.#unsure = true;
    this.#tell();
  }

  /** Everything that is due is delivered, and written down. Answers how many there were. */
  async settle(): Promise<number> {
    const before = this.#count;
    for (;;) {
      const round = this.#count;
      this.pull();
      while (this.#pulling || this.#inHand.size > 0) await (this.#pulling ?? this.#progress());
      if (this.#count === round) return this.#count - before;
    }
  }

  /** Begins nothing more, and waits for what it has begun. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#work();
    while (this.#pulling || this.#inHand.size > 0) await (this.#pulling ?? this.#progress());
  }

  /** One delivery from its handler to its outcome; never throws. */
  async handle(item: InHand): Promise<Outcome> {
    try {
      const done: Outcome = { kind: 'done', of: item };
      if (item.handled) return done;
      // The nodes that tried went away each time, perhaps because of it.
      if (item.attempt > this.#deps.attempts) throw new Error('no node has survived it');
      const handler = this.#handlers.get(item.consumer);
      if (!handler) return this.#again(item, item.attempt - 1, 0, 'not on this node any more');
      if (!(await this.#deps.enabled(item.tenantId, pluginOf(item.consumer)))) {
        return this.#again(item, item.attempt - 1, OFF_MS, 'switched off');
      }
      await inTime(handler(item));
      return done;
    } catch (error) {
      return this.#failed(item, error);
    }
  }

  #mayPull(): boolean {
    return this.#wanted && !this.#draining && this.#handlers.size > 0 && this.#waiting.length <= BATCH / 2;
  }

  async #pullWhileWanted(): Promise<void> {
    try {
      while (this.#mayPull()) {
        this.#wanted = false;
        const unsure = this.#unsure;
        // If the answer gets lost.
        this.#unsure = true;
        if (unsure) await this.#deps.deliveries.release([...this.#inHand]);
        const room = BATCH - this.#waiting.length;
        const taken = await this.#deps.deliveries.take([...this.#handlers.keys()], this.#deps.clock.now(), room);
        this.#unsure = false;
        if (taken.length === room) this.#wanted = true;
        for (const item of taken) this.#inHand.add(item);
        this.begin(taken);
      }
    } catch (error) {
      this.#wanted = false;
      this.#deps.log.warn('deliveries-not-taken', { error: String(error) });
    }
    // In the same turn as the last look at the loop's condition: a wish that comes now starts a new loop.
    this.#pulling = undefined;
  }

  #work(): void {
    for (const item of this.#draining ? this.#waiting.splice(0) : []) {
      void this.#write(item, this.#again(item, item.attempt - 1, 0, 'the node stopped'));
    }
    while (this.#busy < AT_ONCE) {
      const item = this.#waiting.shift();
      if (!item) break;
      this.#busy++;
      this.#tally(item, 1);
      void this.handle(item).then((outcome) => {
        this.#busy--;
        this.#count++;
        this.#tally(item, -1);
        void this.#write(item, outcome);
        this.#work();
        if (this.#wanted) this.pull();
        this.#tell();
      });
    }
  }

  #tally(item: InHand, by: 1 | -1): void {
    const plugin = pluginOf(item.consumer);
    const now = (this.#running.get(plugin) ?? 0) + by;
    if (now > 0) this.#running.set(plugin, now);
    else this.#running.delete(plugin);
  }

  async #write(item: InHand, outcome: Outcome): Promise<void> {
    await insist(
      () => this.#finish(outcome),
      () => this.#draining,
    );
    this.#inHand.delete(item);
    this.#tell();
  }

  #failed(item: InHand, error: unknown): Outcome {
    const { attempts, log } = this.#deps;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const fields = {
      event: item.event,
      consumer: item.consumer,
      tenant: item.tenantId,
      eventId: item.eventId,
      attempt: item.attempt,
      error: reason,
    };
    if (item.attempt >= attempts) {
      log.error('event-dead', fields);
      return { ...this.#again(item, item.attempt, 0, reason), kind: 'dead' };
    }
    log.warn('event-failed', fields);
    return this.#again(item, item.attempt, backoff(RETRY, item.attempt), reason);
  }

  #again(of: InHand, attempt: number, delay: number, error: string) {
    const dueAt = new Date(this.#deps.clock.now().getTime() + delay);
    return { kind: 'again', of, attempt, dueAt, error: error.replaceAll('\0', '').slice(0, 4_000) } as const;
  }

  #tell(): void {
    for (const wake of this.#onProgress.splice(0)) wake();
  }

  /** Until the next handler is through, or the next outcome written. */
  #progress(): Promise<void> {
    return new Promise((resolve) => this.#onProgress.push(resolve));
  }
}

function inTime(handling: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`took longer than ${HANDLER_MS / 1000} s`)), HANDLER_MS);
  return Promise.race([handling, late]).finally(() => clearTimeout(timer));
}
