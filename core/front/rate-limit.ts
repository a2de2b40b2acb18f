/** How many calls a minute; a full minute's worth may come at once. */
export interface Limits {
  readonly readsPerMinute: number;
  readonly writesPerMinute: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const MOST_BUCKETS = 100_000;

/**
 * Token buckets in this process's memory: with N nodes a caller may get up to N times as much. One limiter for each kind
 * of call, so that its keys are the callers' ids as they are: making a key of several parts cost more than all the rest.
 */
export class RateLimiter {
  readonly perMinute: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor(perMinute: number, now: () => number) {
    this.perMinute = perMinute;
    this.#now = now;
  }

  /** Takes one call; answers the seconds to wait when there is none left. */
  take(caller: string): number | undefined {
    const { perMinute } = this;
    const now = this.#now();
    const bucket = this.#buckets.get(caller);
    if (!bucket) {
      if (this.#buckets.size >= MOST_BUCKETS) this.#forgetFull(now);
      this.#buckets.set(caller, { tokens: perMinute - 1, at: now });
      return undefined;
    }
    // A clock that jumps back must not take tokens away.
    const refill = (Math.max(0, now - bucket.at) * perMinute) / 60_000;
    bucket.tokens = Math.min(perMinute, bucket.tokens + refill);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 60) / perMinute);
    bucket.tokens -= 1;
    return undefined;
  }

  /** Whoever has been quiet for a minute has a full bucket, and a full bucket need not be remembered. */
  #forgetFull(now: number): void {
    for (const [caller, bucket] of this.#buckets) if (now - bucket.at >= 60_000) this.#buckets.delete(caller);
    // A flood of new callers within a minute: forgetting them all is kinder than growing without bound.
    if (this.#buckets.size >= MOST_BUCKETS) this.#buckets.clear();
  }
}

/** The general limiters, shared by all routes that name none of their own. */
export interface RateLimiters {
  readonly reads: RateLimiter;
  readonly writes: RateLimiter;
  readonly now: () => number;
}

export function rateLimiters({ readsPerMinute, writesPerMinute }: Limits, now: () => number): RateLimiters {
  return { reads: new RateLimiter(readsPerMinute, now), writes: new RateLimiter(writesPerMinute, now), now };
}
