/** Who came and who went since it was last told; both at once for one person is neither. */
export interface PresenceChange {
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly here: number;
  readonly guests: number;
}

/** What one node says about its own part of a channel: all of it, or what changed. */
export interface Attendance {
  readonly full: boolean;
  readonly people: readonly string[];
  readonly left: readonly string[];
  readonly guests: number;
}

/** Who is in a channel, on this node and on the others. A person with three tabs, or on two nodes, is here once. */
export class Presence {
  /** How many tabs here, and how many other nodes, have a person. */
  readonly #sources = new Map<string, number>();
  readonly #tabs = new Map<string, number>();
  readonly #elsewhere = new Map<string, { people: Set<string>; guests: number; heard: number }>();
  #guests = 0;
  #came = new Set<string>();
  #went = new Set<string>();

  /** Answers what the other nodes are to be told. */
  arrive(accountId: string | undefined): Attendance | undefined {
    if (accountId === undefined) return this.#countGuests(1);
    const tabs = this.#tabs.get(accountId) ?? 0;
    this.#tabs.set(accountId, tabs + 1);
    this.#add(accountId);
    return tabs > 0 ? undefined : { full: false, people: [accountId], left: [], guests: this.#guests };
  }

  depart(accountId: string | undefined): Attendance | undefined {
    if (accountId === undefined) return this.#countGuests(-1);
    const tabs = (this.#tabs.get(accountId) ?? 1) - 1;
    if (tabs > 0) this.#tabs.set(accountId, tabs);
    else this.#tabs.delete(accountId);
    this.#remove(accountId);
    return tabs > 0 ? undefined : { full: false, people: [], left: [accountId], guests: this.#guests };
  }

  /** Another node has spoken. */
  hear(node: string, { full, people, left, guests }: Attendance): void {
    const known = this.#elsewhere.get(node) ?? { people: new Set<string>(), guests: 0, heard: 0 };
    this.#elsewhere.set(node, known);
    known.heard = performance.now();
    known.guests = guests;
    const named = new Set(people);
    for (const id of named.difference(known.people)) this.#add(id);
    const gone = full ? known.people.difference(named) : new Set(left).intersection(known.people);
    for (const id of gone) this.#remove(id);
    known.people = full ? named : known.people.union(named).difference(gone);
  }

  /** A node that says nothing any more is dead, and nobody is there. */
  forgetSilent(before: number): boolean {
    const silent = [...this.#elsewhere].filter(([, { heard }]) => heard < before);
    for (const [node] of silent) {
      this.hear(node, { full: true, people: [], left: [], guests: 0 });
      this.#elsewhere.delete(node);
    }
    return silent.length > 0;
  }

  own(): Attendance {
    return { full: true, people: [...this.#tabs.keys()], left: [], guests: this.#guests };
  }

  now(most: number): { people: string[]; here: number; guests: number } {
    return { people: [...this.#sources.keys().take(most)], here: this.#sources.size, guests: this.#allGuests() };
  }

  takeChange(): PresenceChange {
    const change = {
      joined: [...this.#came],
      left: [...this.#went],
      here: this.#sources.size,
      guests: this.#allGuests(),
    };
    this.#came = new Set();
    this.#went = new Set();
    return change;
  }

  isHere(accountId: string): boolean {
    return this.#sources.has(accountId);
  }

  #add(accountId: string): void {
    const sources = this.#sources.get(accountId) ?? 0;
    this.#sources.set(accountId, sources + 1);
    if (sources === 0 && !this.#went.delete(accountId)) this.#came.add(accountId);
  }

  #remove(accountId: string): void {
    const sources = (this.#sources.get(accountId) ?? 1) - 1;
    if (sources > 0) this.#sources.set(accountId, sources);
    else if (this.#sources.delete(accountId) && !this.#came.delete(accountId)) this.#went.add(accountId);
  }

  #countGuests(by: number): Attendance {
    this.#guests += by;
    return { full: false, people: [], left: [], guests: this.#guests };
  }

  #allGuests(): number {
    return [...this.#elsewhere.values()].reduce((sum, { guests }) => sum + guests, this.#guests);
  }
}
