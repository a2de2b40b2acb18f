// The socket of a page: who may speak where, what is heard, what is caught up with, and what is not put up with.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Actor } from '@plinth/sdk';
import fc from 'fast-check';
import { Type } from 'typebox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Channels, channelPath } from '../realtime/channels.ts';
import { aChannel, ada, aNode, aPerson, bob, type Page } from './realtime-driver.ts';

type Node = Awaited<ReturnType<typeof aNode>>;
let node: Node;

async function start(options: Parameters<typeof aNode>[0] = {}): Promise<Node> {
  node = await aNode(options);
  node.register('chat');
  return node;
}
afterEach(() => node.close());

const numbers = (frames: unknown) => (frames as { sequence: number }[]).map(({ sequence }) => sequence);
/** Everything published before has reached every page. */
const calm = () =>
  Promise.all(node.pages.filter(({ socket }) => socket.readyState === 1).map((page) => page.settled()));

describe('a page that connects', () => {
  beforeEach(() => start());

  test('says who it is by a sub-protocol, which is not repeated in the answer', async () => {
    const page = await node.open('ada', 'eve');
    expect(await page.hears('welcome')).toMatchObject({ accountId: 'eve' });
    expect(page.socket.protocol).toBe('plinth.v1');
  });

  test('or by a first message', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${node.port}/api/kernel/realtime`, {
      headers: { host: 'ada.localhost' },
    });
    await once(socket, 'open');
    socket.send('{"type":"hello","token":"eve"}');
    expect(JSON.parse(String((await once(socket, 'message'))[0]))).toEqual({ type: 'welcome', accountId: 'eve' });
    socket.terminate();
  });

  test('is a guest without a token, and is told to sign in with a bad one', async () => {
    expect((await (await node.open('ada')).hears('welcome')).accountId).toBeUndefined();
    expect((await (await node.open('ada', 'bad')).closed).code).toBe(4001);
  });

  test('may come from its own site and from no other', async () => {
    await (await node.open('ada', 'eve', { origin: 'http://ada.localhost:8080' })).hears('welcome');
    for (const origin of [
      'https://evil.example',
      'http://bob.localhost',
      'null',
      'http://ada.localhost.evil.example',
    ]) {
      expect((await (await node.open('ada', 'eve', { origin })).closed).code, origin).toBe(1006);
    }
  });

  test('says hello before anything else, and only once', async () => {
    const rude = new WebSocket(`ws://127.0.0.1:${node.port}/`, { headers: { host: 'ada.localhost' } });
    await once(rude, 'open');
    rude.send('{"type":"ping"}');
    expect((await once(rude, 'close'))[0]).toBe(4002);
    const page = await node.open('ada', 'eve');
    await page.tell({ type: 'hello', token: 'mallory' });
    expect((await page.hears('error')).problem).toMatchObject({ code: 'kernel.socket_message' });
  });

  test('is told what was wrong with a message, by its number', async () => {
    const page = await node.open('ada', 'eve');
    expect(page.code(await page.ask({ type: 'join' }))).toBe('kernel.socket_message');
    expect(page.code(await page.ask({ type: 'join', channel: 'chat/rooms/1', tenantId: bob.facts.id }))).toBe(
      'kernel.socket_message',
    );
    page.socket.send('{');
    page.socket.send(Buffer.from([1, 2, 3]));
    await page.settled();
    expect(page.told.filter(({ type }) => type === 'error')).toHaveLength(4);
  });
});

test('a page that says nothing loses its socket', async () => {
  await start({ limits: { heartbeatMs: 20 } });
  const silent = new WebSocket(`ws://127.0.0.1:${node.port}/`, { headers: { host: 'ada.localhost' } });
  expect((await once(silent, 'close'))[0]).toBe(4002);
});

