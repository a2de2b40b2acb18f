import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Channel, type Message } from '../supervisor/channel.ts';

/** One side of a channel: what it heard, why it broke, and how bytes come in and go out. */
function side(largest = 1_000) {
  const [heard, broken, sent]: [unknown[], string[], Buffer[]] = [[], [], []];
  const socket = new Duplex({
    read() {},
    write(part: Buffer, _, done) {
      sent.push(part);
      done();
    },
  }) as Socket;
  const channel = new Channel<Message, Message & { readonly say?: unknown }>(
    socket,
    largest,
    (message) => heard.push(message),
    (why) => broken.push(why),
  );
  return { channel, heard, broken, sent: () => Buffer.concat(sent), take: (bytes: Buffer) => socket.push(bytes) };
}

const turn = () => new Promise(setImmediate);

const messages = [
  { say: 'ready', text: undefined },
  { say: { deep: ['ü', null, 1.5] }, text: '' },
  { say: 'printed', text: '{"a":"\\n😀"}' },
];

describe('what one side says, the other hears', () => {
  test.each([1, 3, 7, 1_000])('whatever pieces of %i bytes it comes in', async (length) => {
    const [one, other] = [side(), side()];
    for (const message of messages) one.channel.say(message);
    const bytes = one.sent();
    for (let at = 0; at < bytes.length; at += length) {
      other.take(bytes.subarray(at, at + length));
      await turn();
    }
    expect(other.heard).toEqual(messages);
    expect(other.broken).toEqual([]);
  });
});

describe('whoever says', () => {
  const lengths = (head: number, text: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(head, 0);
    bytes.writeUInt32LE(text, 4);
    return bytes;
  };

  test.each([
    ['more than it may', lengths(10, 2_000)],
    ['more than there can be', lengths(0xffffffff, 0xfffffffe)],
    ['what is no JSON', Buffer.concat([lengths(3, 0xffffffff), Buffer.from('{,}')])],
  ])('%s is not heard any more', async (_what, bytes) => {
    const one = side();
    one.take(bytes);
    await turn();
    expect(one.heard).toEqual([]);
    expect(one.broken.length).toBeGreaterThan(0);
  });
});
