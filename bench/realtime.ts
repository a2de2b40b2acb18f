// Ten thousand sockets on one process: how long an event takes to reach the last of a thousand in its channel, and what
// a socket costs in memory, beside a bare `ws` server that sends the same bytes to as many. Servers and clients are
// processes of their own, on loopback.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type BenchResult, median } from './result.ts';

const SOCKETS = 10_000;
const CHANNELS = 10;
const ROUNDS = 9;
const EVENTS = 15;
const EVERY_MS = 100;

export default async function realtime(): Promise<BenchResult> {
  const kinds = ['bare', 'kernel'] as const;
  const [bare, kernel] = await Promise.all(kinds.map(side));
  if (!bare || !kernel) throw new Error('no servers');
  try {
    for (const each of [bare, kernel]) await each.round();
    const rounds = { bare: [] as Round[], kernel: [] as Round[] };
    for (let round = 0; round < ROUNDS; round++) {
      // Taking turns at going first: what the machine does meanwhile hits both alike.
      const order = round % 2 === 0 ? (['bare', 'kernel'] as const) : (['kernel', 'bare'] as const);
      for (const kind of order) rounds[kind].push(await { bare, kernel }[kind].round());
    }
    const of = (kind: 'bare' | 'kernel', what: keyof Round) => median(rounds[kind].map((round) => round[what]));
    return {
      ratio: {
        delivery: round2(of('kernel', 'p99') / of('bare', 'p99')),
        cpu: round2(of('kernel', 'cpu') / of('bare', 'cpu')),
        memory: round2(kernel.kilobytes / bare.kilobytes),
      },
      medians: {
        sockets: SOCKETS,
        perChannel: SOCKETS / CHANNELS,
        p99Ms: { bare: of('bare', 'p99'), kernel: of('kernel', 'p99') },
        p50Ms: { bare: of('bare', 'p50'), kernel: of('kernel', 'p50') },
        cpuMicrosecondsPerDelivery: { bare: of('bare', 'cpu'), kernel: of('kernel', 'cpu') },
        heapKilobytesPerSocket: { bare: bare.kilobytes, kernel: kernel.kilobytes },
        processMegabytes: { bare: bare.rss, kernel: kernel.rss },
      },
    };
  } finally {
    bare.stop();
    kernel.stop();
  }
}

interface Round {
  readonly p50: number;
  readonly p99: number;
  /** Of the server, per delivery. */
  readonly cpu: number;
}

interface Usage {
  readonly heap: number;
  readonly rss: number;
  readonly cpu: number;
}

/** A server with all its clients. */
async function side(kind: 'bare' | 'kernel') {
  const server = start('realtime-server.ts', kind);
  const { port } = await server.answer<{ port: number }>();
  const before = await server.ask<Usage>('usage');
  const clients = start('realtime-clients.ts', String(port), String(SOCKETS), String(CHANNELS));
  await clients.answer();
  const after = await server.ask<Usage>('usage');
  return {
    kilobytes: round2((after.heap - before.heap) / SOCKETS / 1024),
    rss: Math.round(after.rss / 1024 / 1024),
    /** One channel speaks; the other nine thousand sockets are there and silent. */
    async round(): Promise<Round> {
      const deliveries = (SOCKETS / CHANNELS) * EVENTS;
      const used = await server.ask<Usage>('usage');
      const measured = clients.ask<number[]>({ await: deliveries });
      await server.ask({ events: EVENTS, everyMs: EVERY_MS });
      const delays = (await measured).toSorted((a, b) => a - b);
      const cpu = (await server.ask<Usage>('usage')).cpu - used.cpu;
      const at = (share: number) => round2(delays[Math.floor(delays.length * share)] ?? Number.NaN);
      return { p50: at(0.5), p99: at(0.99), cpu: round2(cpu / deliveries) };
    },
    stop() {
      clients.stop();
      server.stop();
    },
  };
}

function start(file: string, ...given: string[]) {
  const child = fork(new URL(`./${file}`, import.meta.url), given, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--expose-gc'],
    serialization: 'advanced',
  });
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`${file} died.`)));
  died.catch(() => {});
  const answer = async <T>(): Promise<T> => {
    const answered = new AbortController();
    const [value] = await Promise.race([once(child, 'message', answered), died]).finally(() => answered.abort());
    return value as T;
  };
  return {
    answer,
    ask: <T>(question: string | object): Promise<T> => {
      const answered = answer<T>();
      child.send(question);
      return answered;
    },
    stop: () => child.kill('SIGKILL'),
  };
}

const round2 = (value: number): number => Math.round(value * 100) / 100;
