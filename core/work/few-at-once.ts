import { errors as kernel } from '../errors.ts';

export interface Few {
  readonly atOnce: number;
  /** Of one site: whoever comes when so many of it wait is told to come again. */
  readonly waiting: number;
  /** Why, in a sentence. */
  readonly busy: string;
}

/**
 * For what is done at once, takes a process of its own, and is too short for the queue. Sites take turns: one that asks
 * for a lot waits for itself.
 *
 * @example const inTurn = fewAtOnce({ atOnce: 2, waiting: 20, busy: 'Many files are being probed.' });
 */
export function fewAtOnce({ atOnce, waiting, busy }: Few): <T>(tenantId: string, run: () => Promise<T>) => Promise<T> {
  let running = 0;
  /** The first is the site whose turn it is. None is empty. */
  const lines = new Map<string, (() => void)[]>();

  async function enter(tenantId: string): Promise<void> {
    if (running < atOnce) {
      running += 1;
      return;
    }
    const line = lines.get(tenantId) ?? [];
    if (line.length >= waiting) throw kernel.unavailable({ detail: busy });
    lines.set(tenantId, line);
    // Whoever leaves hands over the place.
    await new Promise<void>((resolve) => line.push(resolve));
  }

  function leave(): void {
    const [first] = lines;
    if (!first) {
      running -= 1;
      return;
    }
    const [tenantId, [next, ...others]] = first;
    lines.delete(tenantId);
    if (others.length > 0) lines.set(tenantId, others);
    next?.();
  }

  return async (tenantId, run) => {
    await enter(tenantId);
    try {
      return await run();
    } finally {
      leave();
    }
  };
}
