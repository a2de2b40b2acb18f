// The children: how many there are, whose each is, and when one ends.
import { GUESTS_PER_PROCESS, IDLE_MS, PROCESSES, QUEUE, SPARES, YIELD_MS } from '../limits.ts';
import { snapshotDirectory } from '../python/directory.ts';
import { snapshotIn } from '../python/snapshot.ts';
import { Child } from './child.ts';
import type { Answer } from './heard.ts';
import type { FailureCode } from './protocol.ts';
import type { Wall } from './wall.ts';

export interface PoolOptions {
  readonly wall: Wall;
  readonly processes: number;
  /** Started before they are needed. */
  readonly spares: number;
  /** After so long an idle process of another party makes room for a spare. */
  readonly yieldMs: number;
  /** Where to keep what is worth making once, as Python's memory. */
  readonly cache: string;
}

interface Need {
  readonly party: string;
  readonly guest: number;
}

/** After these a program may be called again. */
const GOES_ON: ReadonlySet<FailureCode> = new Set(['threw', 'value', 'syntax']);

/** A child belongs to one party from its first guest to its end. */
export class Pool {
  readonly #options: Omit<PoolOptions, 'cache'> & { readonly snapshots: string };
  readonly #children = new Set<Child>();
  /** Where each guest was loaded. */
  readonly #homes = new Map<number, Child>();
  readonly #waiting: { readonly party: string; go(): void }[] = [];
  readonly #idle = new Map<Child, NodeJS.Timeout>();
  #snapshot: string | undefined;
  #closed = false;

  constructor({
    wall,
    processes = PROCESSES,
    spares = SPARES,
    yieldMs = YIELD_MS,
    cache,
  }: Partial<PoolOptions> & Pick<PoolOptions, 'wall'>) {
    this.#options = { wall, processes, spares, yieldMs, snapshots: snapshotDirectory(cache) };
  }

  /** What Python starts from. Once somebody has asked for it, each spare process has an interpreter waiting. */
  async python(): Promise<string> {
    const snapshot = await snapshotIn(this.#options.snapshots, this.#options.wall);
    if (this.#snapshot === undefined) for (const child of this.#spares()) child.mention({ do: 'warm', snapshot });
    this.#snapshot ??= snapshot;
    return snapshot;
  }

  /** Has a child to itself for one call. `isLoaded`: it has this guest already. */
  async use(need: Need, work: (child: Child, isLoaded: boolean) => Promise<Answer>): Promise<Answer> {
    const child = await this.#take(need);
    try {
      await child.ready();
      const isLoaded = this.#homes.get(need.guest) === child;
      if (!isLoaded) this.#makeRoom(child);
      // The last one is the one used last.
      this.#homes.delete(need.guest);
      this.#homes.set(need.guest, child);
      const answer = await work(child, isLoaded);
      // A guest that was stopped may leave a thread behind that nothing can stop but the end of its process.
      if (answer.failure && !GOES_ON.has(answer.failure.code)) this.#discard(child);
      return answer;
    } finally {
      this.#release(child);
    }
  }

  #makeRoom(child: Child): void {
    const there = [...this.#homes].filter(([, home]) => home === child).map(([guest]) => guest);
    for (const guest of there.slice(0, Math.max(0, there.length - GUESTS_PER_PROCESS + 1))) this.forget(guest);
  }

  forget(guest: number): void {
    this.#homes.get(guest)?.mention({ do: 'forget', guest });
    this.#homes.delete(guest);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    for (const child of this.#children) child.kill();
  }

  async #take(need: Need): Promise<Child> {
    for (;;) {
      if (this.#closed) throw new Error('The sandbox is closed.');
      const child = this.#find(need);
      if (child) {
        this.#reserve(child, need.party);
        return child;
      }
      if (this.#waiting.length >= QUEUE) throw new Error('Too many calls wait for the sandbox.');
      await new Promise<void>((go) => this.#waiting.push({ party: need.party, go }));
    }
  }

  readonly #taken = new Set<Child>();

  #reserve(child: Child, party: string): void {
    child.party = party;
    this.#taken.add(child);
    clearTimeout(this.#idle.get(child));
    this.#idle.delete(child);
    this.#keepSpares();
  }

  #release(child: Child): void {
    this.#taken.delete(child);
    child.unref();
    if (this.#children.has(child) && !this.#closed) this.#rest(child);
    this.#waiting.shift()?.go();
  }

  /** It waits for more of its party's work, but not for long where another one would find no spare. */
  #rest(child: Child): void {
    const yields = () => {
      if (this.#wanted() > 0 && this.#room() === 0) this.#discard(child);
      else this.#idle.set(child, setTimeout(() => child.kill(), IDLE_MS).unref());
      this.#keepSpares();
    };
    this.#idle.set(child, setTimeout(yields, this.#options.yieldMs).unref());
  }

  /** The child that has the guest, one of the same party, one of nobody, a new one, or one that another party left idle. */
  #find({ party, guest }: Need): Child | undefined {
    const free = [...this.#children].filter((child) => child.alive && !this.#taken.has(child));
    const home = this.#homes.get(guest);
    if (home && free.includes(home)) return home;
    const same = free.find((child) => child.party === party) ?? free.find((child) => child.party === undefined);
    if (same) return same;
    if (this.#children.size < this.#options.processes) return this.#start();
    // No process serves two parties, not even one after the other: somebody's idle one makes room.
    const idle = free[0];
    if (!idle) return undefined;
    this.#discard(idle);
    return this.#start();
  }

  #keepSpares(): void {
    for (let more = Math.min(this.#wanted(), this.#room()); more > 0; more--) this.#start();
  }

  #spares(): Child[] {
    return [...this.#children].filter((child) => child.party === undefined);
  }

  /** Spares that should be there and are not. */
  #wanted(): number {
    return this.#options.spares - this.#spares().length;
  }

  #room(): number {
    return this.#options.processes - this.#children.size;
  }

  #start(): Child {
    const child = new Child(this.#options.wall, this.#options.snapshots, (ended) => this.#end(ended));
    this.#children.add(child);
    if (this.#snapshot !== undefined) child.mention({ do: 'warm', snapshot: this.#snapshot });
    return child;
  }

  /** Nobody is given it any more, from now on and not from its last breath. */
  #discard(child: Child): void {
    this.#end(child);
    child.kill();
  }

  #end(child: Child): void {
    this.#children.delete(child);
    this.#taken.delete(child);
    clearTimeout(this.#idle.get(child));
    this.#idle.delete(child);
    for (const [guest, home] of this.#homes) if (home === child) this.#homes.delete(guest);
    this.#waiting.shift()?.go();
  }
}
