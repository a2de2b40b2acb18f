import type { News } from './bus.ts';
import type { Entry, Found } from './channels.ts';
import type { Connection } from './connection.ts';
import { textFrame } from './frame.ts';
import { History } from './history.ts';
import { type Attendance, Presence } from './presence.ts';
import type { Topics } from './topics.ts';

/** One channel of one tenant on this node: who is in it, and what was said last. */
export class Topic {
  readonly name: string;
  readonly entry: Entry;
  readonly params: Readonly<Record<string, string>>;
  readonly tenantId: string;
  readonly #topics: Topics;
  readonly listeners = new Set<Connection>();
  /** Since when nobody is in it. */
  emptySince = 0;
  readonly #presence = new Presence();
  #history = new History();
  readonly #typing = new Map<string, NodeJS.Timeout>();
  #telling: NodeJS.Timeout | undefined;

  constructor(tenantId: string, name: string, { entry, params }: Found, topics: Topics) {
    this.tenantId = tenantId;
    this.name = name;
    this.entry = entry;
    this.params = params;
    this.#topics = topics;
    if (this.#hasPresence) this.#tellOthers({ kind: 'who' });
  }

  get isEnabled(): boolean {
    return this.entry.current.enabled(this.tenantId);
  }

  /** Lets a listener in. One step with `joined`: no event can fall between the history and the seat. */
  enter(listener: Connection): void {
    if (!this.listeners.has(listener)) this.#count(listener, 1);
    this.listeners.add(listener);
  }

  leave(listener: Connection): void {
    if (this.listeners.delete(listener)) this.#count(listener, -1);
  }

  /** What a listener is told when it has come in, or comes back. */
  joined(id: number, after: number | undefined, epoch: string | undefined): string {
    const missed = after === undefined ? undefined : this.#history.since(after, epoch);
    const head = JSON.stringify({
      type: 'joined',
      id,
      channel: this.name,
      epoch: this.#history.epoch,
      sequence: this.#history.sequence,
      gap: after !== undefined && missed === undefined,
      ...(this.#hasPresence ? this.#presence.now(this.#topics.limits.people) : {}),
    });
    return `${head.slice(0, -1)},"history":${missed ?? this.#history.all()}}`;
  }

  /** From this node or another. */
  hear(news: News): void {
    if (news.kind === 'event') this.#publish(news.json, news.at);
    else if (news.kind === 'typing') this.#showTyping(news.accountId, news.on);
    else if (news.kind === 'who') this.#sayWhoIsHere(this.#presence.own());
    else {
      this.#presence.hear(news.node, news.attendance);
      this.#presenceChanged();
    }
  }

  /** Begins to count anew: nobody may believe that they have heard everything. */
  lost(): void {
    this.#history = new History();
    this.#tell(JSON.stringify({ type: 'gap', channel: this.name, epoch: this.#history.epoch, sequence: 0 }));
  }

  /** Somebody on this node types, or has sent what they typed. Told each time: it ends by itself elsewhere too. */
  typing(accountId: string, on: boolean): void {
    if (!this.#hasPresence || !(on || this.#typing.has(accountId))) return;
    this.#showTyping(accountId, on);
    this.#tellOthers({ kind: 'typing', accountId, on });
  }

  /** Says again who is here, so that what the line lost is mended, and forgets what dead nodes said. */
  announce(silentSince: number): void {
    if (this.listeners.size > 0) this.#sayWhoIsHere(this.#presence.own());
    if (this.#presence.forgetSilent(silentSince)) this.#presenceChanged();
  }

  close(): void {
    clearTimeout(this.#telling);
    for (const timer of this.#typing.values()) clearTimeout(timer);
    for (const listener of this.listeners) listener.expel(this);
  }

  get #hasPresence(): boolean {
    return this.entry.current.channel.presence;
  }

  /** Numbers an event, remembers it and sends it. It is serialised once, however many listen. */
  #publish(event: string, at: string): void {
    const { historyEvents, historyBytes } = this.#topics.limits;
    const most = Math.min(this.entry.current.channel.history, historyEvents);
    const members = this.#history.add(event, at, most, historyBytes);
    if (this.listeners.size > 0) this.#tell(`{"type":"event","channel":${JSON.stringify(this.name)},${members}}`);
  }

  #count({ accountId }: Connection, by: 1 | -1): void {
    const change = this.#presence.count(accountId, by);
    if (change) this.#sayWhoIsHere(change);
    this.#presenceChanged();
  }

  #sayWhoIsHere(attendance: Attendance): void {
    if (this.#hasPresence) this.#tellOthers({ kind: 'here', node: this.#topics.node, attendance });
  }

  /** Told a little later, with what else changes meanwhile. */
  #presenceChanged(): void {
    if (!this.#hasPresence) return;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const change = this.#presence.takeChange();
      for (const accountId of change.left) this.#showTyping(accountId, false);
      this.#tell(JSON.stringify({ type: 'presence', channel: this.name, ...change }));
    }, this.#topics.limits.presenceMs);
  }

  /** Told when it begins and when it ends: by a message, by leaving, or because nothing more is heard. */
  #showTyping(accountId: string, on: boolean): void {
    const before = this.#typing.get(accountId);
    clearTimeout(before);
    const end = () => this.#showTyping(accountId, false);
    if (on) this.#typing.set(accountId, setTimeout(end, this.#topics.limits.typingMs));
    else this.#typing.delete(accountId);
    if (on === (before !== undefined)) return;
    this.#tell(JSON.stringify({ type: 'typing', channel: this.name, accountId, on }));
  }

  #tellOthers(news: News): void {
    this.#topics.tellOthers({ ...news, tenantId: this.tenantId, channel: this.name });
  }

  #tell(message: string): void {
    const frame = textFrame(message);
    for (const listener of this.listeners) listener.write(frame);
  }
}
