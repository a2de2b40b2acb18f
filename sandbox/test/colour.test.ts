import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFrames, type Frames, planesSize } from '../colour/frames.ts';
import type { Matrix, Range } from '../colour/matrix.ts';
import { colourKernels } from '../generate/colour-kernels.ts';

const KINDS = (['bt601', 'bt709'] as const).flatMap((matrix) =>
  (['limited', 'full'] as const).map((range) => ({ matrix, range })),
);
const SIZES: [number, number][] = [
  [1, 1],
  [2, 2],
  [3, 5],
  [15, 4],
  [16, 2],
  [17, 9],
  [33, 7],
  [54, 10],
  [64, 48],
];

/** The same bytes each time, from 0 to 255. */
function noise(bytes: Uint8Array | Uint8ClampedArray, seed = 1): void {
  let state = seed;
  for (let at = 0; at < bytes.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
}

/** Video colours as the standards define them, in real numbers. */
function standard(matrix: Matrix, range: Range) {
  const [kr, kb] = matrix === 'bt601' ? [0.299, 0.114] : [0.2126, 0.0722];
  const [black, luma, chroma] = range === 'limited' ? [16, 219 / 255, 224 / 255] : [0, 1, 1];
  const light = (r: number, g: number, b: number) => kr * r + (1 - kr - kb) * g + kb * b;
  return {
    black,
    y: (r: number, g: number, b: number) => black + luma * light(r, g, b),
    u: (r: number, g: number, b: number) => 128 + (chroma * (b - light(r, g, b))) / (2 * (1 - kb)),
    v: (r: number, g: number, b: number) => 128 + (chroma * (r - light(r, g, b))) / (2 * (1 - kr)),
    rgb(y: number, u: number, v: number) {
      const l = (y - black) / luma;
      const [red, blue] = [l + (2 * (1 - kr) * (v - 128)) / chroma, l + (2 * (1 - kb) * (u - 128)) / chroma];
      return [red, (l - kr * red - kb * blue) / (1 - kr - kb), blue];
    },
  };
}
const byteOf = (value: number) => Math.max(0, Math.min(255, value));

function planesOf(bytes: Uint8Array, width: number, height: number) {
  const [half, quarter] = [Math.ceil(width / 2), Math.ceil(width / 2) * Math.ceil(height / 2)];
  const [y, u, v, a] = [0, width * height, width * height + quarter, width * height + 2 * quarter];
  return {
    y: (x: number, row: number) => bytes[y + row * width + x] ?? Number.NaN,
    u: (x: number, row: number) => bytes[u + (row >> 1) * half + (x >> 1)] ?? Number.NaN,
    v: (x: number, row: number) => bytes[v + (row >> 1) * half + (x >> 1)] ?? Number.NaN,
    a: (x: number, row: number) => bytes[a + row * width + x] ?? Number.NaN,
  };
}

/** The means of the two by two pixels around, which at an odd edge are fewer. */
function meansAt(rgba: ArrayLike<number>, width: number, height: number, x: number, y: number): number[] {
  const [left, top] = [x & ~1, y & ~1];
  const corners = [0, 1, 2, 3].map((at) => [
    Math.min(width - 1, left + (at & 1)),
    Math.min(height - 1, top + (at >> 1)),
  ]);
  return [0, 1, 2, 3].map((channel) =>
    corners.reduce((sum, [cx = 0, cy = 0]) => sum + (rgba[4 * (cy * width + cx) + channel] ?? 0) / 4, 0),
  );
}

function eachPixel(
  { width, height }: { width: number; height: number },
  look: (x: number, y: number, at: number) => void,
): void {
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) look(x, y, 4 * (y * width + x));
}

function fill(rgba: Uint8Array | Uint8ClampedArray, color: readonly number[]): void {
  for (let at = 0; at < rgba.length; at++) rgba[at] = color[at % 4] ?? 0;
}

test('the kernels that are committed are those of the source', async () => {
  expect(readFileSync(new URL('../colour/kernels-wasm.ts', import.meta.url), 'utf8')).toBe(await colourKernels());
}, 60_000);

