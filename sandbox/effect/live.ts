// The audience at a moment, from all that it ever did: events in their order, and how many watched when.
import type { EventsNow, Giver, LiveEvent, ViewerCount, ViewersNow } from '@plinth/sdk/effect.ts';

/** How many of these, in their order, lie at or before a moment. */
export function countUntil<T>(all: readonly T[], t: number, timeOf: (one: T) => number): number {
  let [from, to] = [0, all.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const one = all[middle];
    if (one !== undefined && timeOf(one) <= t) from = middle + 1;
    else to = middle;
  }
  return from;
}

const timeOf = ({ t }: { readonly t: number }) => t;

export class Timeline {
  readonly #events: readonly LiveEvent[];
  /** Up to each event. */
  readonly #totals: readonly (readonly [count: number, amount: number])[];
  #givers: readonly Giver[] = [];
  #giversOf = 0;

  constructor(events: readonly LiveEvent[]) {
    this.#events = events;
    let [total, worth] = [0, 0];
    this.#totals = events.map(({ count, amount }) => {
      total += count;
      worth += amount;
      return [total, worth];
    });
  }

  at(t: number): EventsNow {
    const until = countUntil(this.#events, t, timeOf);
    const [total, amount] = this.#totals[until - 1] ?? [0, 0];
    const last = this.#events[until - 1];
    return {
      ...{ total, amount, since: last ? t - last.t : Number.POSITIVE_INFINITY },
      recent: (seconds) => this.#events.slice(countUntil(this.#events, t - seconds, timeOf), until),
      top: (count) => this.#giversUntil(until).slice(0, Math.max(0, count)),
    };
  }

  /** Asked for frame after frame, they rarely change. */
  #giversUntil(until: number): readonly Giver[] {
    if (until === this.#giversOf) return this.#givers;
    const byName = new Map<string, Giver>();
    for (const { name, count, amount } of this.#events.slice(0, until)) {
      const before = byName.get(name) ?? { name, count: 0, amount: 0 };
      if (name !== '') byName.set(name, { name, count: before.count + count, amount: before.amount + amount });
    }
    this.#givers = [...byName.values()].sort((a, b) => b.amount - a.amount || b.count - a.count);
    this.#giversOf = until;
    return this.#givers;
  }
}

export class Viewers {
  readonly #counts: readonly ViewerCount[];
  readonly #most: readonly number[];

  constructor(counts: readonly ViewerCount[]) {
    this.#counts = counts;
    let most = 0;
    this.#most = counts.map(({ count }) => {
      most = Math.max(most, count);
      return most;
    });
  }

  at(t: number): ViewersNow {
    const until = countUntil(this.#counts, t, timeOf);
    return { now: this.#counts[until - 1]?.count ?? 0, most: this.#most[until - 1] ?? 0 };
  }
}
