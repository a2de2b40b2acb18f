import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Canvas } from '@plinth/sdk/effect.ts';
import { describe, expect, test } from 'vitest';
import { lineOf, runsOf } from '../draw/charts/curve.ts';
import { formatNumber } from '../draw/charts/numbers.ts';
import { scaleOf } from '../draw/charts/scale.ts';
import { OP } from '../draw/ops.ts';
import { renderFrame } from '../render/render-frame.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, ffmpeg, H264, plain } from './clips.ts';
import { boundsOfRecording, inkOf, picture, raster, record } from './drawing.ts';

describe('numbers', () => {
  test.each([
    [1234567.8, {}, '1,234,568'],
    [1234567.8, { notation: 'plain', decimals: 2 }, '1234567.80'],
    [1234567.8, { separator: '.', point: ',', decimals: 1, suffix: ' €' }, '1.234.567,8 €'],
    [-1500, { prefix: '$' }, '\u2212$1,500'],
    [-0.2, {}, '0'],
    [999, { notation: 'compact' }, '999'],
    [1000, { notation: 'compact' }, '1k'],
    [12_345, { notation: 'compact' }, '12.3k'],
    [99_960, { notation: 'compact' }, '100k'],
    [123_456, { notation: 'compact' }, '123k'],
    [999_960, { notation: 'compact' }, '1M'],
    [1_250_000_000, { notation: 'compact', decimals: 2, prefix: '$' }, '$1.25B'],
    [0.25, { notation: 'compact' }, '0.3'],
    [1e30, { notation: 'plain' }, '100000000000000000000'],
    [Number.NaN, {}, '\u2013'],
  ] as const)('%d, %j is written %s', (value, style, text) => {
    expect(formatNumber(value, style)).toBe(text);
  });
});

describe('axes', () => {
  const ticks = (values: number[], more: object = {}) =>
    scaleOf([values], { ticks: 4, fromZero: true, ...more }).ticks.map((tick) => Number(tick.toFixed(6)));

  test('have round numbers around the values', () => {
    expect(ticks([3, 97])).toEqual([0, 25, 50, 75, 100]);
    expect(ticks([0.1, 0.37])).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect(ticks([-10, 50])).toEqual([-20, 0, 20, 40, 60]);
    expect(ticks([101, 109], { fromZero: false })).toEqual([100, 102, 104, 106, 108, 110]);
    expect(ticks([3, 97], { min: 10, max: 90 })).toEqual([20, 40, 60, 80]);
  });

  test('stand for values that are all the same, missing, or beyond all bounds', () => {
    for (const values of [[], [5, 5], [0], [Number.NaN], [1e300, -1e300], [1e-300]]) {
      const { min, max, ticks: found } = scaleOf([values], { ticks: 4, fromZero: false });
      expect(max).toBeGreaterThan(min);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThan(110);
    }
  });
});

describe('lines', () => {
  const places = [
    [0, 0],
    [10, 40],
    [20, 40],
    [30, 10],
  ] as const;

  test('that are smooth go through the values and never beyond them', () => {
    const line = lineOf(places, true, Infinity);
    for (const place of places) expect(line).toContainEqual(place);
    expect(Math.max(...line.map(([, y]) => y))).toBe(40);
    expect(Math.min(...line.map(([, y]) => y))).toBe(0);
    expect(line.length).toBeGreaterThan(places.length);
  });

  test('stop where they have grown to', () => {
    expect(lineOf(places, false, 5)).toEqual([
      [0, 0],
      [5, 20],
    ]);
    expect(lineOf(places, true, 25).at(-1)?.[0]).toBe(25);
  });

  test('are parted by holes', () => {
    const runs = runsOf([
      [0, 1],
      [1, Number.NaN],
      [2, 3],
      [3, 4],
      [4, Number.NaN],
    ]);
    expect(runs).toEqual([
      [[0, 1]],
      [
        [2, 3],
        [3, 4],
      ],
    ]);
  });
});

const CHARTS: Readonly<Record<string, (canvas: Canvas) => void>> = {
  bars: (canvas) =>
    canvas.bars([3, -1, 4], 20, 20, 300, 160, { labels: ['a', 'b', 'a very long label'], values: true }),
  'bars in groups': (canvas) =>
    canvas.bars(
      [
        [1, 2],
        [3, 4],
      ],
      20,
      20,
      300,
      160,
      { names: ['one', 'two'] },
    ),
  lines: (canvas) =>
    canvas.lines([3, 1, null, 4, 1], 20, 20, 300, 160, { labels: ['a', 'b', 'c', 'd', 'e'], dots: true }),
  area: (canvas) => canvas.area([3, 1, 4, 1], 20, 20, 300, 160, { smooth: true, grow: 0.6, dots: 'end' }),
  sparkline: (canvas) => canvas.sparkline([3, 1, 4, 1, 5], 20, 20, 300, 160),
  radar: (canvas) => canvas.radar([3, 1, 4, 1, 5], 170, 100, 60, { labels: ['a', 'b', 'c', 'd', 'e'] }),
};