describe('a channel', () => {
  beforeEach(() => start());

  test('carries events to everybody in it and to nobody else', async () => {
    const [eve, tom, elsewhere] = await Promise.all(['eve', 'tom', 'kim'].map((who) => node.open('ada', who)));
    await Promise.all([eve?.join('chat/rooms/1'), tom?.join('chat/rooms/1'), elsewhere?.join('chat/rooms/2')]);
    node.say(ada, 'rooms/1', 'hello');
    await calm();
    expect([eve, tom, elsewhere].map((page) => page?.texts())).toEqual([['hello'], ['hello'], []]);
    await eve?.ask({ type: 'leave', channel: 'chat/rooms/1' });
    node.say(ada, 'rooms/1', 'again');
    await calm();
    expect([eve, tom].map((page) => page?.texts())).toEqual([['hello'], ['hello', 'again']]);
  });

  test('of one tenant is not heard in another, though it has the same name', async () => {
    const [hers, his] = await Promise.all([node.open('ada', 'eve'), node.open('bob', 'eve')]);
    await Promise.all([hers.join('chat/rooms/1'), his.join('chat/rooms/1')]);
    node.say(bob, 'rooms/1', 'for bob');
    await his.tell({ type: 'typing', channel: 'chat/rooms/1' });
    await calm();
    expect(his.texts()).toEqual(['for bob']);
    expect(hers.texts()).toEqual([]);
    const later = await node.open('ada', 'tom');
    expect(await later.join('chat/rooms/1')).toMatchObject({ history: [], people: ['eve', 'tom'], guests: 0 });
    expect(hers.told.map(({ type }) => type)).not.toContain('typing');
  });

  test('has one spelling', async () => {
    const page = await node.open('ada', 'eve');
    const path = channelPath('rooms/:roomId', { roomId: 'a b/ü' });
    expect(await page.join(`chat/${path}`)).toMatchObject({ type: 'joined' });
    for (const other of [
      'chat/rooms/a b%2f%C3%BC',
      'chat/rooms/%61',
      'chat/rooms/',
      'chat/rooms/1/2',
      'chat/rooms/%ff',
      'rooms/1',
      '',
    ]) {
      expect(page.code(await page.join(other)), other).toBe('kernel.not_found');
    }
    const channels = new Channels();
    channels.add({ plugin: 'chat', channel: aChannel(), auth: 'public', enabled: () => true });
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (roomId) => {
        const name = `chat/${channelPath('rooms/:roomId', { roomId })}`;
        expect(channels.find(name)?.params).toEqual({ roomId });
      }),
    );
  });

  test('takes what pages send through its plugin, checked, with the page’s name on it', async () => {
    const received: unknown[] = [];
    node.register('chat', {
      receive: async ({ tenantId, actor, params }, message) => {
        received.push([tenantId, (actor as { accountId: string }).accountId, params, message]);
        node.say(ada, 'rooms/1', (message as { text: string }).text);
      },
    });
    const [eve, tom] = [await node.open('ada', 'eve'), await node.open('ada', 'tom')];
    expect(eve.code(await eve.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 'x' } }))).toBe(
      'kernel.not_joined',
    );
    await Promise.all([eve.join('chat/rooms/1'), tom.join('chat/rooms/1')]);
    expect(eve.code(await eve.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 1 } }))).toBe(
      'kernel.invalid_input',
    );
    expect(await eve.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 'hi' } })).toMatchObject({
      type: 'ack',
    });
    await calm();
    expect(received).toEqual([[ada.facts.id, 'eve', { roomId: '1' }, { text: 'hi' }]]);
    expect(tom.texts()).toEqual(['hi']);
  });

  test('handles what one page sends in the order it was sent', async () => {
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    node.register('chat', {
      receive: async (_, message) => {
        const { text } = message as { text: string };
        if (text === 'first') await first.promise;
        order.push(text);
      },
    });
    const eve = await node.open('ada', 'eve');
    await eve.join('chat/rooms/1');
    const answers = ['first', 'second', 'third'].map((text) =>
      eve.ask({ type: 'send', channel: 'chat/rooms/1', message: { text } }),
    );
    first.resolve();
    await Promise.all(answers);
    expect(order).toEqual(['first', 'second', 'third']);
  });

  test('that takes nothing says so', async () => {
    const page = await node.open('ada', 'eve');
    await page.join('chat/rooms/1');
    expect(page.code(await page.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 'x' } }))).toBe(
      'kernel.channel_silent',
    );
  });

  test('lets in only whom its auth and its plugin admit', async () => {
    const reader: Actor = aPerson('key', { scopes: ['chat.read'] });
    const editor: Actor = aPerson('editor', { permissions: new Set(['desk.edit']) });
    await node.close();
    await start({ tokens: { reader, editor, chief: aPerson('chief', { operator: true }) } });
    node.register('club', { auth: 'user' });
    node.register('desk', { auth: { permission: 'desk.edit' } });
    node.register('tower', { auth: 'operator' });
    node.register('friends', {
      join: async ({ params, actor }) => {
        if (params.roomId !== (actor as { accountId?: string }).accountId)
          throw Object.assign(new Error('no'), { statusCode: 403 });
      },
    });
    const tries = async (token: string | undefined) => {
      const page = await node.open('ada', token);
      const answers = await Promise.all(
        ['club', 'desk', 'tower', 'friends'].map((plugin) => page.join(`${plugin}/rooms/eve`)),
      );
      return answers.map((answer) => answer.type === 'joined' || page.code(answer));
    };
    expect(await tries(undefined)).toEqual([
      'kernel.unauthenticated',
      'kernel.unauthenticated',
      'kernel.unauthenticated',
      'kernel.bad_request',
    ]);
    expect(await tries('eve')).toEqual([true, 'kernel.forbidden', 'kernel.forbidden', true]);
    expect(await tries('reader')).toEqual([
      'kernel.forbidden',
      'kernel.forbidden',
      'kernel.forbidden',
      'kernel.bad_request',
    ]);
    expect(await tries('editor')).toEqual([true, true, 'kernel.forbidden', 'kernel.bad_request']);
    expect(await tries('chief')).toEqual([true, 'kernel.forbidden', true, 'kernel.bad_request']);
  });
});

