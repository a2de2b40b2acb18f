// How the two sides of the wall talk: a stream of messages, each a head in JSON and a text beside it, so that what is
// JSON already need not be put into quotes once more. What is longer than it may be ends the talk.
import type { Socket } from 'node:net';

/** What every message is made of. Its text crosses as it is. */
export interface Message {
  readonly text?: string | undefined;
}

/** Two lengths: of the head, and of the text or `NO_TEXT`. */
const PREFIX = 8;
const NO_TEXT = 0xffffffff;

export class Channel<In extends Message, Out extends Message> {
  readonly #socket: Socket;
  readonly #largest: number;
  readonly #hear: (message: In) => void;
  readonly #parts: Buffer[] = [];
  #held = 0;
  /** Fewer bytes than this are no message yet. */
  #needed = PREFIX;

  /** `broken` is told when there is nobody to talk with any more, or no sense in it. */
  constructor(socket: Socket, largest: number, hear: (message: In) => void, broken: (why: string) => void) {
    this.#socket = socket;
    this.#largest = largest;
    this.#hear = hear;
    socket.on('data', (part: Buffer) => {
      try {
        this.#take(part);
      } catch (error) {
        socket.destroy();
        broken(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => broken('the channel is closed'));
  }

  say({ text, ...head }: Out): void {
    if (this.#socket.destroyed) return;
    const words = JSON.stringify(head);
    const headLength = Buffer.byteLength(words);
    const textLength = text === undefined ? 0 : Buffer.byteLength(text);
    const whole = Buffer.allocUnsafe(PREFIX + headLength + textLength);
    whole.writeUInt32LE(headLength, 0);
    whole.writeUInt32LE(text === undefined ? NO_TEXT : textLength, 4);
    whole.write(words, PREFIX);
    if (text !== undefined) whole.write(text, PREFIX + headLength);
    this.#socket.write(whole);
  }

  #take(part: Buffer): void {
    this.#parts.push(part);
    this.#held += part.length;
    while (this.#held >= this.#needed) {
      const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? part) : Buffer.concat(this.#parts);
      const headLength = bytes.readUInt32LE(0);
      const textLength = bytes.readUInt32LE(4);
      const headEnd = PREFIX + headLength;
      const end = headEnd + (textLength === NO_TEXT ? 0 : textLength);
      if (end > this.#largest) throw new Error(`it said ${end} bytes at once, and may say ${this.#largest}`);
      const isWhole = bytes.length >= end;
      const rest = isWhole ? bytes.subarray(end) : bytes;
      this.#parts.splice(0, this.#parts.length, ...(rest.length > 0 ? [rest] : []));
      this.#held = rest.length;
      this.#needed = isWhole ? PREFIX : end;
      if (!isWhole) return;
      const head: unknown = JSON.parse(bytes.toString('utf8', PREFIX, headEnd));
      const text = textLength === NO_TEXT ? undefined : bytes.toString('utf8', headEnd, end);
      this.#hear({ ...(head as object), text } as In);
    }
  }
}