describe('known colours are exact', () => {
  test.each<[string, Matrix, Range, number[], number[]]>([
    ['red', 'bt709', 'limited', [255, 0, 0], [63, 102, 240]],
    ['green', 'bt709', 'limited', [0, 255, 0], [173, 42, 26]],
    ['blue', 'bt709', 'limited', [0, 0, 255], [32, 240, 118]],
    ['white', 'bt709', 'limited', [255, 255, 255], [235, 128, 128]],
    ['black', 'bt709', 'limited', [0, 0, 0], [16, 128, 128]],
    ['grey', 'bt709', 'limited', [128, 128, 128], [126, 128, 128]],
    ['red', 'bt601', 'limited', [255, 0, 0], [81, 90, 240]],
    ['green', 'bt601', 'limited', [0, 255, 0], [145, 54, 34]],
    ['red', 'bt601', 'full', [255, 0, 0], [76, 85, 255]],
    ['white', 'bt601', 'full', [255, 255, 255], [255, 128, 128]],
    ['white', 'bt709', 'full', [255, 255, 255], [255, 128, 128]],
  ])('%s in %s %s', (_, matrix, range, rgb, yuv) => {
    const frames = createFrames({ width: 18, height: 3, matrix, range });
    fill(frames.rgba, [...rgb, 255]);
    frames.fromRgba();
    const planes = planesOf(frames.i420, 18, 3);
    eachPixel({ width: 18, height: 3 }, (x, y) =>
      expect([planes.y(x, y), planes.u(x, y), planes.v(x, y)]).toEqual(yuv),
    );
    frames.toRgba();
    for (const [at, byte] of [...rgb, 255].entries())
      expect(Math.abs((frames.rgba[at] ?? 0) - byte)).toBeLessThanOrEqual(2);
  });
});

describe.each(KINDS)('in $matrix $range', ({ matrix, range }) => {
  const real = standard(matrix, range);

  test.each(SIZES)('%i by %i pixels come within a level of the standard, in both directions', (width, height) => {
    const frames = createFrames({ width, height, matrix, range });
    const planes = planesOf(frames.i420, width, height);
    noise(frames.i420);
    frames.toRgba();
    eachPixel({ width, height }, (x, y, at) => {
      const want = real.rgb(planes.y(x, y), planes.u(x, y), planes.v(x, y));
      for (let channel = 0; channel < 3; channel++) {
        expect(Math.abs((frames.rgba[at + channel] ?? 0) - byteOf(want[channel] ?? 0))).toBeLessThan(0.6);
      }
      expect(frames.rgba[at + 3]).toBe(255);
    });
    noise(frames.rgba, 7);
    frames.fromRgba();
    eachPixel({ width, height }, (x, y, at) => {
      const [r = 0, g = 0, b = 0] = frames.rgba.subarray(at, at + 3);
      const [mr = 0, mg = 0, mb = 0] = meansAt(frames.rgba, width, height, x, y);
      expect(Math.abs(planes.y(x, y) - real.y(r, g, b))).toBeLessThan(0.51);
      expect(Math.abs(planes.u(x, y) - byteOf(real.u(mr, mg, mb)))).toBeLessThan(0.51);
      expect(Math.abs(planes.v(x, y) - byteOf(real.v(mr, mg, mb)))).toBeLessThan(0.51);
    });
  });

  test.each(SIZES)('a layer over %i by %i pixels is what alpha says', (width, height) => {
    const frames = createFrames({ width, height, matrix, range });
    noise(frames.i420);
    premultipliedNoise(frames.layer);
    const before = planesOf(frames.i420.slice(), width, height);
    frames.blend();
    const after = planesOf(frames.i420, width, height);
    eachPixel({ width, height }, (x, y, at) => {
      const [r = 0, g = 0, b = 0, a = 0] = frames.layer.subarray(at, at + 4);
      const rest = 1 - a / 255;
      expect(
        Math.abs(after.y(x, y) - byteOf(real.y(r, g, b) - real.black * rest + rest * before.y(x, y))),
      ).toBeLessThan(0.6);
      const [mr = 0, mg = 0, mb = 0, ma = 0] = meansAt(frames.layer, width, height, x, y);
      const u = real.u(mr, mg, mb) + (1 - ma / 255) * (before.u(x, y) - 128);
      expect(Math.abs(after.u(x, y) - byteOf(u))).toBeLessThan(0.6);
    });
  });

  test.each(SIZES)('%i by %i straight pixels bring back the premultiplied ones', (width, height) => {
    const frames = createFrames({ width, height, matrix, range });
    premultipliedNoise(frames.layer);
    const yuva = planesOf(frames.toYuva(), width, height);
    eachPixel({ width, height }, (x, y, at) => {
      const [r = 0, g = 0, b = 0, a = 0] = frames.layer.subarray(at, at + 4);
      expect(yuva.a(x, y)).toBe(a);
      const part = a / 255;
      expect(Math.abs((yuva.y(x, y) - real.black) * part - (real.y(r, g, b) - real.black))).toBeLessThan(0.52);
      const [mr = 0, mg = 0, mb = 0, ma = 0] = meansAt(frames.layer, width, height, x, y);
      const v = byteOf(128 + (ma === 0 ? 0 : ((real.v(mr, mg, mb) - 128) * 255) / ma));
      expect(Math.abs(yuva.v(x, y) - v)).toBeLessThan(0.52);
    });
  });
});