describe('a page that comes back', () => {
  beforeEach(() => start());

  test('gets what it missed, no more and no less', async () => {
    const page = await node.open('ada', 'eve');
    const { epoch } = await page.join('chat/rooms/1');
    for (const text of ['1', '2', '3']) node.say(ada, 'rooms/1', text);
    await calm();
    page.socket.terminate();
    node.say(ada, 'rooms/1', '4');
    node.say(ada, 'rooms/1', '5');
    const again = await node.open('ada', 'eve');
    const joined = await again.join('chat/rooms/1', { after: 3, epoch });
    expect(joined).toMatchObject({
      gap: false,
      sequence: 5,
      epoch,
      history: [{ sequence: 4, at: '2030-01-01T00:00:00.000Z', event: { text: '4' } }, { sequence: 5 }],
    });
    node.say(ada, 'rooms/1', '6');
    expect((await again.hears('event')).sequence).toBe(6);
  });

  test('is told of a gap when too much was said, or when the node counts anew', async () => {
    const page = await node.open('ada', 'eve');
    const { epoch } = await page.join('chat/rooms/1');
    for (let n = 1; n <= 9; n++) node.say(ada, 'rooms/1', String(n));
    const late = await page.join('chat/rooms/1', { after: 3, epoch });
    expect([late.gap, numbers(late.history)]).toEqual([true, [5, 6, 7, 8, 9]]);
    expect((await page.join('chat/rooms/1', { after: 4, epoch })).gap).toBe(false);
    expect((await page.join('chat/rooms/1', { after: 9, epoch: 'another' })).gap).toBe(true);
    expect((await page.join('chat/rooms/1', { after: 99, epoch })).gap).toBe(true);
  });

  test('misses nothing, whenever it went and came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('say', 'go', 'come'), { maxLength: 30 }),
        fc.uuid(),
        async (steps, room) => {
          const channel = `chat/rooms/${room}`;
          const seen: number[] = [];
          let page: Page | undefined;
          let epoch: unknown;
          let said = 0;
          const come = async () => {
            page = await node.open('ada', 'eve');
            const joined = await page.join(channel, epoch === undefined ? {} : { after: seen.at(-1) ?? 0, epoch });
            if (joined.gap) seen.splice(0);
            seen.push(...numbers(joined.history));
            epoch = joined.epoch;
          };
          const go = async () => {
            await page?.settled();
            seen.push(...numbers(page?.told.filter(({ type }) => type === 'event') ?? []));
            page?.socket.terminate();
            await page?.closed;
            page = undefined;
          };
          await come();
          for (const step of steps) {
            if (step === 'say') node.say(ada, `rooms/${room}`, String(++said));
            else if (step === 'go' && page) await go();
            else if (step === 'come' && !page) await come();
          }
          if (!page) await come();
          await go();
          // Whole, in order, and up to the last one, from the first or from where the gap was told of.
          expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => said - seen.length + 1 + at));
          expect(seen.length).toBeGreaterThanOrEqual(Math.min(said, 5));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a newcomer is given the last events, also of a channel that nobody was in', async () => {
    for (let n = 1; n <= 7; n++) node.say(ada, 'rooms/9', String(n));
    const page = await node.open('ada', 'eve');
    expect(numbers((await page.join('chat/rooms/9')).history)).toEqual([3, 4, 5, 6, 7]);
  });
});

