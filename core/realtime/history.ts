import { randomBytes } from 'node:crypto';

/** The last events of a channel, numbered, ready to be sent again. */
export class History {
  /** A restart, or another node, counts from one again: the epoch tells a returning page that it does. */
  readonly epoch = randomBytes(6).toString('base64url');
  readonly #kept: { readonly sequence: number; readonly json: string }[] = [];
  sequence = 0;
  #bytes = 0;

  /** Numbers an event and keeps it among the last `most`. Answers the numbered event's members, as JSON. */
  add(event: string, at: string, most: number, mostBytes: number): string {
    this.sequence += 1;
    const members = `"sequence":${this.sequence},"at":"${at}","event":${event}`;
    this.#kept.push({ sequence: this.sequence, json: `{${members}}` });
    this.#bytes += members.length + 2;
    while (this.#kept.length > most || this.#bytes > mostBytes) this.#bytes -= this.#kept.shift()?.json.length ?? 0;
    return members;
  }

  /** What came after a number, as a JSON array; nothing if some of it is no longer known. */
  since(after: number, epoch: string | undefined): string | undefined {
    if (epoch !== this.epoch || after > this.sequence) return undefined;
    const missed = this.#kept.filter(({ sequence }) => sequence > after);
    return missed.length === this.sequence - after ? asArray(missed) : undefined;
  }

  all(): string {
    return asArray(this.#kept);
  }
}

const asArray = (events: readonly { json: string }[]) => `[${events.map(({ json }) => json).join(',')}]`;