/** A third of it transparent, a third opaque. */
function premultipliedNoise(layer: Uint8Array): void {
  noise(layer, 3);
  for (let at = 0; at < layer.length; at += 4) {
    const alpha = Math.max(0, Math.min(255, (layer[at + 3] ?? 0) * 3 - 255));
    layer[at + 3] = alpha;
    for (let channel = 0; channel < 3; channel++)
      layer[at + channel] = Math.floor(((layer[at + channel] ?? 0) * alpha) / 255);
  }
}

test('a picture comes out the same whether or not its width suits the vectors', () => {
  const bytes = (width: number) => {
    const frames = createFrames({ width, height: 2 });
    for (let x = 0; x < width; x++) {
      for (let row = 0; row < 2; row++)
        frames.rgba.set([(x * 37) & 255, (x * 91) & 255, (row * 99 + x * 11) & 255, 255], 4 * (row * width + x));
    }
    frames.fromRgba();
    frames.toRgba();
    return frames.rgba.subarray(0, 4 * 30);
  };
  for (const width of [30, 32, 47, 48, 62]) expect(bytes(width)).toEqual(bytes(64));
});

test('there and back again a natural picture loses next to nothing', () => {
  const [width, height] = [320, 180];
  for (const { matrix, range } of KINDS) {
    const frames = createFrames({ width, height, matrix, range });
    const planes = planesOf(frames.i420, width, height);
    // Soft lights and shades with some grain; no colour that RGB does not have.
    const grain = new Uint8Array(width * height);
    noise(grain);
    for (let at = 0; at < width * height; at++) {
      const [x, y] = [at % width, Math.floor(at / width)];
      frames.i420[at] = 120 + 60 * Math.sin(x / 31) * Math.cos(y / 23) + (grain[at] ?? 0) / 16;
    }
    for (let at = width * height; at < frames.i420.length; at++)
      frames.i420[at] = 128 + 24 * Math.sin(at / 97) + (at % 5);
    const before = frames.i420.slice();
    frames.toRgba();
    frames.fromRgba();
    for (const [from, to] of [
      [0, width * height],
      [width * height, planesSize(width, height)],
    ] as const) {
      const error =
        before.subarray(from, to).reduce((sum, byte, at) => sum + (byte - (frames.i420[from + at] ?? 0)) ** 2, 0) /
        (to - from);
      expect(10 * Math.log10(255 ** 2 / Math.max(error, 1e-9))).toBeGreaterThan(48);
    }
    expect(planes.y(0, 0)).toBeGreaterThan(0);
  }
});

