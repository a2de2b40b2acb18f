// What operations on pixels cost at 1280x720, beside the same written out by hand: the loop that a creator would write over
// `data`. A ratio of 1 is as fast as that, above is faster.

import { openPixels } from '../sandbox/pixels/picture.ts';
import { runInRows } from '../sandbox/pixels/rows.ts';
import type { Pixels } from '../sdk/effect.ts';
import { type BenchResult, median } from './result.ts';

const [WIDTH, HEIGHT] = [1280, 720];
const ROUNDS = 60;
const SLOW_ROUNDS = 6;

type Task = (pixels: Pixels, frame: number) => unknown;

const TABLE = Uint8Array.from({ length: 256 }, (_, value) => 255 - value);
const SEPIA = [0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0];

export default async function pixels(): Promise<BenchResult> {
  // In memory of the kind that renders share with their isolates.
  const data = new Uint8ClampedArray(new SharedArrayBuffer(WIDTH * HEIGHT * 4));
  const opened = openPixels(WIDTH, HEIGHT, data);
  const inRows = openPixels(WIDTH, HEIGHT, data, runInRows);
  const times = new Map<string, number[]>();
  const measure = (name: string, run: () => unknown) => {
    fill(data);
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    times.set(name, [...(times.get(name) ?? []), (user + system) / 1_000]);
  };
  // In turns, so that all meet the same machine.
  for (let round = 0; round < ROUNDS; round++) {
    opened.newFrame();
    for (const [name, run] of Object.entries(BY_HAND)) measure(`${name} by hand`, () => run(data, round));
    for (const [name, run] of Object.entries(OURS)) measure(name, () => run(opened.pixels, round));
    if (round < SLOW_ROUNDS) measure('kernel without compiling', () => kernel(inRows.pixels, round));
  }
  const ms = (name: string) => median(times.get(name) ?? []);
  const ratio = Object.keys(BY_HAND).map((name) => [name, Number((ms(`${name} by hand`) / ms(name)).toFixed(3))]);
  const medians = [...times.keys()].map((name) => [`${name} ms`, Number(ms(name).toFixed(3))]);
  return { ratio: Object.fromEntries(ratio), medians: Object.fromEntries(medians) };
}

function fill(data: Uint8ClampedArray): void {
  const words = new Int32Array(data.buffer);
  for (let at = 0; at < words.length; at++) words[at] = 0xff000000 | (Math.imul(at, 7_919) & 0xffffff);
}

const kernel: Task = (px, frame) =>
  px.map(({ r, g, b, x, where }) => [r.mul(1.2), g.mul(0.9).add(frame), where(x.gt(100), b.mul(0.8), 0)]);

const OURS: Readonly<Record<string, Task>> = {
  lookup: (px) => px.lookup(TABLE),
  matrix: (px) => px.matrix(SEPIA),
  threshold: (px) => px.threshold(128),
  histogram: (px) => px.histogram(),
  kernel,
  blend: (px) => px.blend('#ff8800', 'multiply', 0.5),
  'box blur': (px) => px.blur(1),
  'blur 4': (px) => px.blur(4),
  'blur 100': (px) => px.blur(100),
  'blend two': (px) => px.blend(px.copy(), 'screen', 0.5),
  displace: (px, frame) => px.displace(({ y }) => y.add(frame).mul(0.1).sin().mul(8), 0),
  'displace smooth': (px, frame) => px.displace(({ y }) => y.add(frame).mul(0.1).sin().mul(8), 0, { smooth: true }),
  'chroma key': (px) => px.chromaKey('#00ff00', { background: '#000000' }),
  noise: (px, frame) => px.map(({ r, g, b, noise }) => [r, g, b].map((one) => one.add(noise(frame).sub(0.5).mul(20)))),
  copy: (px) => px.copy(),
};

type ByHand = (data: Uint8ClampedArray, frame: number) => unknown;

const BY_HAND: Readonly<Record<string, ByHand>> = {
  lookup(data) {
    for (let at = 0; at < data.length; at += 4) {
      data[at] = TABLE[data[at] ?? 0] ?? 0;
      data[at + 1] = TABLE[data[at + 1] ?? 0] ?? 0;
      data[at + 2] = TABLE[data[at + 2] ?? 0] ?? 0;
    }
  },
  matrix(data) {
    const [rr = 0, rg = 0, rb = 0, , gr = 0, gg = 0, gb = 0, , br = 0, bg = 0, bb = 0] = SEPIA;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      data[at] = rr * red + rg * green + rb * blue;
      data[at + 1] = gr * red + gg * green + gb * blue;
      data[at + 2] = br * red + bg * green + bb * blue;
    }
  },
  threshold(data) {
    for (let at = 0; at < data.length; at += 4) {
      const luma = 0.2126 * (data[at] ?? 0) + 0.7152 * (data[at + 1] ?? 0) + 0.0722 * (data[at + 2] ?? 0);
      data[at] = data[at + 1] = data[at + 2] = luma >= 128 ? 255 : 0;
    }
  },
  histogram(data) {
    const counts = [0, 1, 2, 3].map(() => new Uint32Array(256));
    const [r, g, b, l] = counts as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      const luma = Math.round(0.2126 * red + 0.7152 * green + 0.0722 * blue);
      r[red] = (r[red] ?? 0) + 1;
      g[green] = (g[green] ?? 0) + 1;
      b[blue] = (b[blue] ?? 0) + 1;
      l[luma] = (l[luma] ?? 0) + 1;
    }
    return counts;
  },
  kernel(data, frame) {
    for (let y = 0, at = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++, at += 4) {
        data[at] = (data[at] ?? 0) * 1.2;
        data[at + 1] = (data[at + 1] ?? 0) * 0.9 + frame;
        data[at + 2] = x > 100 ? (data[at + 2] ?? 0) * 0.8 : 0;
      }
  },
  blend(data) {
    const half = (below: number, above: number) => below + ((below * above) / 255 - below) * 0.5;
    for (let at = 0; at < data.length; at += 4) {
      data[at] = half(data[at] ?? 0, 255);
      data[at + 1] = half(data[at + 1] ?? 0, 136);
      data[at + 2] = half(data[at + 2] ?? 0, 0);
    }
  },
  'box blur'(data) {
    const before = data.slice();
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++)
        for (let channel = 0; channel < 3; channel++) {
          let sum = 0;
          for (let row = Math.max(0, y - 1); row <= Math.min(HEIGHT - 1, y + 1); row++)
            for (let column = Math.max(0, x - 1); column <= Math.min(WIDTH - 1, x + 1); column++)
              sum += before[(row * WIDTH + column) * 4 + channel] ?? 0;
          data[(y * WIDTH + x) * 4 + channel] = sum / 9;
        }
  },
};
