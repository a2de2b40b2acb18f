import { errors as kernel } from '../errors.ts';

export interface Few {
  readonly atOnce: number;
  /** Whoever comes when so many wait is told to come again. */
  readonly waiting: number;
  /** Why, in a sentence. */
  readonly busy: string;
}

/**
 * For what is done at once, takes a process of its own, and is too short for the queue.
 *
 * @example const inTurn = fewAtOnce({ atOnce: 2, waiting: 20, busy: 'Many files are being probed.' });
 */
export function fewAtOnce({ atOnce, waiting, busy }: Few): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0;
  const line: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (line.length >= waiting) throw kernel.unavailable({ detail: busy });
    // Whoever leaves hands over the place.
    await new Promise<void>((resolve) => line.push(resolve));
  }

  function leave(): void {
    const next = line.shift();
    if (next) next();
    else running -= 1;
  }

  return async (run) => {
    await enter();
    try {
      return await run();
    } finally {
      leave();
    }
  };
}