describe('FFmpeg agrees', () => {
  const [width, height] = [256, 32];
  const swscale = (input: Uint8Array, from: string, to: string, filter: string) =>
    execFileSync(
      'ffmpeg',
      [
        '-v',
        'error',
        '-f',
        'rawvideo',
        '-pix_fmt',
        from,
        '-s',
        `${width}x${height}`,
        '-i',
        'pipe:0',
        '-vf',
        filter,
      ].concat(['-sws_flags', 'accurate_rnd+full_chroma_int', '-pix_fmt', to, '-f', 'rawvideo', 'pipe:1']),
      { input, maxBuffer: 1 << 24 },
    );
  /** Sixteen bars, wide enough that their middles are of one colour however it is scaled. */
  const bars = (frames: Frames) =>
    eachPixel({ width, height }, (x, _, at) => {
      const bar = x >> 4;
      const level = bar < 8 ? 255 : 160;
      frames.rgba.set([bar & 1 ? level : 30, bar & 2 ? level : 0, bar & 4 ? level : 60, 255], at);
    });
  const middles = [...Array(16).keys()].map((bar) => bar * 16 + 8);

  test.each(KINDS)('on colour bars in $matrix $range', ({ matrix, range }) => {
    const frames = createFrames({ width, height, matrix, range });
    bars(frames);
    frames.fromRgba();
    const [name, tv] = [matrix === 'bt601' ? 'smpte170m' : 'bt709', range === 'limited' ? 'tv' : 'pc'];
    const there = swscale(
      Uint8Array.from(frames.rgba),
      'rgba',
      'yuv420p',
      `scale=out_color_matrix=${name}:out_range=${tv}`,
    );
    const [ours, theirs] = [planesOf(frames.i420, width, height), planesOf(there, width, height)];
    for (const x of middles) {
      for (const plane of ['y', 'u', 'v'] as const)
        expect(Math.abs(ours[plane](x, 16) - theirs[plane](x, 16))).toBeLessThanOrEqual(1);
    }
    frames.toRgba();
    const back = swscale(
      Uint8Array.from(frames.i420),
      'yuv420p',
      'rgba',
      `scale=in_color_matrix=${name}:in_range=${tv}:out_range=pc`,
    );
    for (const x of middles) {
      for (let at = 4 * (16 * width + x); at < 4 * (16 * width + x) + 3; at++)
        expect(Math.abs((frames.rgba[at] ?? 0) - (back[at] ?? 0))).toBeLessThanOrEqual(2);
    }
  });

  test('on what its overlay makes of our straight layer, as our own blend does', () => {
    const frames = createFrames({ width, height });
    bars(frames);
    frames.fromRgba();
    // A soft disc. FFmpeg weighs the alphas around a colour unequally, which steps would show.
    eachPixel({ width, height }, (x, y, at) => {
      const alpha = Math.max(0, Math.min(1, (100 - Math.hypot(x - 128, y - 16)) / 90));
      frames.layer.set([Math.round(255 * alpha), Math.round(200 * alpha), 0, Math.round(255 * alpha)], at);
    });
    const overlaid = overlay(frames.i420, frames.toYuva());
    frames.blend();
    const worst = frames.i420.reduce((most, byte, at) => Math.max(most, Math.abs(byte - (overlaid[at] ?? 0))), 0);
    expect(worst).toBeLessThanOrEqual(2);
  });

  function overlay(base: Uint8Array, layer: Uint8Array): Buffer {
    const folder = mkdtempSync(join(tmpdir(), 'overlay-'));
    const inputs = (
      [
        ['yuv420p', base],
        ['yuva420p', layer],
      ] as const
    ).flatMap(([format, bytes]) => {
      writeFileSync(join(folder, format), bytes);
      return ['-f', 'rawvideo', '-pix_fmt', format, '-s', `${width}x${height}`, '-i', join(folder, format)];
    });
    const output = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'];
    try {
      return execFileSync('ffmpeg', ['-v', 'error', ...inputs, '-filter_complex', '[0:v][1:v]overlay=0:0', ...output]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

describe('edges of what is drawn', () => {
  test('of white stay white, however thin', () => {
    const frames = createFrames({ width: 256, height: 2 });
    eachPixel({ width: 256, height: 2 }, (x, _, at) => frames.layer.set([x, x, x, x], at));
    const yuva = planesOf(frames.toYuva(), 256, 2);
    for (let x = 1; x < 256; x++)
      expect([yuva.y(x, 0), yuva.u(x, 0), yuva.v(x, 0), yuva.a(x, 0)]).toEqual([235, 128, 128, x]);
  });

  test('of red keep their colour beside nothing', () => {
    const frames = createFrames({ width: 16, height: 2 });
    // One column of red in each pair.
    eachPixel({ width: 16, height: 2 }, (x, _, at) =>
      frames.layer.set(x % 2 === 0 ? [255, 0, 0, 255] : [0, 0, 0, 0], at),
    );
    const yuva = planesOf(frames.toYuva(), 16, 2);
    expect([yuva.y(0, 0), yuva.u(0, 0), yuva.v(0, 0), yuva.a(0, 0)]).toEqual([63, 102, 240, 255]);
  });

  test('of a box: what is beside it keeps its bytes', () => {
    const frames = createFrames({ width: 50, height: 20 });
    noise(frames.i420);
    const before = planesOf(frames.i420.slice(), 50, 20);
    fill(frames.layer, [255, 0, 0, 255]);
    frames.blend({ x: 10, y: 4, width: 22, height: 6 });
    const after = planesOf(frames.i420, 50, 20);
    eachPixel({ width: 50, height: 20 }, (x, y) => {
      const inside = x >= 10 && x < 32 && y >= 4 && y < 10;
      const want = inside ? [63, 102, 240] : [before.y(x, y), before.u(x, y), before.v(x, y)];
      expect([after.y(x, y), after.u(x, y), after.v(x, y)]).toEqual(want);
    });
  });

  test('of a frame: a transparent layer changes no byte', () => {
    const frames = createFrames({ width: 33, height: 17 });
    noise(frames.i420);
    const before = frames.i420.slice();
    frames.layer[3] = 0;
    frames.blend();
    expect(frames.i420).toEqual(before);
  });
});

test('boxes that cut through colours, or leave the frame, are refused', () => {
  const frames = createFrames({ width: 33, height: 17 });
  expect(() => frames.blend({ x: 32, y: 16, width: 1, height: 1 })).not.toThrow();
  for (const box of [
    { x: 1, y: 0, width: 4, height: 4 },
    { x: 0, y: 0, width: 3, height: 4 },
    { x: 0, y: 0, width: 40, height: 4 },
    { x: 0, y: -2, width: 4, height: 4 },
    { x: 0, y: 0, width: 4, height: Number.NaN },
  ]) {
    expect(() => frames.blend(box)).toThrow(/even pixels/);
  }
  expect(() => createFrames({ width: 0, height: 4 })).toThrow(/sides are whole numbers/);
});
