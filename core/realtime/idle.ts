import type { RealtimeLimits } from './limits.ts';
import type { Topic } from './topic.ts';

/** Channels that nobody is in, longest empty first: kept for a while for those who come back, but only so many. */
export class IdleTopics {
  readonly #topics = new Map<Topic, { readonly since: number; readonly forget: () => void }>();
  readonly #limits: RealtimeLimits;

  constructor(limits: RealtimeLimits) {
    this.#limits = limits;
  }

  add(topic: Topic, forget: () => void): void {
    this.#topics.delete(topic);
    this.#topics.set(topic, { since: performance.now(), forget });
    if (this.#topics.size > this.#limits.idleChannels) this.#forgetFirst();
  }

  delete(topic: Topic): void {
    this.#topics.delete(topic);
  }

  sweep(): void {
    const before = performance.now() - this.#limits.idleMs;
    for (const { since } of this.#topics.values()) {
      if (since > before) return;
      this.#forgetFirst();
    }
  }

  #forgetFirst(): void {
    const [first] = this.#topics;
    if (!first) return;
    this.#topics.delete(first[0]);
    first[1].forget();
  }
}
