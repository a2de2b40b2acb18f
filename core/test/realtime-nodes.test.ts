// Several nodes, as pages see them: the same on each line between nodes, and what a line that breaks costs.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bus, type BusMessage, openBus } from '../realtime/bus.ts';
import { systemPart } from '../testing/system-part.ts';
import { ada, aNode, bob } from './realtime-driver.ts';

type Node = Awaited<ReturnType<typeof aNode>>;

interface Line {
  readonly name: string;
  readonly missing: boolean;
  open(): Promise<void>;
  bus(): Promise<Bus>;
  kill?(): Promise<void>;
  close(): Promise<void>;
}

const lines: Line[] = [inMemory(), served('NATS', 'nats-server'), served('Redis', 'redis-server')];

describe.each(lines)('nodes that talk over $name', (line) => {
  describe.skipIf(line.missing)('', () => {
    let nodes: Node[];
    let one: Node;
    let two: Node;

    const another = async (): Promise<Node> => {
      const node = await aNode({ bus: await line.bus(), limits: { announceMs: 100 } });
      node.register('chat');
      nodes.push(node);
      return node;
    };
    beforeAll(() => line.open());
    afterAll(() => line.close());
    beforeEach(async () => {
      nodes = [];
      [one, two] = [await another(), await another()];
      // A line is heard from the moment its server knows of the listener.
      await vi.waitFor(() => {
        one.say(ada, 'rooms/one', 'ready');
        two.say(ada, 'rooms/two', 'ready');
        expect([one, two].map(({ realtime }) => realtime.counts().channels)).toEqual([2, 2]);
      });
    });
    afterEach(async () => {
      for (const node of nodes) await node.close();
    });

    test('an event reaches every page once, wherever it is, and no other tenant', async () => {
      const pages = [await one.open('ada', 'eve'), await two.open('ada', 'tom'), await two.open('bob', 'kim')];
      for (const page of pages) await page.join('chat/rooms/1');
      one.say(ada, 'rooms/1', 'from one');
      await pages[1]?.hears('event');
      two.say(ada, 'rooms/1', 'from two');
      await pages[0]?.hears('event', ({ event }) => (event as { text: string }).text === 'from two');
      two.say(bob, 'rooms/1', 'last');
      await pages[2]?.hears('event');
      await Promise.all(pages.map((page) => page.settled()));
      expect(pages.map((page) => page.texts())).toEqual([['from one', 'from two'], ['from one', 'from two'], ['last']]);
    });

    test('what one node says arrives in order', async () => {
      const page = await two.open('ada', 'tom');
      await page.join('chat/rooms/1');
      for (let n = 0; n < 200; n++) one.say(ada, 'rooms/1', String(n));
      await page.hears('event', ({ sequence }) => sequence === 200);
      expect(page.texts()).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
    });

    test('a newcomer on another node is given the history', async () => {
      for (let n = 0; n < 3; n++) one.say(ada, 'rooms/2', String(n));
      await expect.poll(() => two.realtime.counts().channels).toBe(3);
      const page = await two.open('ada', 'tom');
      await expect.poll(async () => ((await page.join('chat/rooms/2')).history as unknown[]).length).toBe(3);
    });

    test('a person is here once, on however many nodes, until the last of them', async () => {
      const watcher = await one.open('ada', 'watcher');
      await watcher.join('chat/rooms/1');
      const [here, there, guest] = [await one.open('ada', 'eve'), await two.open('ada', 'eve'), await two.open('ada')];
      for (const page of [here, there, guest]) await page.join('chat/rooms/1');
      await watcher.hears('presence', ({ guests }) => guests === 1);
      expect(await watcher.join('chat/rooms/1')).toMatchObject({ people: ['watcher', 'eve'], here: 2, guests: 1 });
      // A page learns at once, or a moment later, of those who were elsewhere before it came.
      await there.hears(
        'presence',
        ({ joined, here: count }) => (joined as string[]).includes('watcher') && count === 2,
      );
      await here.ask({ type: 'leave', channel: 'chat/rooms/1' });
      guest.socket.terminate();
      await watcher.hears('presence', ({ here: count, guests }) => count === 2 && guests === 0);
      there.socket.terminate();
      await watcher.hears('presence', ({ left }) => (left as string[]).includes('eve'));
      expect(watcher.told.filter(({ joined }) => (joined as string[] | undefined)?.includes('eve'))).toHaveLength(1);
    });

    test('typing is seen on the other node', async () => {
      const [eve, tom] = [await one.open('ada', 'eve'), await two.open('ada', 'tom')];
      for (const page of [eve, tom]) await page.join('chat/rooms/1');
      await eve.tell({ type: 'typing', channel: 'chat/rooms/1' });
      expect(await tom.hears('typing')).toMatchObject({ accountId: 'eve', on: true });
    });

    test('a node that dies takes its people with it', async () => {
      const watcher = await one.open('ada', 'watcher');
      await watcher.join('chat/rooms/1');
      const lost = await two.open('ada', 'eve');
      await lost.join('chat/rooms/1');
      await watcher.hears('presence', ({ joined }) => (joined as string[]).includes('eve'));
      // It says no goodbye: its sockets are still open when its line is cut.
      await two.realtime.stop?.();
      await watcher.hears('presence', ({ left }) => (left as string[]).includes('eve'));
    });

    if (line.kill)
      test('a line that was cut is mended, and pages are told that they may have missed something', async () => {
        const [eve, tom] = [await one.open('ada', 'eve'), await two.open('ada', 'tom')];
        const { epoch } = await eve.join('chat/rooms/1');
        await tom.join('chat/rooms/1');
        await line.kill?.();
        one.say(ada, 'rooms/1', 'lost');
        await eve.hears('event');
        await line.open();
        expect(await tom.hears('gap')).toMatchObject({ channel: 'chat/rooms/1', sequence: 0 });
        await eve.hears('gap');
        expect(await eve.join('chat/rooms/1', { after: 1, epoch })).toMatchObject({ gap: true });
        await expect
          .poll(() => {
            one.say(ada, 'rooms/1', 'back');
            return tom.texts();
          })
          .toContain('back');
        expect(tom.texts()).not.toContain('lost');
        await tom.hears('presence', ({ here }) => here === 2);
      });
  });
});

