import { setTimeout as sleep } from 'node:timers/promises';
import { reconnectDelay } from './failure.ts';

/**
 * Calls that come while a batch is under way make the next batch: one transaction for many, without waiting for more.
 * The answers are in the order of the inputs.
 *
 * @example const take = gather((pointers: readonly Pointer[]) => runs.take(pointers));
 */
export function gather<I, O>(run: (inputs: readonly I[]) => Promise<readonly O[]>): (input: I) => Promise<O> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: { inputs: I[]; outputs: Promise<readonly O[]> } | undefined;

  function open() {
    const inputs: I[] = [];
    const outputs = underWay.then(() => {
      next = undefined;
      return run(inputs);
    });
    underWay = outputs.catch(() => {});
    return { inputs, outputs };
  }

  return async (input) => {
    next ??= open();
    const { inputs, outputs } = next;
    const index = inputs.push(input) - 1;
    return (await outputs)[index] as O;
  };
}

const STOPPING_TRIES = 4;

/**
 * Gathers what must be written down and cannot be told to anybody: what fails is done again until it succeeds. When the
 * node stops, it is given up in the end: others find out what it had in hand, and do it again.
 */
export function gatherForSure<I>(write: (inputs: readonly I[]) => Promise<void>, stopping: () => boolean) {
  return gather<I, void>(async (inputs) => {
    for (let failures = 1; ; failures++) {
      try {
        await write(inputs);
        return [];
      } catch {
        if (stopping() && failures >= STOPPING_TRIES) return [];
        await sleep(reconnectDelay(failures));
      }
    }
  });
}
