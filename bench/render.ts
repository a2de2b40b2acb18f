// What an effect adds to FFmpeg's own decode and encode of the same clip with the same settings, in turns.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFFmpeg } from '../sandbox/render/ffmpeg.ts';
import { render } from '../sandbox/render/pipeline.ts';
import { compile } from '../sandbox/supervisor/compile.ts';
import { countCpu } from './cpu.ts';
import { EFFECTS, type EffectName } from './render-effects.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const THREADS = 2;
const RATE = 30;
/** In gamut and moving everywhere: noise that clips would flatter whoever changes it. */
const CLIPS = {
  wide: { size: '1280x720', seconds: 10 },
  tall: { size: '1080x1920', seconds: 15 },
} as const;
const X264 = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p'],
  // As renders do, so that the same work gives the same bytes.
  ...['-threads', `${THREADS}`, '-x264-params', 'sync-lookahead=0'],
];

/** `--wide`: only that clip. `--only NAME`: only that effect. */
export default async function renderBench(options: readonly string[]): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-render-'));
  try {
    const { tall, ...wideOnly } = CLIPS;
    const clips = options.includes('--wide') ? wideOnly : CLIPS;
    const only = options[options.indexOf('--only') + 1];
    const names = (Object.keys(EFFECTS) as EffectName[]).filter((name) => !options.includes('--only') || name === only);
    const found: Record<string, Figures> = {};
    for (const [name, clip] of Object.entries(clips)) found[name] = await compare(directory, name, clip, names);
    const { wide } = found;
    if (!wide) throw new Error('Nothing was measured.');
    return { ratio: wide.ratio, medians: found };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const counted = countCpu() ?? (() => Number.NaN);

interface Taken {
  readonly wall: number;
  /** Of the command and of all that it started. */
  readonly cpu: number;
  /** Without what happens once before the first frame. */
  readonly encode: number;
}

interface Figures {
  readonly ratio: Record<string, number>;
  /** The same by the processors' time in place of the clock's. */
  readonly cpuRatio: Record<string, number>;
  /** The same without what happens once before the first frame. */
  readonly encodeRatio: Record<string, number>;
  readonly framesPerSecond: Record<string, number>;
  readonly cpuSeconds: Record<string, number>;
  readonly outputBytes: Record<string, number>;
  /** Of the picture that each changed, in a frame of the middle. */
  readonly touched: Record<string, number>;
}

async function compare(
  directory: string,
  name: string,
  clip: { size: string; seconds: number },
  names: readonly EffectName[],
): Promise<Figures> {
  const { ffmpeg } = await findFFmpeg();
  const run = (...args: string[]) =>
    execFileSync(ffmpeg, ['-nostdin', '-v', 'error', '-y', ...args], { maxBuffer: 1e8 });
  const input = join(directory, `${name}.mp4`);
  makeClip(run, clip, input);
  const works: Record<string, (output: string) => Promise<number | undefined>> = {
    async ffmpeg(output) {
      run('-i', input, ...X264, '-c:a', 'copy', '-movflags', '+faststart', output);
      return undefined;
    },
    /** What it costs that the same work gives the same bytes. */
    async lookAhead(output) {
      run('-i', input, ...X264.slice(0, -2), '-c:a', 'copy', '-movflags', '+faststart', output);
      return undefined;
    },
  };
  for (const each of names) {
    const { file, text } = EFFECTS[each];
    const effect = await compile(file, text);
    works[each] = async (output) =>
      (await render({ input, output, effects: [{ compiled: effect }], threads: THREADS })).encodeMs / 1000;
  }
  const taken: Record<string, Taken[]> = {};
  const outputBytes: Record<string, number> = {};
  const touched: Record<string, number> = {};
  // In turns, so that all meet the same machine; the first round warms caches.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [what, work] of Object.entries(works)) {
      const output = join(directory, `${what}.mp4`);
      const took = await timed(() => work(output));
      if (round > 0) taken[what] = [...(taken[what] ?? []), took];
      else {
        outputBytes[what] = statSync(output).size;
        touched[what] = round3(differing(run, join(directory, 'ffmpeg.mp4'), output, clip.seconds / 2));
      }
    }
  }
  return { ...figuresOf(taken, clip.seconds * RATE), outputBytes, touched };
}

function makeClip(run: (...args: string[]) => void, { size, seconds }: { size: string; seconds: number }, to: string) {
  const picture = `testsrc2=size=${size}:rate=${RATE}:duration=${seconds},lutyuv=y='clip(val,32,210)'`;
  const sound = `sine=duration=${seconds}`;
  run('-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound, ...X264, '-c:a', 'aac', '-shortest', to);
}

async function timed(work: () => Promise<number | undefined>): Promise<Taken> {
  const [began, cpu] = [performance.now(), counted()];
  const encode = await work();
  const wall = (performance.now() - began) / 1000;
  return { wall, cpu: counted() - cpu, encode: encode ?? wall };
}

/** Which part of a frame differs by more than encoding it anew does. */
function differing(run: (...args: string[]) => Buffer, one: string, other: string, at: number): number {
  const graph = '[0:v][1:v]blend=all_mode=difference,format=gray[d]';
  const inputs = [one, other].flatMap((file) => ['-ss', String(at), '-i', file]);
  const raw = ['-map', '[d]', '-frames:v', '1', '-f', 'rawvideo', 'pipe:1'];
  const frame = run(...inputs, '-filter_complex', graph, ...raw);
  return frame.filter((value) => value > 8).length / frame.length;
}

function figuresOf(taken: Record<string, Taken[]>, frames: number): Omit<Figures, 'outputBytes' | 'touched'> {
  const middle = (what: string, figure: keyof Taken) => median((taken[what] ?? []).map((each) => each[figure]));
  const each = (names: readonly string[], of: (name: string) => number) =>
    Object.fromEntries(names.map((name) => [name, round3(of(name))]));
  const all = Object.keys(taken);
  const ours = all.filter((name) => name in EFFECTS);
  const over = (figure: keyof Taken) =>
    each(ours, (name) => middle('ffmpeg', figure === 'cpu' ? 'cpu' : 'wall') / middle(name, figure));
  return {
    ratio: over('wall'),
    cpuRatio: over('cpu'),
    encodeRatio: over('encode'),
    framesPerSecond: each(all, (name) => frames / middle(name, 'wall')),
    cpuSeconds: each(all, (name) => middle(name, 'cpu')),
  };
}

const round3 = (value: number) => Number(value.toPrecision(3));