describe.each(Object.entries(CHARTS))('%s', (_name, draw) => {
  test('stay in their box', () => {
    const ink = inkOf(picture(draw, 340, 200));
    expect(ink?.width).toBeGreaterThan(100);
    expect(ink?.x).toBeGreaterThanOrEqual(18);
    expect(ink?.y).toBeGreaterThanOrEqual(18);
    expect((ink?.x ?? 0) + (ink?.width ?? 0)).toBeLessThanOrEqual(322);
    expect((ink?.y ?? 0) + (ink?.height ?? 0)).toBeLessThanOrEqual(184);
  });

  test('are made of what lists have, and within what is said of them', () => {
    const recording = record(340, 200, draw);
    const codes = new Set<number>(Object.values(OP));
    expect(codes.has(recording.list[0] ?? 0)).toBe(true);
    const [ink, box] = [inkOf(raster(recording)), boundsOfRecording(recording)];
    expect(box?.x).toBeLessThanOrEqual(ink?.x ?? 0);
    expect(box?.y).toBeLessThanOrEqual(ink?.y ?? 0);
  });
});

test('nothing, one value, holes alone and no room at all draw without failing', () => {
  for (const values of [[], [1], [null, null], [Number.NaN, Infinity], [[], []], [[1], []]])
    for (const [width, height] of [
      [200, 100],
      [3, 2],
      [0, 0],
      [-5, 10],
    ] as const)
      expect(() =>
        picture((canvas) => {
          for (const name of ['bars', 'lines', 'area'] as const)
            canvas[name](values, 10, 10, width, height, { labels: ['a'], names: ['b'], smooth: true });
          canvas.sparkline(values as number[], 10, 10, width, height);
          canvas.radar(values, 10, 10, width);
        }),
      ).not.toThrow();
});

test('bars grow, and are as tall as their values say', () => {
  const tops = (grow: number) => {
    const drawn = (canvas: Canvas) =>
      canvas.bars([50, 100], 0, 0, 100, 100, { ticks: 0, max: 100, grow, gap: 0, radius: 0 });
    const seen = picture(drawn);
    const top = (x: number) => Array.from({ length: 100 }, (_, y) => seen.at(x, y)[3]).indexOf(255);
    return [top(25), top(75)];
  };
  expect(tops(1)).toEqual([50, 0]);
  expect(tops(0.5)).toEqual([75, 50]);
});

test('a counter keeps its digits in their places while it counts', () => {
  const inkAt = (value: number) =>
    inkOf(picture((canvas) => canvas.counter(value, 100, 60, { size: 40, align: 'right' }), 120, 80));
  // The 1 is narrow, the 0 wide: the digit before them stays where it is.
  expect(inkAt(411)?.x).toBe(inkAt(400)?.x);
  expect(inkOf(picture((canvas) => canvas.counter(400, 100, 60, { size: 40, grow: 0 }), 200, 80))?.width).toBeLessThan(
    30,
  );
});

test('a chart of words is refused with what it is made of', () => {
  expect(() => picture((canvas) => canvas.bars('abc' as never, 0, 0, 10, 10))).toThrow(
    'A chart is drawn of a list of numbers.',
  );
});

describe('Python', () => {
  const directory = aDirectory();
  const clip = join(directory, 'clip.mp4');
  const typescript = `import { effect } from '@plinth/sdk/effect';
export default effect({ title: 'Charts', frame({ canvas }) {
  canvas.bars([[1, 2, null], [3, 4, -5]], 10, 10, 140, 80, { labels: ['a', 'b', 'c'], names: ['one', 'two'], values: true });
  canvas.lines([1, 5, 2], 160, 10, 140, 80, { smooth: true, lineWidth: 3, dots: 'end', grow: 0.8 });
  canvas.area([1, 5, 2], 10, 100, 90, 70, { format: { notation: 'compact' } });
  canvas.sparkline([1, 5, 2], 110, 100, 60, 30, { color: '#ff0000' });
  canvas.radar([1, 5, 2, 4], 220, 135, 30, { labels: ['n', 'e', 's', 'w'] });
  canvas.counter(1234.5, 110, 160, { size: 20, format: { decimals: 1, prefix: '$' } });
  canvas.text(canvas.format(45600, { notation: 'compact' }), 250, 170, { size: 16 });
} });`;
  const python = `from plinth import effect

@effect(title="Charts")
def frame(f):
    c = f.canvas
    c.bars([[1, 2, None], (3, 4, -5)], 10, 10, 140, 80, labels=["a", "b", "c"], names=["one", "two"], values=True)
    c.lines([1, 5, 2], 160, 10, 140, 80, smooth=True, line_width=3, dots="end", grow=0.8)
    c.area([1, 5, 2], 10, 100, 90, 70, format={"notation": "compact"})
    c.sparkline([1, 5, 2], 110, 100, 60, 30, color="#ff0000")
    c.radar([1, 5, 2, 4], 220, 135, 30, labels=["n", "e", "s", "w"])
    c.counter(1234.5, 110, 160, size=20, format={"decimals": 1, "prefix": "$"})
    c.text(c.format(45600, notation="compact"), 250, 170, size=16)
`;

  test('draws exactly what JavaScript draws', async () => {
    ffmpeg(...plain('gray', 'bt709'), ...H264, clip);
    const draw = async (file: string, source: string) => {
      const output = join(directory, `${file}.png`);
      const compiled = await compile(file, source);
      const { effects } = await renderFrame({ input: clip, output, effects: [{ compiled }], at: 0.2 });
      return { seen: effects[0]?.seen, bytes: readFileSync(output) };
    };
    const [one, other] = [await draw('charts.ts', typescript), await draw('charts.py', python)];
    expect(one.seen?.drawnFrames).toBe(1);
    expect(other.seen).toEqual(one.seen);
    expect(other.bytes.equals(one.bytes)).toBe(true);
  });
});
