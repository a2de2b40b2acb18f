// What the kernel's whole path costs per request, in CPU time of the server, against one bare Fastify route.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { type BenchResult, median } from './result.ts';

const ROUNDS = 7;
const REQUESTS = 12_000;
const WARM_UP = 24_000;
const AT_ONCE = 32;

export default async function front(): Promise<BenchResult> {
  const bare = await server('bare');
  const kernel = await server('kernel');
  try {
    const cost: { bare: number[]; kernel: number[] } = { bare: [], kernel: [] };
    await bare.load(WARM_UP);
    await kernel.load(WARM_UP);
    for (let round = 0; round < ROUNDS; round++) {
      cost.bare.push(await bare.load(REQUESTS));
      cost.kernel.push(await kernel.load(REQUESTS));
    }
    const perRequest = { bare: median(cost.bare), kernel: median(cost.kernel) };
    return {
      ratio: { fastify: round2(median(cost.kernel.map((each, index) => each / (cost.bare[index] ?? each)))) },
      medians: {
        bareMicroseconds: round2(perRequest.bare),
        kernelMicroseconds: round2(perRequest.kernel),
        requests: REQUESTS,
        rounds: ROUNDS,
      },
    };
  } finally {
    bare.stop();
    kernel.stop();
  }
}

/** A server in its own process; `load` answers the microseconds of its CPU that each request took. */
async function server(kind: 'bare' | 'kernel') {
  const child = fork(new URL('./front-server.ts', import.meta.url), [kind], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [made] = (await once(child, 'message')) as [{ port: number; token: string }];
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const headers = { host: 'bench.localhost', authorization: `Bearer ${made.token}` };
  const one = () =>
    new Promise<void>((resolve, reject) => {
      get({ port: made.port, host: '127.0.0.1', path: '/api/nop/items?limit=5', agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${kind} answered ${response.statusCode}`));
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
  const cpu = async (): Promise<number> => {
    child.send('cpu');
    const [{ cpu: used }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage }];
    return used.user + used.system;
  };
  return {
    async load(requests: number): Promise<number> {
      const before = await cpu();
      let left = requests;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (left-- > 0) await one();
        }),
      );
      return ((await cpu()) - before) / requests;
    },
    stop() {
      agent.destroy();
      child.kill('SIGTERM');
    },
  };
}

const round2 = (value: number): number => Math.round(value * 100) / 100;