test('channels nobody is in are forgotten beyond a number', async () => {
  await start({ limits: { idleChannels: 3 } });
  for (let n = 1; n <= 6; n++) node.say(ada, `rooms/${n}`, 'x');
  expect(node.realtime.counts().channels).toBe(3);
  const page = await node.open('ada', 'eve');
  expect(((await page.join('chat/rooms/1')).history as unknown[]).length).toBe(0);
  expect(((await page.join('chat/rooms/6')).history as unknown[]).length).toBe(1);
});

describe('presence', () => {
  beforeEach(() => start());

  test('has a person once, however many tabs, and counts guests', async () => {
    const watcher = await node.open('ada', 'watcher');
    await watcher.join('chat/rooms/1');
    const tabs = [await node.open('ada', 'eve'), await node.open('ada', 'eve'), await node.open('ada')];
    for (const tab of tabs) await tab.join('chat/rooms/1');
    await watcher.hears('presence', ({ here, guests }) => here === 2 && guests === 1);
    expect(await watcher.join('chat/rooms/1')).toMatchObject({ people: ['watcher', 'eve'], here: 2, guests: 1 });
    tabs[0]?.socket.terminate();
    tabs[2]?.socket.terminate();
    await watcher.hears('presence', ({ here, guests }) => here === 2 && guests === 0);
    tabs[1]?.socket.terminate();
    const change = await watcher.hears('presence', ({ left }) => (left as string[]).includes('eve'));
    expect(change).toMatchObject({ here: 1, guests: 0, joined: [] });
    expect(watcher.told.filter(({ joined }) => (joined as string[] | undefined)?.includes('eve'))).toHaveLength(1);
  });

  test('adds up to who is here, for everybody who listens', async () => {
    const watcher = await node.open('ada', 'watcher');
    const before = (await watcher.join('chat/rooms/1')).people as string[];
    const pages = new Map<string, Page>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c')), { maxLength: 12 }),
        async (moves) => {
          for (const [comes, who] of moves) {
            if (comes && !pages.has(who)) {
              const page = await node.open('ada', who);
              await page.join('chat/rooms/1');
              pages.set(who, page);
            } else if (!comes) {
              await pages.get(who)?.ask({ type: 'leave', channel: 'chat/rooms/1' });
              pages.delete(who);
            }
          }
          const joined = await watcher.join('chat/rooms/1');
          expect(new Set(joined.people as string[])).toEqual(new Set([...pages.keys(), 'watcher']));
        },
      ),
      { numRuns: 20 },
    );
    const known = () => {
      const people = new Set(before);
      for (const { type, joined, left } of watcher.told) {
        if (type !== 'presence') continue;
        for (const who of joined as string[]) people.add(who);
        for (const who of left as string[]) people.delete(who);
      }
      return people;
    };
    await watcher.hears(
      'presence',
      () => known().symmetricDifference(new Set([...pages.keys(), 'watcher'])).size === 0,
    );
  });

  test('tells who types, once, until they send, leave or stop', async () => {
    await node.close();
    await start({ limits: { typingMs: 30 } });
    node.register('chat', { receive: async () => {} });
    const [eve, tom] = [await node.open('ada', 'eve'), await node.open('ada', 'tom')];
    await Promise.all([eve.join('chat/rooms/1'), tom.join('chat/rooms/1')]);
    const typing = () => tom.told.filter(({ type }) => type === 'typing').map(({ accountId, on }) => [accountId, on]);
    const heard = (count: number) => tom.hears('typing', () => typing().length === count);
    for (let n = 0; n < 3; n++) await eve.tell({ type: 'typing', channel: 'chat/rooms/1' });
    await eve.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 'x' } });
    await heard(2);
    await eve.tell({ type: 'typing', channel: 'chat/rooms/1' });
    await heard(4);
    await eve.tell({ type: 'typing', channel: 'chat/rooms/1' });
    await heard(5);
    eve.socket.terminate();
    await heard(6);
    expect(typing()).toEqual(Array.from({ length: 6 }, (_, n) => ['eve', n % 2 === 0]));
  });

  test('is told to nobody in a channel that does not want it', async () => {
    node.register('quiet', { channel: aChannel({ presence: false }) });
    const [eve, tom] = [await node.open('ada', 'eve'), await node.open('ada', 'tom')];
    expect(Object.keys(await eve.join('quiet/rooms/1'))).not.toContain('people');
    await tom.join('quiet/rooms/1');
    await tom.tell({ type: 'typing', channel: 'quiet/rooms/1' });
    await calm();
    expect(eve.told.map(({ type }) => type)).toEqual(['welcome', 'joined', 'pong']);
  });
});

