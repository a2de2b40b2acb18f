/** What one node says about its own part of a channel: all of it, or what changed. */
export interface Attendance {
  readonly full: boolean;
  readonly people: readonly string[];
  readonly left: readonly string[];
  readonly guests: number;
}

/** Who is in a channel, on this node and on the others. A person with three tabs, or on two nodes, is here once. */
export class Presence {
  readonly #tabs = new Map<string, number>();
  readonly #elsewhere = new Map<string, { people: ReadonlySet<string>; guests: number; heard: number }>();
  #guests = 0;
  /** Who was here when it was last told: one who came and went since is neither. */
  #told: ReadonlySet<string> = new Set();

  /** Counts a tab in or out; one without an account is a guest's. Answers what the other nodes are to be told. */
  count(accountId: string | undefined, by: 1 | -1): Attendance | undefined {
    if (accountId === undefined) {
      this.#guests += by;
      return { full: false, people: [], left: [], guests: this.#guests };
    }
    const before = this.#tabs.get(accountId) ?? 0;
    const tabs = before + by;
    if (tabs > 0) this.#tabs.set(accountId, tabs);
    else this.#tabs.delete(accountId);
    if (tabs > 0 && before > 0) return undefined;
    const [people, left] = tabs > 0 ? [[accountId], []] : [[], [accountId]];
    return { full: false, people, left, guests: this.#guests };
  }

  /** Another node has spoken. */
  hear(node: string, { full, people, left, guests }: Attendance): void {
    const before = (full ? undefined : this.#elsewhere.get(node)?.people) ?? new Set<string>();
    const now = before.union(new Set(people)).difference(new Set(left));
    this.#elsewhere.set(node, { people: now, guests, heard: performance.now() });
  }

  /** A node that says nothing any more is dead, and nobody is there. */
  forgetSilent(before: number): boolean {
    const silent = [...this.#elsewhere].filter(([, { heard }]) => heard < before);
    for (const [node] of silent) this.#elsewhere.delete(node);
    return silent.length > 0;
  }

  own(): Attendance {
    return { full: true, people: [...this.#tabs.keys()], left: [], guests: this.#guests };
  }

  now(most: number) {
    const all = this.#all();
    return { people: [...all.keys().take(most)], here: all.size, guests: this.#allGuests() };
  }

  takeChange() {
    const now = new Set(this.#all().keys());
    const [joined, left] = [[...now.difference(this.#told)], [...this.#told.difference(now)]];
    this.#told = now;
    return { joined, left, here: now.size, guests: this.#allGuests() };
  }

  #all(): ReadonlyMap<string, unknown> | ReadonlySet<string> {
    // Asked for with every join, which must not cost more the more are here.
    if (this.#elsewhere.size === 0) return this.#tabs;
    const others = [...this.#elsewhere.values()].flatMap(({ people }) => [...people]);
    return new Set([...this.#tabs.keys(), ...others]);
  }

  #allGuests(): number {
    return [...this.#elsewhere.values()].reduce((sum, { guests }) => sum + guests, this.#guests);
  }
}
