import type { Canvas, FontName, Paint, ShapeStyle, TextStyle } from '@plinth/sdk/effect.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { around, sameList } from '../draw/bounds.ts';
import { boundsOfRecording, inkOf, raster, record } from './drawing.ts';

const SIZE = 160;
const boundsOf = (draw: (canvas: Canvas) => void) => boundsOfRecording(record(SIZE, SIZE, draw));

describe('the box of a drawing', () => {
  test('is close around it, and on even pixels', () => {
    expect(boundsOf((canvas) => canvas.rect(41, 61, 20, 10))).toEqual({ x: 40, y: 60, width: 22, height: 12 });
    expect(boundsOf((canvas) => canvas.group({ x: 50, y: 50, scale: 2 }, () => canvas.circle(0, 0, 10)))).toEqual({
      x: 28,
      y: 28,
      width: 44,
      height: 44,
    });
  });

  test('is none where nothing is drawn, or only outside of the picture or of a clip', () => {
    expect(boundsOf(() => {})).toBeUndefined();
    expect(boundsOf((canvas) => canvas.rect(-50, 0, 20, 20))).toBeUndefined();
    expect(
      boundsOf((canvas) => canvas.group({ clip: [0, 0, 10, 10] }, () => canvas.rect(50, 50, 20, 20))),
    ).toBeUndefined();
  });

  test('ends where a clip ends, and no longer after the group', () => {
    const clipped = boundsOf((canvas) => canvas.group({ clip: [20, 20, 10, 10] }, () => canvas.rect(0, 0, 99, 99)));
    expect(clipped).toEqual({ x: 18, y: 18, width: 14, height: 14 });
    const after = boundsOf((canvas) => {
      canvas.group({ clip: [20, 20, 10, 10] }, () => canvas.rect(0, 0, 99, 99));
      canvas.rect(100, 100, 20, 20);
    });
    expect(after).toEqual({ x: 18, y: 18, width: 104, height: 104 });
  });

  test('around two boxes is around both', () => {
    const box = { x: 4, y: 4, width: 10, height: 10 };
    expect(around(box, undefined)).toBe(box);
    expect(around(box, { x: 0, y: 10, width: 2, height: 20 })).toEqual({ x: 0, y: 4, width: 14, height: 26 });
  });
});

test('lists are the same if they draw the same', () => {
  const list = (x: number) =>
    record(SIZE, SIZE, (canvas) => canvas.rect(x, 0, 9, 9, { fill: { from: [0, 0], stops: [[0, 'red']] } })).list;
  expect(sameList(list(1), list(1))).toBe(true);
  expect(sameList(list(1), list(2))).toBe(false);
  expect(sameList(list(1), list(1).subarray(1))).toBe(false);
});