test('an event of any size arrives whole', async () => {
  await start({ limits: { eventBytes: 200_000, bufferedBytes: 10_000_000 } });
  const page = await node.open('ada', 'eve');
  await page.join('chat/rooms/1');
  const texts = [1, 20, 25, 30, 60, 65_400, 65_440, 65_536, 90_000].map(
    (length) => 'ü'.repeat(length % 2) + 'x'.repeat(length),
  );
  for (const text of texts) node.say(ada, 'rooms/1', text);
  await page.hears('event', ({ sequence }) => sequence === texts.length);
  expect(page.texts()).toEqual(texts);
});

describe('what is not put up with', () => {
  test('a reader slower than the channel is dropped, and the others hear everything', async () => {
    await start({ limits: { bufferedBytes: 64 * 1024 } });
    const [slow, quick] = [await node.open('ada', 'slow'), await node.open('ada', 'quick')];
    await Promise.all([slow.join('chat/rooms/1'), quick.join('chat/rooms/1')]);
    (slow.socket as unknown as { _socket: Socket })._socket.pause();
    const text = 'x'.repeat(16_000);
    let said = 0;
    while (node.realtime.counts().dropped === 0 && said < 5000) {
      node.say(ada, 'rooms/1', text);
      said += 1;
      await quick.hears('event', ({ sequence }) => sequence === said);
    }
    expect(node.realtime.counts()).toMatchObject({ dropped: 1, sockets: 1 });
    expect(quick.texts()).toHaveLength(said);
    (slow.socket as unknown as { _socket: Socket })._socket.resume();
    expect((await slow.closed).code).toBe(4008);
  });

  test('a page that floods is refused, then dropped', async () => {
    await start({ limits: { burst: 10, perSecond: 0.001, patience: 5 } });
    const page = await node.open('ada', 'eve');
    await page.hears('welcome');
    for (let n = 0; n < 12; n++) await page.tell({ type: 'ping' });
    expect(page.code(await page.hears('error'))).toBe('kernel.socket_flood');
    for (let n = 0; n < 10; n++) await page.tell({ type: 'ping' });
    expect((await page.closed).code).toBe(4029);
    expect(page.told.filter(({ type }) => type === 'pong')).toHaveLength(10);
  });

  test('messages that are too large, events that are too large, and too many channels', async () => {
    await start({ limits: { channelsPerSocket: 2, messageBytes: 1000, eventBytes: 1000 } });
    const page = await node.open('ada', 'eve');
    const answers = await Promise.all([1, 2, 3].map((room) => page.join(`chat/rooms/${room}`)));
    expect(answers.map((answer) => answer.type)).toEqual(['joined', 'joined', 'error']);
    expect(() => node.say(ada, 'rooms/1', 'x'.repeat(1000))).toThrow('too large');
    page.socket.send('x'.repeat(1001));
    expect((await page.closed).code).toBe(1009);
  });

  test('a handler that hangs holds up the page behind it only so long', async () => {
    await start({ limits: { handlerMs: 20 } });
    let signal: AbortSignal | undefined;
    node.register('chat', {
      receive: (visit) => {
        signal = visit.signal;
        return new Promise(() => {});
      },
    });
    const page = await node.open('ada', 'eve');
    await page.join('chat/rooms/1');
    expect(page.code(await page.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 'x' } }))).toBe(
      'kernel.unavailable',
    );
    expect(signal?.aborted).toBe(true);
    expect((await page.join('chat/rooms/2')).type).toBe('joined');
  });

  test('a page that is gone without saying so', async () => {
    await start({ limits: { heartbeatMs: 60 } });
    const [dead, alive] = [await node.open('ada', 'dead'), await node.open('ada', 'alive')];
    await Promise.all([dead.join('chat/rooms/1'), alive.join('chat/rooms/1')]);
    (dead.socket as unknown as { _socket: Socket })._socket.pause();
    await alive.hears('presence', ({ left }) => (left as string[]).includes('dead'));
    expect(node.realtime.counts().sockets).toBe(1);
  });

  test('more sockets than a node takes', async () => {
    await start({ limits: { sockets: 1 } });
    await (await node.open('ada', 'eve')).hears('welcome');
    expect((await (await node.open('ada', 'tom')).closed).code).toBe(1006);
  });
});

