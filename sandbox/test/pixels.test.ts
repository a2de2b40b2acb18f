import type { KernelPixel, PixelArea, PixelKernel, Pixels, Traced } from '@plinth/sdk/effect.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loopOf, runCompiled } from '../pixels/loop.ts';
import { openPixels } from '../pixels/picture.ts';
import { runInRows } from '../pixels/rows.ts';
import { colourful, flat, HEIGHT, pixelsOf, WIDTH } from './pixels.ts';

const after = (change: (pixels: Pixels) => unknown, data = colourful()): number[] => {
  const given = data.slice();
  change(pixelsOf(given));
  return [...given];
};
const before = [...colourful()];
const IDENTITY = Array.from({ length: 256 }, (_, value) => value);
const at = (data: ArrayLike<number>, x: number, y: number) =>
  Array.from(data).slice((y * WIDTH + x) * 4, (y * WIDTH + x) * 4 + 4);
const byte = (value: number) => Uint8ClampedArray.of(value)[0] ?? 0;

describe('nothing changes', () => {
  test.each<[string, (pixels: Pixels) => unknown]>([
    ['by a table of every value itself', (px) => px.lookup(IDENTITY)],
    ['by four tables of every value itself', (px) => px.lookup({ r: IDENTITY, g: IDENTITY, b: IDENTITY, a: IDENTITY })],
    ['by no table', (px) => px.lookup({})],
    ['by the matrix of one', (px) => px.matrix([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])],
    ['by the larger matrix of one', (px) => px.matrix([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0])],
    ['by a blur of no radius', (px) => px.blur(0.4).blur(-3)],
    ['by going nowhere', (px) => px.displace(0, 0, { smooth: true })],
    ['by a kernel that answers its pixel', (px) => px.map((pixel) => pixel)],
    ['by a colour that is transparent', (px) => px.blend('#ff000000')],
    ['by a picture of no opacity', (px) => px.blend(px.copy().blur(3), 'multiply', 0)],
    ['by the picture itself', (px) => px.blend(px.copy())],
    [
      'by what lies beside the picture',
      (px) =>
        px
          .region(WIDTH, 0, 5, 5)
          .threshold(0)
          .blur(2)
          .map(() => 9),
    ],
    ['by what is done to a copy', (px) => px.copy().blur(5).matrix(Array(12).fill(1))],
    ['by a key that nothing is near to', (px) => px.chromaKey('#00ff00', { tolerance: 0, softness: 0, spill: 0 })],
  ])('%s', (_name, change) => expect(after(change)).toEqual(before));

  test('in a flat picture, however wide the blur', () => {
    const wide = fc.integer({ min: 0, max: 1_000 });
    const color = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(color, wide, (rgba, radius) => {
        expect(after((px) => px.blur(radius), flat(rgba))).toEqual([...flat(rgba)]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a table', () => {
  test('says what becomes of each value, rounded and clamped as bytes are', () => {
    const table = IDENTITY.map((value) => value * 1.7 - 30);
    const wanted = before.map((value, index) => (index % 4 === 3 ? value : byte(value * 1.7 - 30)));
    expect(after((px) => px.lookup(table))).toEqual(wanted);
  });
});

test('a matrix mixes the channels it names', () => {
  const [x, y] = [7, 5];
  const [r = 0, g = 0, b = 0] = at(before, x, y);
  const mixed = after((px) => px.matrix([0.5, 0.25, 0, 10, 0, 0, 2, 0, -1, 0, 0, 300.5]));
  expect(at(mixed, x, y)).toEqual([byte(0.5 * r + 0.25 * g + 10), byte(2 * b), byte(300.5 - r), 255]);
});

describe('a blur', () => {
  /** Means of a window that goes on with the edge's pixel, twice along rows and twice along columns. */
  function plainBlur(data: ArrayLike<number>, radius: number): number[] {
    const mean = (values: ArrayLike<number>, dx: number, dy: number, reach: number) =>
      Array.from(values, (_, index) => {
        const [x, y] = [Math.floor(index / 4) % WIDTH, Math.floor(index / 4 / WIDTH)];
        let sum = 0;
        for (let far = -reach; far <= reach; far++) {
          const [column, row] = [
            Math.max(0, Math.min(WIDTH - 1, x + far * dx)),
            Math.max(0, Math.min(HEIGHT - 1, y + far * dy)),
          ];
          sum += values[(row * WIDTH + column) * 4 + (index % 4)] ?? 0;
        }
        return Math.floor(sum / (2 * reach + 1) + 0.5);
      });
    const [first, second] = [Math.ceil(radius / 2), Math.floor(radius / 2)];
    return [
      [1, 0, first],
      [1, 0, second],
      [0, 1, first],
      [0, 1, second],
    ].reduce<ArrayLike<number>>((values, [dx = 0, dy = 0, reach = 0]) => mean(values, dx, dy, reach), data) as number[];
  }

  test.each([1, 2, 3, 7, 30, 255, 256])('of radius %i is the mean of what lies around, and of that again', (radius) => {
    const blurred = after((px) => px.blur(radius));
    const plain = plainBlur(before, radius);
    // A mean that lies on a half may be rounded to either side.
    for (const [index, value] of blurred.entries())
      expect(Math.abs(value - (plain[index] ?? 0))).toBeLessThanOrEqual(1);
    expect(blurred.filter((value, index) => value !== plain[index]).length).toBeLessThan(blurred.length / 30);
  });

  test('of a region stays in it and does not look out of it', () => {
    const blurred = after((px) => px.region(4, 3, 6, 5).blur(4));
    const alone = before.filter((_, index) => inside(index));
    const other = openPixels(6, 5, Uint8ClampedArray.from(alone)).pixels;
    expect(blurred.filter((_, index) => inside(index))).toEqual([...other.blur(4).region(0, 0, 6, 5).copy().data]);
    expect(blurred.filter((_, index) => !inside(index))).toEqual(before.filter((_, index) => !inside(index)));
  });
  const inside = (index: number) => {
    const [x, y] = [Math.floor(index / 4) % WIDTH, Math.floor(index / 4 / WIDTH)];
    return x >= 4 && x < 10 && y >= 3 && y < 8;
  };
});

test('a threshold parts the picture by luma', () => {
  const parted = after((px) => px.threshold(128, { dark: '#102030' }));
  for (let index = 0; index < before.length; index += 4) {
    const [r = 0, g = 0, b = 0] = before.slice(index);
    const isLight = Math.floor((54 * r + 183 * g + 19 * b) / 256) >= 128;
    expect(parted.slice(index, index + 4)).toEqual(isLight ? [255, 255, 255, 255] : [16, 32, 48, 255]);
  }
});

describe('displacing', () => {
  test('fetches each pixel from so far away, and the edge beyond it', () => {
    const moved = after((px) => px.displace(3, -2));
    expect(at(moved, 5, 6)).toEqual(at(before, 8, 4));
    expect(at(moved, WIDTH - 1, 0)).toEqual(at(before, WIDTH - 1, 0));
  });

  test('by half a pixel mixes both when it is smooth, and takes one of them when not', () => {
    const [left, right] = [at(before, 5, 6), at(before, 6, 6)];
    expect(
      at(
        after((px) => px.displace(0.5, 0, { smooth: true })),
        5,
        6,
      ),
    ).toEqual(left.map((one, index) => byte((one + (right[index] ?? 0)) / 2)));
    expect(
      at(
        after((px) => px.displace(0.5, 0)),
        5,
        6,
      ),
    ).toEqual(right);
  });

  test('by a map moves by its red and its green, 128 being nowhere', () => {
    const map = pixelsOf(flat([255, 128, 0]));
    expect(after((px) => px.displace(map, map, { scale: 4 }))).toEqual(after((px) => px.displace(4, 0)));
  });

  test('takes every pixel from the picture as it was', () => {
    expect(
      at(
        after((px) => px.region(0, 0, 6, 1).displace(-1, 0)),
        5,
        0,
      ),
    ).toEqual(at(before, 4, 0));
  });
});

describe('blending', () => {
  const mixed = (below: readonly number[], change: (px: Pixels) => unknown) => at(after(change, flat(below)), 3, 3);
  test.each<[string, Parameters<PixelArea['blend']>[1], number[]]>([
    ['lays it over', 'normal', [200, 100, 0]],
    ['multiplies', 'multiply', [78, 39, 0]],
    ['screens', 'screen', [222, 161, 100]],
    ['takes the darker', 'darken', [100, 100, 0]],
    ['takes the lighter', 'lighten', [200, 100, 100]],
    ['adds', 'add', [255, 200, 100]],
    ['tells the difference', 'difference', [100, 0, 100]],
    ['multiplies what lies in the dark', 'overlay', [157, 78, 0]],
    ['screens by what is light', 'hard-light', [188, 78, 0]],
  ])('%s', (_name, mode, wanted) => {
    expect(mixed([100, 100, 100], (px) => px.blend('#c86400', mode))).toEqual([...wanted, 255]);
  });

  test('mixes by opacity and by the alpha of what is laid over', () => {
    expect(mixed([100, 0, 0], (px) => px.blend('#ff0000', 'normal', 0.5))).toEqual([178, 0, 0, 255]);
    expect(mixed([100, 0, 0], (px) => px.blend('#ff000080', 'normal', 0.5))).toEqual([139, 0, 0, 255]);
  });

  test('shows what is laid over where nothing lies below', () => {
    expect(mixed([9, 9, 9, 0], (px) => px.blend('#ff8000'))).toEqual([255, 128, 0, 255]);
    expect(mixed([9, 9, 9, 0], (px) => px.blend('#ff800000'))[3]).toBe(0);
  });

  test('with a region of the same picture sees it as it was', () => {
    const shifted = after((px) => px.region(1, 0, 8, 4).blend(px.region(0, 0, 8, 4)));
    expect(at(shifted, 8, 0)).toEqual(at(before, 7, 0));
  });
});

describe('a chroma key', () => {
  const keyed = (color: readonly number[], style = {}) =>
    at(
      after((px) => px.chromaKey('#00d020', style), flat(color)),
      0,
      0,
    );
  test('makes the colour transparent, and a darker one of the same hue nearly so', () => {
    expect(keyed([0, 208, 32])[3]).toBe(0);
    expect(keyed([0, 150, 23])[3]).toBeLessThan(30);
  });
  test('leaves what has another hue', () => {
    for (const color of [
      [200, 150, 120, 255],
      [20, 20, 20, 255],
      [255, 255, 255, 255],
      [30, 60, 200, 255],
    ])
      expect(keyed(color)).toEqual(color);
  });
  test('shows what is behind', () => {
    expect(keyed([0, 208, 32], { background: '#123456' })).toEqual([0x12, 0x34, 0x56, 255]);
    const behind = pixelsOf(flat([1, 2, 3]));
    expect(keyed([0, 208, 32], { background: behind })).toEqual([1, 2, 3, 255]);
  });
  test('takes the colour’s shine from what stays', () => {
    expect(keyed([150, 200, 120], { tolerance: 0, softness: 0, spill: 1 })).toEqual([150, 150, 120, 255]);
  });
});

test('a histogram counts every pixel once in each channel', () => {
  const counts = pixelsOf(colourful()).region(2, 2, 7, 5).histogram();
  for (const channel of [counts.r, counts.g, counts.b, counts.luma]) {
    expect(channel).toHaveLength(256);
    expect(channel.reduce((sum, count) => sum + count, 0)).toBe(35);
  }
  expect(pixelsOf(flat([10, 20, 30])).histogram().g[20]).toBe(WIDTH * HEIGHT);
});

describe('a kernel', () => {
  test('works out every pixel by its place and its values', () => {
    const made = after((px) =>
      px.map(({ r, x, y, u, v, where }) => [where(x.gt(9).and(y.lt(3)), r, 0), u.mul(255), v.mul(255)]),
    );
    for (const [x, y] of [
      [0, 0],
      [10, 2],
      [19, 11],
    ] as const) {
      const [r = 0] = at(before, x, y);
      expect(at(made, x, y)).toEqual([
        x > 9 && y < 3 ? r : 0,
        byte(((x + 0.5) / WIDTH) * 255),
        byte(((y + 0.5) / HEIGHT) * 255),
        255,
      ]);
    }
  });

  test('rounds halves to the even one, and what is no number is 0', () => {
    const made = after((px) => px.map(({ value, r }) => [value(2.5), value(3.5), r.mul(0).div(0)]));
    expect(made.slice(0, 3)).toEqual([2, 4, 0]);
    expect(after((px) => px.map(({ value }) => [value(-7), value(1).div(0), value(254.5)])).slice(0, 3)).toEqual([
      0, 255, 254,
    ]);
  });

  test('has noise that differs by place and by salt, and is the same another time', () => {
    const noisy = (salt: number) => after((px) => px.map(({ noise }) => noise(salt).mul(256).floor()));
    expect(noisy(3)).toEqual(noisy(3));
    for (const other of [4, 3.5, 0.25, -3]) expect(noisy(other)).not.toEqual(noisy(3));
    const values = noisy(1).filter((_, index) => index % 4 === 0);
    expect(values.reduce((sum, value) => sum + value) / values.length).toBeGreaterThan(110);
    expect(new Set(values).size).toBeGreaterThan(120);
  });

  test('is one loop, however its numbers change, until too many others came', () => {
    const loopsOf = (kernels: readonly PixelKernel[]) => {
      const loops: unknown[] = [];
      const px = pixelsOf(colourful(), WIDTH, HEIGHT, (kernel, _, pictures) =>
        loops.push(loopOf(kernel, pictures.length)),
      );
      for (const kernel of kernels) px.map(kernel);
      return loops;
    };
    const scaled = Array.from(
      { length: 50 },
      (_, frame): PixelKernel =>
        ({ r, g, b }) => [r.mul(frame / 7), g, b],
    );
    const first = loopsOf(scaled);
    expect(new Set(first).size).toBe(1);
    const others = Array.from(
      { length: 80 },
      (_, count): PixelKernel =>
        ({ r }) => {
          return Array.from({ length: count }).reduce<Traced>((sum) => sum.add(1), r);
        },
    );
    expect(new Set(loopsOf(others)).size).toBe(80);
    expect(loopsOf(scaled.slice(0, 1))[0]).not.toBe(first[0]);
  });
});

type Drawn = (pixel: KernelPixel) => Traced;

test('without compiling a kernel makes the same bytes', () => {
  const kernels = fc.letrec<{ value: Drawn }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc
        .constantFrom(
          'r' as const,
          'g' as const,
          'b' as const,
          'a' as const,
          'x' as const,
          'y' as const,
          'u' as const,
          'v' as const,
          'luma' as const,
        )
        .map((name) => (p: KernelPixel) => p[name]),
      fc.double({ noNaN: true, min: -1e4, max: 1e4 }).map((number) => (p: KernelPixel) => p.value(number)),
      fc
        .tuple(
          fc.constantFrom(
            'add',
            'sub',
            'mul',
            'div',
            'mod',
            'pow',
            'min',
            'max',
            'lt',
            'le',
            'gt',
            'ge',
            'eq',
            'ne',
            'and',
            'or',
            'atan2',
          ) as fc.Arbitrary<'add'>,
          tie('value'),
          tie('value'),
        )
        .map(
          ([name, one, other]) =>
            (p: KernelPixel) =>
              one(p)[name](other(p)),
        ),
      fc
        .tuple(
          fc.constantFrom(
            'not',
            'neg',
            'abs',
            'floor',
            'round',
            'sqrt',
            'sin',
            'cos',
            'exp',
            'log',
          ) as fc.Arbitrary<'abs'>,
          tie('value'),
        )
        .map(
          ([name, one]) =>
            (p: KernelPixel) =>
              one(p)[name](),
        ),
      fc.tuple(tie('value'), tie('value'), tie('value')).map(
        ([if_, yes, no]) =>
          (p: KernelPixel) =>
            p.where(if_(p), yes(p), no(p)),
      ),
      fc.tuple(fc.boolean(), tie('value'), tie('value')).map(
        ([smooth, x, y]) =>
          (p: KernelPixel) =>
            p.sample(x(p), y(p), { smooth }).g,
      ),
      tie('value').map((salt) => (p: KernelPixel) => p.noise(salt(p))),
    ),
  }));
  fc.assert(
    fc.property(fc.array(kernels.value, { minLength: 3, maxLength: 4 }), (channels) => {
      const made = [runCompiled, runInRows].map((run) => {
        const data = colourful();
        pixelsOf(data, WIDTH, HEIGHT, run)
          .region(1, 1, 9, 5)
          .map((pixel) => channels.map((channel) => channel(pixel)));
        return [...data];
      });
      expect(made[1]).toEqual(made[0]);
    }),
    { numRuns: 300 },
  );
});

describe('what cannot be is told in a sentence', () => {
  const px = () => pixelsOf(colourful());
  test.each<[string, () => unknown, RegExp]>([
    ['a radius that is none', () => px().blur(Number.NaN), /^blur\(radius\): radius is a number, not NaN\.$/],
    ['a radius in words', () => px().blur('wide' as never), /not "wide"/],
    [
      'a table that is too short',
      () => px().lookup([1, 2]),
      /^lookup\(table\): table is a list of 256 numbers, not of 2\.$/,
    ],
    ['a table with a hole', () => px().lookup({ g: IDENTITY.with(7, Number.NaN) }), /table\.g\[7\] is a number/],
    ['a matrix of another size', () => px().matrix([1, 2, 3]), /12 or 20 numbers, not of 3/],
    [
      'a place that is endless',
      () => px().region(0, Number.POSITIVE_INFINITY, 1, 1),
      /^region\(x, y, width, height\): y is/,
    ],
    ['a colour that is none', () => px().threshold(9, { light: 'no' }), /"no" is not a colour/],
    ['a blend that is none', () => px().blend('red', 'glow' as never), /mode is one of normal, multiply/],
    ['a picture of another size', () => px().blend(px().region(0, 0, 3, 3)), /the other is 3x3 and this 20x12/],
    ['something else for a picture', () => px().blend({ width: WIDTH, height: HEIGHT } as never), /is a picture/],
    ['too many pictures', () => px().map(() => 0, px(), px(), px(), px()), /at most 3 further pictures/],
    [
      'calculating with JavaScript’s own signs',
      () => px().map(({ r }) => [(r as never) * 2, 0, 0]),
      /r\.mul\(2\) is r \* 2/,
    ],
    ['a kernel that answers too little', () => px().map(({ r }) => [r, r]), /answers \[r, g, b\]/],
    ['a kernel that answers nothing', () => px().map(() => undefined as never), /answers \[r, g, b\]/],
    [
      'a number that is none, in a kernel',
      () => px().map(({ r }) => r.mul(Number.NaN)),
      /a value is a number, not NaN/,
    ],
    [
      'a value of another kernel',
      () => {
        let kept: Parameters<PixelKernel>[0] | undefined;
        px().map((pixel) => {
          kept = pixel;
          return 0;
        });
        px().map(({ r }) => r.add(kept?.g ?? 0));
      },
      /comes from another kernel/,
    ],
  ])('%s', (_name, run, sentence) => expect(run).toThrow(sentence));

  test('a copy of an earlier frame', () => {
    const { pixels, newFrame } = openPixels(WIDTH, HEIGHT, colourful());
    const copy = pixels.copy();
    newFrame();
    expect(() => copy.blur(2)).toThrow(/lasts until the end of its frame/);
    expect(() => pixels.blend(copy)).toThrow(/lasts until the end of its frame/);
  });
});

test('a frame uses the memory of the one before', () => {
  const { pixels, newFrame } = openPixels(WIDTH, HEIGHT, colourful());
  const buffers = Array.from({ length: 5 }, () => {
    newFrame();
    const [one, other] = [pixels.copy(), pixels.region(0, 0, 3, 3).copy()];
    one.blur(3).displace(1, 1);
    return [one.data.buffer, other.data.buffer];
  });
  expect(new Set(buffers.flat()).size).toBe(2);
});
