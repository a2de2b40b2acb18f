import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoff } from './backoff.ts';

/**
 * Calls that come while a batch is under way make the next batch: one transaction for many, without waiting for more.
 * The answers are in the order of the inputs.
 *
 * @example const finish = gather((endings: readonly Ending[]) => runs.finish(endings));
 */
export function gather<I, O>(run: (inputs: readonly I[]) => Promise<readonly O[]>): (input: I) => Promise<O> {
  let waiting: { input: I; resolve: (output: O) => void; reject: (error: unknown) => void }[] = [];
  let running = false;

  async function runAll(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const outputs = await run(batch.map((call) => call.input));
        for (const [index, call] of batch.entries()) call.resolve(outputs[index] as O);
      } catch (error) {
        for (const call of batch) call.reject(error);
      }
    }
    running = false;
  }

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (!running) void runAll();
    });
}

const DATABASE_BACK: Backoff = { first: 50, factor: 2, most: 2_000 };
const STOPPING_TRIES = 4;

/** Does again what failed, until it succeeds: for what must be written down and cannot be told to anybody. */
export async function insist(write: () => Promise<unknown>, stopping: () => boolean): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      await write();
      return;
    } catch {
      // When the node stops, others find out what it had in hand, and do it again.
      if (stopping() && failures >= STOPPING_TRIES) return;
      await sleep(backoff(DATABASE_BACK, failures));
    }
  }
}