describe('what ends', () => {
  beforeEach(() => start());

  test('a credential takes its sockets with it, and no others', async () => {
    const [eve, tom, hers] = [
      await node.open('ada', 'eve'),
      await node.open('ada', 'tom'),
      await node.open('bob', 'eve'),
    ];
    await Promise.all([eve, tom, hers].map((page) => page.hears('welcome')));
    node.realtime.revoke(ada.facts.id, 'session of eve');
    expect((await eve.closed).code).toBe(4001);
    node.realtime.revoke(ada.facts.id, 'tom');
    expect((await tom.closed).code).toBe(4001);
    // It was the old credential that ended: who signs in again is let in.
    await (await node.open('ada', 'tom')).hears('welcome');
    await hers.settled();
    expect(node.realtime.counts().sockets).toBe(2);
  });

  test('when anything may have changed, who is no longer who they were comes back; the others notice nothing', async () => {
    const [eve, tom, gone] = [
      await node.open('ada', 'eve'),
      await node.open('ada', 'tom'),
      await node.open('ada', 'gone'),
    ];
    await Promise.all([eve, tom, gone].map((page) => page.join('chat/rooms/1')));
    node.tokens.tom = aPerson('tom', { permissions: new Set(['desk.edit']) });
    node.tokens.gone = undefined;
    node.realtime.revoke();
    expect((await Promise.all([tom.closed, gone.closed])).map(({ code }) => code)).toEqual([4001, 4001]);
    await eve.settled();
    expect(node.realtime.counts().sockets).toBe(1);
  });

  test('a credential that ends while its socket is being opened', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Actor>();
    const answers = [answer.promise as unknown as Actor, undefined];
    await node.close();
    node = await aNode({
      tokens: {
        get late() {
          asked.resolve();
          return answers.shift();
        },
      },
    });
    const page = await node.open('ada', 'late');
    await asked.promise;
    node.realtime.revoke(ada.facts.id, 'session of late');
    answer.resolve(aPerson('late'));
    expect((await page.closed).code).toBe(4001);
  });

  test('a plugin that is switched off closes its channels there and is silent, and only there', async () => {
    const [eve, his] = [await node.open('ada', 'eve'), await node.open('bob', 'kim')];
    await Promise.all([eve.join('chat/rooms/1'), his.join('chat/rooms/1')]);
    node.off.add(`${ada.facts.id} chat`);
    node.say(ada, 'rooms/1', 'unheard');
    expect(eve.code(await eve.ask({ type: 'send', channel: 'chat/rooms/1', message: { text: 'x' } }))).toBe(
      'kernel.channel_closed',
    );
    node.realtime.switchedOff(ada.facts.id, 'chat');
    expect(eve.code(await eve.hears('closed'))).toBe('kernel.channel_closed');
    expect(eve.code(await eve.join('chat/rooms/1'))).toBe('kernel.not_found');
    node.say(bob, 'rooms/1', 'heard');
    await calm();
    expect([eve.texts(), his.texts()]).toEqual([[], ['heard']]);
    node.off.clear();
    expect(await eve.join('chat/rooms/1')).toMatchObject({ type: 'joined', history: [] });
  });

  test('a plugin that is switched off while its join handler runs lets nobody in', async () => {
    const inside = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    node.register('chat', {
      join: async () => {
        inside.resolve();
        await go.promise;
      },
    });
    const page = await node.open('ada', 'eve');
    const answer = page.join('chat/rooms/1');
    await inside.promise;
    node.off.add(`${ada.facts.id} chat`);
    node.realtime.switchedOff(ada.facts.id, 'chat');
    go.resolve();
    expect(page.code(await answer)).toBe('kernel.not_found');
  });

  test('a new version of a plugin takes over its channels with everybody in them; those it dropped are closed', async () => {
    node.register('chat', { channel: aChannel() });
    node.realtime.register({
      plugin: 'chat',
      channel: { ...aChannel(), path: 'lobby' },
      auth: 'public',
      enabled: () => true,
    });
    const page = await node.open('ada', 'eve');
    await page.join('chat/rooms/1');
    await page.join('chat/lobby');
    const Louder = Type.Object({ shout: Type.String() });
    node.register('chat', {
      channel: aChannel({ message: Louder }),
      receive: async (_, message) => node.say(ada, 'rooms/1', (message as { shout: string }).shout),
    });
    node.realtime.unregister('chat', new Set(['rooms/:roomId']));
    expect((await page.hears('closed')).channel).toBe('chat/lobby');
    expect((await page.ask({ type: 'send', channel: 'chat/rooms/1', message: { shout: 'HI' } })).type).toBe('ack');
    await calm();
    expect(page.texts()).toEqual(['HI']);
    node.realtime.unregister('chat');
    expect((await page.hears('closed', ({ channel }) => channel === 'chat/rooms/1')).type).toBe('closed');
  });

  test('a node that stops says when to come back', async () => {
    const page = await node.open('ada', 'eve');
    await page.join('chat/rooms/1');
    await node.realtime.drain?.();
    const { code, reason } = await page.closed;
    expect(code).toBe(1012);
    expect(JSON.parse(reason).retryMs).toBeGreaterThanOrEqual(0);
    expect((await (await node.open('ada', 'eve')).closed).code).toBe(1006);
  });

  test('nothing is left of pages that are gone', async () => {
    for (let n = 0; n < 5; n++) {
      const page = await node.open('ada', `eve${n}`);
      await page.join('chat/rooms/1');
      page.socket.terminate();
    }
    const page = await node.open('ada', 'last');
    await page.join('chat/rooms/1');
    await page.hears('presence', ({ here }) => here === 1);
    expect(node.realtime.counts()).toEqual({ sockets: 1, channels: 1, dropped: 0 });
  });
});
