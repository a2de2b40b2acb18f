import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@plinth/sdk';
import { type RelayDeps, relayOnce } from './relay.ts';

export interface RelayLoopDeps extends RelayDeps {
  readonly log: Log;
  readonly onSent: () => void;
}

/** An open transaction that holds events back is mostly over at once; one that is not is looked after twice a second. */
const HELD_MS = [2, 5, 10, 20, 50, 100, 200];
const HELD_LONG_MS = 500;
const SETTLE_WITHIN_MS = 10_000;

/** Relays while there is something to relay. One loop at a time, however often it is woken. */
export class RelayLoop {
  readonly #deps: RelayLoopDeps;
  #again = false;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(deps: RelayLoopDeps) {
    this.#deps = deps;
  }

  wake(): void {
    this.#again = true;
    if (!this.#stopped) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Relays all there is, also what an open transaction still holds back. Answers whether anything was sent. */
  async settle(): Promise<boolean> {
    const until = performance.now() + SETTLE_WITHIN_MS;
    let any = false;
    for (let held = 0; performance.now() < until; ) {
      const { sent, left } = await relayOnce(this.#deps);
      any ||= sent > 0;
      if (left === 'none') return any;
      if (left === 'held') await sleep(HELD_MS[held++] ?? HELD_LONG_MS);
    }
    throw new Error('Events do not settle: a transaction is left open somewhere on this server.');
  }

  async #run(): Promise<void> {
    try {
      for (let held = 0; this.#again && !this.#stopped; ) {
        this.#again = false;
        const { sent, left } = await relayOnce(this.#deps);
        if (sent > 0) this.#deps.onSent();
        if (left !== 'none') this.#again = true;
        if (left === 'held') await sleep(HELD_MS[held++] ?? HELD_LONG_MS, undefined, { ref: false });
        else held = 0;
      }
    } catch (error) {
      this.#deps.log.warn('relay-failed', { error: String(error) });
    }
    this.#running = undefined;
  }
}
