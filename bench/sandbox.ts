// What a call of a stranger's program costs behind the wall, beside other ways to run one, most of which hold no wall.

import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compile } from '../sandbox/supervisor/compile.ts';
import { openSandbox, type Sandbox } from '../sandbox/supervisor/supervisor.ts';
import { type BenchResult, median } from './result.ts';
import { type Opened, type Rival, rivals } from './sandbox-rivals.ts';

const PARTY = { publisher: 'bench', tenant: 'bench' };
const COLD_STARTS = 20;
/** Everybody's turns come one after the other, so that whatever else the machine does is everybody's. */
const ROUNDS = 8;
const CALLS_EACH = 1_000;
const LOOPS_EACH = 5;
const PYTHON_STARTS = 10;
/** By then an interpreter waits again, on any machine. */
const AT_REST_MS = 2_000;

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
const SOURCE = { file: 'bench.js', text: `export default ${ECHO}` };
const PYTHON = `def echo(given):
  return {"rows": [{**row, "value": row["value"] + 1} for row in given["rows"]]}
echo`;

export default async function sandbox(): Promise<BenchResult> {
  await using box = openSandbox();
  const ours = await plinth(box);
  const all = [ours, ...(await rivals())];
  const found = await measure(all);
  const mine = found[ours.name];
  if (!mine) throw new Error('Nothing was measured.');
  const over = (figure: 'coldMs' | 'callMs' | 'pixelsMs', ...names: string[]) =>
    names.flatMap((name) => {
      const theirs = found[name]?.[figure];
      const what = figure.replace('Ms', '');
      return theirs ? [[`${what} to ${name}`, Number((mine[figure] / theirs).toPrecision(3))] as const] : [];
    });
  return {
    ratio: Object.fromEntries([
      ...over('coldMs', 'worker', 'workerd'),
      ...over('callMs', 'worker', 'quickjs', 'workerd'),
      ...over('pixelsMs', 'node:vm', 'quickjs', 'workerd'),
    ]),
    medians: {
      ...found,
      // Part of our cold start, in the host, before the child hears of it.
      compileMs: await compiling(),
      python: await python(box),
      frameMs: await frames(),
      wall: box.wall.kind,
    },
  };
}

async function plinth(box: Sandbox): Promise<Rival> {
  return {
    name: 'plinth',
    anew: 'an isolate in a process that runs',
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
}

interface Figures {
  /** What was started anew. */
  readonly anew: string;
  /** From its text to the first answer. */
  readonly coldMs: number;
  /** A call with 1 KB in and out. */
  readonly callMs: number;
  readonly callP99Ms: number;
  readonly pixelsMs: number;
}

async function measure(all: readonly Rival[]): Promise<Record<string, Figures>> {
  const cold = await everybody(all, COLD_STARTS, async (rival) => {
    const program = await rival.open(ECHO);
    await program.call(INPUT);
    return program;
  });
  const echo = await openAll(all, ECHO);
  const calls = await everybody(all, ROUNDS, (rival) => opened(echo, rival).call(INPUT), CALLS_EACH);
  await closeAll(echo);
  const loop = await openAll(all, LOOP);
  const pixels = await everybody(all, ROUNDS, (rival) => opened(loop, rival).call(), LOOPS_EACH);
  await closeAll(loop);
  return Object.fromEntries(
    all.map(({ name, anew }) => [
      name,
      {
        anew,
        coldMs: median(cold.get(name) ?? []),
        callMs: median(calls.get(name) ?? []),
        callP99Ms: percentile(calls.get(name) ?? [], 0.99),
        pixelsMs: median(pixels.get(name) ?? []),
      },
    ]),
  );
}

/** Times everybody in turns, the first of which warms up and does not count. What is opened is closed outside the clock. */
async function everybody(
  all: readonly Rival[],
  rounds: number,
  run: (rival: Rival) => Promise<unknown>,
  each = 1,
): Promise<Map<string, number[]>> {
  const taken = new Map(all.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++)
    for (const rival of all)
      for (let time = 0; time < each; time++) {
        const began = performance.now();
        const answer = await run(rival);
        const ms = performance.now() - began;
        if (isOpened(answer)) await answer.close();
        if (round > 0) taken.get(rival.name)?.push(Number(ms.toPrecision(3)));
      }
  return taken;
}

const isOpened = (answer: unknown): answer is Opened =>
  typeof (answer as Partial<Opened> | undefined)?.close === 'function';

async function openAll(all: readonly Rival[], code: string): Promise<Map<string, Opened>> {
  const programs = new Map<string, Opened>();
  for (const { name, open } of all) programs.set(name, await open(code));
  return programs;
}

async function closeAll(programs: ReadonlyMap<string, Opened>): Promise<void> {
  for (const program of programs.values()) await program.close();
}

function opened(programs: ReadonlyMap<string, Opened>, { name }: Rival): Opened {
  const program = programs.get(name);
  if (!program) throw new Error(`${name} was not opened.`);
  return program;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function timed(times: number, run: () => Promise<unknown>, before = async (): Promise<void> => {}) {
  const taken: number[] = [];
  for (let time = 0; time < times; time++) {
    await before();
    const began = performance.now();
    await run();
    taken.push(Number((performance.now() - began).toPrecision(3)));
  }
  return taken;
}

const compiling = async () => median(await timed(COLD_STARTS, () => compile(SOURCE.file, SOURCE.text)));

async function python(box: Sandbox) {
  const run = () => box.run(PARTY, { file: 'bench.py', text: '1 + 1' });
  const first = await run();
  if (!first.ok) return undefined;
  // One after the other, each waits for an interpreter to be restored; at rest, one waits for a program.
  const fromSnapshot = median(await timed(PYTHON_STARTS, run));
  const fromWaiting = median(await timed(PYTHON_STARTS, run, () => wait(AT_REST_MS)));
  const program = box.open(PARTY, { file: 'bench.py', text: PYTHON });
  await timed(CALLS_EACH, () => program.call(INPUT));
  const calls = await timed(CALLS_EACH, () => program.call(INPUT));
  program.forget();
  return {
    coldMs: { fromSnapshot, fromWaiting },
    callMs: median(calls),
    callP99Ms: percentile(calls, 0.99),
  };
}

/** A frame of 1280x720 handed to an effect's isolate and back. */
async function frames(): Promise<number> {
  const script = fileURLToPath(new URL('sandbox-frame.ts', import.meta.url));
  const args = ['--no-node-snapshot', '--disable-warning=ExperimentalWarning', script];
  const taken = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout) => (stdout === '' ? reject(error) : resolve(stdout)));
  });
  return Number(median(JSON.parse(taken) as number[]).toPrecision(3));
}