// One small thing around the middle: what touches the picture's edges, or another thing, cannot leave its box there.
const spot = fc.integer({ min: -20, max: 20 });
const size = fc.integer({ min: 1, max: 24 });
const degrees = fc.integer({ min: -180, max: 360 });
const paint: fc.Arbitrary<Paint> = fc.constantFrom<Paint>('red', '#00f8', {
  from: [0, 0],
  to: [90, 90],
  stops: [
    [0, 'red'],
    [1, '#fff'],
  ],
});
const shadow = fc.record({ color: fc.constant('#0f0'), blur: fc.integer({ min: 0, max: 20 }), x: spot, y: spot });
const style = fc.record(
  {
    fill: paint,
    stroke: paint,
    lineWidth: fc.integer({ min: 1, max: 20 }),
    cap: fc.constantFrom('butt', 'round', 'square'),
    join: fc.constantFrom('miter', 'round', 'bevel'),
    dash: fc.constant([7, 3]),
    shadow,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ShapeStyle>;
const typed = fc.record(
  {
    font: fc.constantFrom<FontName>('Sans', 'Serif', 'Mono', 'Display'),
    size,
    weight: fc.constantFrom(400, 700),
    italic: fc.boolean(),
    align: fc.constantFrom('left', 'center', 'right'),
    baseline: fc.constantFrom('top', 'middle', 'alphabetic', 'bottom'),
    maxWidth: fc.integer({ min: 20, max: 200 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<TextStyle>;
const words = fc.oneof(
  fc.constantFrom('Ågj|', 'AVAVAW', 'fj', 'Ộ Ự ẵ', 'Привет', '漢字', '😀', 'مرحبا', 'Ź̀͂ĝ'),
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const pathOf = fc
  .array(fc.tuple(fc.constantFrom('L', 'Q', 'C', 'A'), spot, spot, spot, spot, spot, spot), { maxLength: 4 })
  .map((parts) =>
    parts.reduce((d, [kind, a, b, c, e, f, g]) => {
      const rest = { L: [a, b], Q: [a, b, c, e], C: [a, b, c, e, f, g], A: [Math.abs(a), Math.abs(b), c, 1, 0, f, g] }[
        kind
      ];
      return `${d} ${kind} ${rest.join(' ')}`;
    }, 'M 0 0'),
  );

type Drawing = (canvas: Canvas) => void;
const { drawing } = fc.letrec<{ drawing: Drawing; group: Drawing }>((tie) => ({
  drawing: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(spot, spot, size, size, style, fc.nat(30)).map(
      ([x, y, w, h, s, radius]): Drawing =>
        (c) =>
          c.rect(x, y, w, h, { ...s, radius }),
    ),
    fc.tuple(spot, spot, size, size, style, degrees).map(
      ([x, y, w, h, s, rotate]): Drawing =>
        (c) =>
          c.ellipse(x, y, w, h, { ...s, rotate }),
    ),
    fc.tuple(spot, spot, size, degrees, degrees, size, style).map(
      ([x, y, r, a, b, inner, s]): Drawing =>
        (c) =>
          c.arc(x, y, r, a, b, { ...s, inner }),
    ),
    fc.tuple(spot, spot, spot, spot, style).map(
      ([x, y, x2, y2, s]): Drawing =>
        (c) =>
          c.line(x, y, x2, y2, s),
    ),
    fc.tuple(fc.array(fc.tuple(spot, spot), { maxLength: 5 }), style, fc.boolean()).map(
      ([p, s, open]): Drawing =>
        (c) =>
          c.polygon(p, { ...s, open }),
    ),
    fc.tuple(pathOf, style).map(
      ([d, s]): Drawing =>
        (c) =>
          c.path(d, s),
    ),
    fc.tuple(words, spot, spot, style, typed).map(
      ([t, x, y, s, f]): Drawing =>
        (c) =>
          c.text(t, x, y, { ...s, ...f }),
    ),
    { arbitrary: tie('group'), weight: 5 },
  ),
  group: fc
    .record({
      parts: fc.array(tie('drawing'), { minLength: 1, maxLength: 2 }),
      x: spot,
      y: spot,
      rotate: degrees,
      scale: fc.oneof(fc.constantFrom(0.3, 1, 2, 3), fc.tuple(fc.constantFrom(0.5, 1, -1), fc.constantFrom(0.5, 1.5))),
      clip: fc.option(fc.tuple(spot, spot, size, size, fc.nat(20)), { nil: undefined }),
    })
    .map(
      ({ parts, clip, ...at }): Drawing =>
        (c) => {
          c.group({ ...at, ...(clip && { clip }) }, () => {
            for (const part of parts) part(c);
          });
        },
    ),
}));

test('nothing is ever drawn outside of its box', () => {
  fc.assert(
    fc.property(drawing, (draw) => {
      const recording = record(SIZE, SIZE, (canvas) => canvas.group({ x: SIZE / 2, y: SIZE / 2 }, () => draw(canvas)));
      const ink = inkOf(raster(recording));
      const bounds = boundsOfRecording(recording);
      // What it recorded tells more than what was random.
      if (ink) expect({ ...recording, bounds: around(bounds, ink) }).toEqual({ ...recording, bounds });
    }),
    { numRuns: Number(process.env.BOUNDS_RUNS ?? 1_000) },
  );
});