function inMemory(): Line {
  const receivers = new Map<Bus, (message: BusMessage) => void>();
  return {
    name: 'memory',
    missing: false,
    open: async () => {},
    bus: async () => {
      const bus: Bus = {
        publish: (message) => {
          const text = JSON.stringify(message);
          for (const [other, receive] of receivers) if (other !== bus) setImmediate(() => receive(JSON.parse(text)));
        },
        subscribe: (receive) => void receivers.set(bus, receive),
        close: async () => void receivers.delete(bus),
      };
      return bus;
    },
    close: async () => {},
  };
}

/** A real server that is killed and started again on the same port. */
function served(name: 'NATS' | 'Redis', binary: string): Line {
  const program = systemPart(binary);
  const directory = mkdtempSync(join(tmpdir(), 'plinth-bus-'));
  let port = 0;
  let server: ChildProcess | undefined;
  const gone = () => new Promise((resolve) => (server?.exitCode === null ? server.once('exit', resolve) : resolve(0)));
  const kill = async () => {
    server?.kill('SIGKILL');
    await gone();
  };
  return {
    name,
    missing: program === undefined && !process.env.CI,
    open: async () => {
      port ||= await freePort();
      const nats = ['-a', '127.0.0.1', '-p', String(port)];
      const redis = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', directory];
      server = spawn(program ?? binary, name === 'NATS' ? nats : redis, { stdio: 'ignore' });
      await vi.waitFor(() => listens(port), { timeout: 10_000 });
    },
    bus: () =>
      openBus(
        { natsUrl: name === 'NATS' ? `nats://127.0.0.1:${port}` : undefined, redisUrl: `redis://127.0.0.1:${port}` },
        'plinth-test',
      ),
    kill,
    close: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const listens = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    }).on('error', reject);
  });

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
