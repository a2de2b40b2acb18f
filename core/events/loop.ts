import { setTimeout as sleep } from 'node:timers/promises';
import { reconnectDelay } from './failure.ts';

/** One step of a loop. Answers in how many milliseconds it wants to be done again, or nothing when it has no more to do. */
export type Step = () => Promise<number | undefined>;

/** Does a step again while it asks for it, or fails. One at a time, however often it is woken. */
export class Loop {
  readonly #step: Step;
  readonly #onFailure: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #woken = false;
  #running: Promise<void> | undefined;

  /** `onFailure` is told of the first of several failures in a row. */
  constructor(step: Step, onFailure: (error: unknown) => void) {
    this.#step = step;
    this.#onFailure = onFailure;
  }

  wake(): void {
    this.#woken = true;
    if (!this.#stopping.signal.aborted) this.#running ??= this.#run();
  }

  /** Until it has no more to do. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; this.#woken && !signal.aborted; ) {
      this.#woken = false;
      let pause: number | undefined;
      try {
        pause = await this.#step();
        failures = 0;
      } catch (error) {
        if (failures++ === 0) this.#onFailure(error);
        pause = reconnectDelay(failures);
      }
      if (pause === undefined) continue;
      this.#woken = true;
      if (pause > 0) await sleep(pause, undefined, { ref: false, signal }).catch(() => {});
    }
    // In the same turn as the last look at the condition: a wish that comes now starts a new loop.
    this.#running = undefined;
  }
}
