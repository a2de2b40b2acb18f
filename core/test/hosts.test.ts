// Texts in DNS, asked of a name server that runs here.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TextsAt, textsFrom } from '../tenancy/hosts.ts';

const NAME_ERROR = 3;
const SERVER_FAILURE = 2;

/** Each name's texts, in the pieces in which they are sent, or why there are none. */
const ZONE: Record<string, readonly (readonly string[])[] | number> = {
  '_plinth.one.example': [['the proof']],
  '_plinth.many.example': [['v=spf1 -all'], ['the ', 'proof']],
  '_plinth.broken.example': SERVER_FAILURE,
};

let server: Socket;
let textsAt: TextsAt;

beforeAll(async () => {
  server = createSocket('udp4', (question, { port, address }) => server.send(answerTo(question), port, address));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  textsAt = textsFrom([`127.0.0.1:${server.address().port}`]);
});
afterAll(() => server.close());

function answerTo(query: Buffer): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const found = ZONE[labels.join('.').toLowerCase()] ?? NAME_ERROR;
  const texts = typeof found === 'number' ? [] : found;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | (typeof found === 'number' ? found : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(texts.length, 6);
  return Buffer.concat([head, query.subarray(12, at + 5), ...texts.map(recordOf)]);
}

/** TXT, of the name in the question, to be kept for no time. */
function recordOf(pieces: readonly string[]): Buffer {
  const data = Buffer.concat(pieces.map((piece) => Buffer.from([piece.length, ...Buffer.from(piece)])));
  return Buffer.concat([Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, data.length]), data]);
}

test('every text of a name is read, each in one piece', async () => {
  expect(await textsAt('_plinth.one.example')).toEqual(['the proof']);
  expect((await textsAt('_plinth.many.example')).toSorted()).toEqual(['the proof', 'v=spf1 -all']);
});

test('a name that is not there has none', async () => {
  expect(await textsAt('_plinth.nobody.example')).toEqual([]);
});

test('a server that fails has not said that there are none', async () => {
  await expect(textsAt('_plinth.broken.example')).rejects.toMatchObject({
    code: 'kernel.dns_silent',
    detail: 'Asked for the texts at _plinth.broken.example: ESERVFAIL.',
  });
});
