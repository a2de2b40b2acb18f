// What a call of a stranger's program costs behind the wall, beside other ways to run one, most of which hold no wall.

import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { openSandbox } from '../sandbox/supervisor/supervisor.ts';
import { type BenchResult, median } from './result.ts';

const PARTY = { publisher: 'bench', tenant: 'bench' };
const ROUNDS = 30;
const CALLS = 300;

/** About 1 KB in and out. */
const INPUT = { rows: Array.from({ length: 20 }, (_, id) => ({ id, name: `row number ${id}`, value: id * 1.5 })) };
const ECHO = '(input) => ({ rows: input.rows.map((row) => ({ ...row, value: row.value + 1 })) })';
/** Every pixel of a picture of 1280x720, in whole numbers. */
const LOOP = `() => {
  const data = new Uint8Array(1280 * 720 * 4);
  for (let at = 0; at < data.length; at += 4) {
    data[at] = (at * 7) & 255; data[at + 1] = (at >> 3) & 255; data[at + 2] = 255 - (at & 255); data[at + 3] = 255;
  }
  return data[1001];
}`;

/** Starts a program anew and answers how to call it. */
interface Rival {
  readonly name: string;
  open(code: string): Promise<{ call(input?: unknown): Promise<unknown>; close(): unknown }>;
}

export default async function sandbox(): Promise<BenchResult> {
  await using box = openSandbox();
  const ours: Rival = {
    name: 'plinth',
    async open(code) {
      const program = box.open(PARTY, { file: 'bench.js', text: `export default ${code}` });
      const call = async (input?: unknown) => {
        const outcome = await program.call(input);
        if (!outcome.ok) throw new Error(outcome.error.message);
        return outcome.value;
      };
      return { call, close: () => program.forget() };
    },
  };
  const quickjs = await quickJs();
  const found: Record<string, Figures> = {};
  for (const rival of [ours, nodeVm, worker, ...(quickjs ? [quickjs] : [])]) found[rival.name] = await measure(rival);
  const python = await pythonCold(box);
  const mine = found.plinth;
  if (!mine) throw new Error('Nothing was measured.');
  const over = (name: string, figure: keyof Figures) => {
    const theirs = found[name]?.[figure];
    return theirs ? Number((mine[figure] / theirs).toPrecision(3)) : Number.NaN;
  };
  return {
    ratio: {
      'cold to worker': over('worker', 'coldMs'),
      'call to worker': over('worker', 'callMs'),
      'pixels to node:vm': over('node:vm', 'pixelsMs'),
      ...(quickjs ? { 'pixels to quickjs': over('quickjs', 'pixelsMs') } : {}),
    },
    medians: { ...found, ...(python === undefined ? {} : { pythonColdMs: python }), wall: box.wall.kind },
  };
}

interface Figures {
  /** From nothing loaded to the first answer. */
  readonly coldMs: number;
  /** A call with 1 KB in and out. */
  readonly callMs: number;
  readonly pixelsMs: number;
}

async function measure({ open }: Rival): Promise<Figures> {
  // Once beforehand: processes start, compilers warm.
  await (await open(ECHO)).call(INPUT);
  const cold = await timed(ROUNDS, async () => {
    const program = await open(ECHO);
    await program.call(INPUT);
    return program.close;
  });
  const echo = await open(ECHO);
  for (let warm = 0; warm < CALLS; warm++) await echo.call(INPUT);
  const call = await timed(CALLS, () => echo.call(INPUT));
  echo.close();
  const loop = await open(LOOP);
  for (let warm = 0; warm < 5; warm++) await loop.call();
  const pixels = await timed(ROUNDS, () => loop.call());
  loop.close();
  return { coldMs: cold, callMs: call, pixelsMs: pixels };
}

/** The median in milliseconds. What `run` answers, if a function, is called outside the clock. */
async function timed(times: number, run: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < times; time++) {
    const began = performance.now();
    const after = await run();
    taken.push(performance.now() - began);
    if (typeof after === 'function') await after();
  }
  return Number(median(taken).toPrecision(3));
}

async function pythonCold(box: ReturnType<typeof openSandbox>): Promise<number | undefined> {
  const run = () => box.run(PARTY, { file: 'bench.py', text: '1 + 1' });
  const first = await run();
  if (!first.ok) return undefined;
  return timed(10, run);
}

const nodeVm: Rival = {
  name: 'node:vm',
  async open(code) {
    const call = vm.runInNewContext(`(input) => JSON.stringify((${code})(input && JSON.parse(input)))`);
    return { call: async (input) => JSON.parse(call(input && JSON.stringify(input))), close() {} };
  },
};

const worker: Rival = {
  name: 'worker',
  async open(code) {
    const thread = new Worker(
      `const { parentPort } = require('node:worker_threads'); const run = ${code};
       parentPort.on('message', (input) => parentPort.postMessage(run(input)));`,
      { eval: true },
    );
    const call = (input?: unknown) =>
      new Promise((resolve) => {
        thread.once('message', resolve);
        thread.postMessage(input);
      });
    return { call, close: () => thread.terminate() };
  },
};

async function quickJs(): Promise<Rival | undefined> {
  const path: string = 'quickjs-emscripten';
  const { getQuickJS } = (await import(path).catch(() => ({}))) as { getQuickJS?: () => Promise<QuickJs> };
  const engine = await getQuickJS?.();
  if (!engine) return undefined;
  return {
    name: 'quickjs',
    async open(code) {
      const context = engine.newContext();
      context
        .unwrapResult(
          context.evalCode(`globalThis.run = (input) => JSON.stringify((${code})(input && JSON.parse(input)))`),
        )
        .dispose();
      const call = async (input?: unknown) => {
        const given = input === undefined ? '' : JSON.stringify(JSON.stringify(input));
        const handle = context.unwrapResult(context.evalCode(`run(${given})`));
        const text = context.dump(handle);
        handle.dispose();
        return JSON.parse(text);
      };
      return { call, close: () => context.dispose() };
    },
  };
}

interface QuickJs {
  newContext(): {
    evalCode(code: string): unknown;
    unwrapResult(result: unknown): { dispose(): void };
    dump(handle: unknown): string;
    dispose(): void;
  };
}
