// Stops this process when a frame takes too long and nothing else can: some of what a program may do hangs its isolate for
// good, and us with it, as we wait in step. A thread that does nothing else looks at the time.
import { Worker } from 'node:worker_threads';

/** In the shared memory: how many times the isolate was entered and left, for which frame, and for how long at most. */
export const SLOTS = { turn: 0, frame: 1, most: 2 } as const;
/** The last words of a process that was stopped so; the number of the frame follows, -1 before the first. */
export const LATE_WORDS = 'A frame took too long:';

export class FrameWatch {
  readonly #shared = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));

  constructor() {
    new Worker(new URL('./frame-watch-thread.ts', import.meta.url), { workerData: this.#shared }).unref();
  }

  /** Runs something that waits for the isolate. */
  readonly within = <T>(frame: number, ms: number, run: () => T): T => {
    Atomics.store(this.#shared, SLOTS.frame, frame);
    Atomics.store(this.#shared, SLOTS.most, ms);
    Atomics.add(this.#shared, SLOTS.turn, 1);
    try {
      return run();
    } finally {
      Atomics.add(this.#shared, SLOTS.turn, 1);
    }
  };
}
