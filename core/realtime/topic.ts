import type { Entry } from './channels.ts';
import { textFrame } from './frame.ts';
import { History } from './history.ts';
import type { RealtimeLimits } from './limits.ts';
import { type Attendance, Presence } from './presence.ts';

/** Who listens. `accountId` is absent for a guest. */
export interface Listener {
  readonly accountId: string | undefined;
  /** A frame that many are given. */
  write(frame: Buffer): void;
}

/** One channel of one tenant on this node: who is in it, and what was said last. */
export class Topic {
  readonly name: string;
  readonly entry: Entry;
  readonly params: Readonly<Record<string, string>>;
  readonly listeners = new Set<Listener>();
  readonly presence = new Presence();
  readonly #limits: RealtimeLimits;
  #history = new History();
  readonly #typing = new Map<string, NodeJS.Timeout>();
  #telling: NodeJS.Timeout | undefined;

  constructor(name: string, entry: Entry, params: Readonly<Record<string, string>>, limits: RealtimeLimits) {
    this.name = name;
    this.entry = entry;
    this.params = params;
    this.#limits = limits;
  }

  /** Numbers an event, remembers it and sends it. It is serialised once, however many listen. */
  publish(event: string, at: string): void {
    const most = Math.min(this.entry.current.channel.history, this.#limits.historyEvents);
    const members = this.#history.add(event, at, most, this.#limits.historyBytes);
    if (this.listeners.size > 0) this.#tell(`{"type":"event","channel":${JSON.stringify(this.name)},${members}}`);
  }

  /** Lets a listener in. One step with `joined`: no event can fall between the history and the seat. */
  enter(listener: Listener): Attendance | undefined {
    if (this.listeners.has(listener)) return undefined;
    this.listeners.add(listener);
    const told = this.presence.arrive(listener.accountId);
    this.presenceChanged();
    return told;
  }

  /** What a listener is told when it has come in, or comes back. */
  joined(id: number, after: number | undefined, epoch: string | undefined): string {
    const missed = after === undefined ? undefined : this.#history.since(after, epoch);
    const { channel } = this.entry.current;
    const head = JSON.stringify({
      type: 'joined',
      id,
      channel: this.name,
      epoch: this.#history.epoch,
      sequence: this.#history.sequence,
      gap: after !== undefined && missed === undefined,
      ...(channel.presence ? this.presence.now(this.#limits.people) : {}),
    });
    return `${head.slice(0, -1)},"history":${missed ?? this.#history.all()}}`;
  }

  /** Begins to count anew: nobody may believe that they have heard everything. */
  lost(): void {
    this.#history = new History();
    this.#tell(JSON.stringify({ type: 'gap', channel: this.name, epoch: this.#history.epoch, sequence: 0 }));
  }

  leave(listener: Listener): Attendance | undefined {
    if (!this.listeners.delete(listener)) return undefined;
    const told = this.presence.depart(listener.accountId);
    this.presenceChanged();
    return told;
  }

  /** Told a little later, with what else changes meanwhile. */
  presenceChanged(): void {
    if (!this.entry.current.channel.presence) return void this.presence.takeChange();
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const change = this.presence.takeChange();
      for (const accountId of change.left) this.typing(accountId, false);
      this.#tell(JSON.stringify({ type: 'presence', channel: this.name, ...change }));
    }, this.#limits.presenceMs);
  }

  /** Told when it begins and when it ends: by a message, by leaving, or because nothing more is heard. */
  typing(accountId: string, on: boolean): boolean {
    const before = this.#typing.get(accountId);
    clearTimeout(before);
    if (on)
      this.#typing.set(
        accountId,
        setTimeout(() => this.typing(accountId, false), this.#limits.typingMs),
      );
    else this.#typing.delete(accountId);
    const changed = on === (before === undefined);
    if (changed) this.#tell(JSON.stringify({ type: 'typing', channel: this.name, accountId, on }));
    return changed;
  }

  #tell(message: string): void {
    const frame = textFrame(message);
    for (const listener of this.listeners) listener.write(frame);
  }

  close(): void {
    clearTimeout(this.#telling);
    for (const timer of this.#typing.values()) clearTimeout(timer);
  }
}
