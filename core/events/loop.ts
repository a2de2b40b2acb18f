import { setTimeout as sleep } from 'node:timers/promises';

/** One step of a loop. Answers in how many milliseconds it wants to be done again, or nothing when it has no more to do. */
export type Step = () => Promise<number | undefined>;

/** Does a step again while it asks for it. One at a time, however often it is woken. */
export class Loop {
  readonly #step: Step;
  readonly #onFailure: (error: unknown) => void;
  #woken = false;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(step: Step, onFailure: (error: unknown) => void) {
    this.#step = step;
    this.#onFailure = onFailure;
  }

  wake(): void {
    this.#woken = true;
    if (!this.#stopped) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#woken && !this.#stopped) {
        this.#woken = false;
        const pause = await this.#step();
        if (pause === undefined) continue;
        this.#woken = true;
        if (pause > 0) await sleep(pause, undefined, { ref: false });
      }
    } catch (error) {
      this.#onFailure(error);
    }
    // In the same turn as the last look at the condition: a wish that comes now starts a new loop.
    this.#running = undefined;
  }
}
