import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkedList, ListError, StringTable } from '../draw/check.ts';
import { FARTHEST, LIST_LENGTH, OP, OP_LENGTHS, STRING_LENGTH, STRINGS as TABLE } from '../draw/ops.ts';
import { rasterise } from '../draw/raster.ts';
import { raster, record } from './drawing.ts';

const STRINGS = ['Sans', 'a text', 'logo'];

function rasterised(numbers: readonly number[]): void {
  const context = createCanvas(64, 64).getContext('2d');
  rasterise(Float64Array.from(numbers), numbers.length, STRINGS, context, new Map());
}
const repeated = (count: number, numbers: readonly number[]) => Array.from({ length: count }, () => numbers).flat();

describe('a list is refused that', () => {
  test.each<[string, number[]]>([
    ['has an operation that does not exist', [99]],
    ['has an operation between two', [1.5]],
    ['has an operation that is not a number', [Number.NaN]],
    ['has the name of something every object has', [-1]],
    ['ends within an operation', [OP.rect, 0, 0, 1]],
    ['ends within a dash', [OP.dash, 4, 1, 1]],
    ['ends within a gradient', [OP.fillGradient, 0, 0, 0, 0, 0, 9, 2, 0, 255]],
    ['announces more dashes than there can be', [OP.dash, 1e9]],
    ['announces fewer than none', [OP.dash, -2]],
    ['announces half a stop', [OP.fillGradient, 0, 0, 0, 0, 0, 9, 0.5]],
    ['has a gradient with one radius', [OP.fillGradient, 0, 0, Number.NaN, 0, 0, 9, 0]],
    ['has a gradient that begins before its beginning', [OP.fillGradient, 0, 0, 0, 0, 0, 9, 1, -1, 255]],
    ['has a place that is not a number', [OP.moveTo, Number.NaN, 0]],
    ['has a place at infinity', [OP.lineTo, 0, Infinity]],
    ['has a place too far', [OP.lineTo, 0, FARTHEST + 1]],
    ['has a negative radius', [OP.arc, 0, 0, -1, 0, 1, 0]],
    ['has a string that is not there', [OP.fillText, STRINGS.length, 0, 0]],
    ['has half a string', [OP.fillText, 0.5, 0, 0]],
    ['has a font that is none', [OP.font, 1, 20, 400, 0]],
    ['has letters that are too large', [OP.font, 0, 1e9, 400, 0]],
    ['has a colour beyond white', [OP.fillColor, 0x100000000]],
    ['has a blend that does not exist', [OP.group, 1, 10]],
    ['has a blur that never ends', [OP.shadow, 255, 1e6, 0, 0]],
    ['has a line of no width', [OP.line, 0, 0, 0]],
    ['restores what was not saved', [OP.save, OP.restore, OP.restore]],
    ['saves without end', repeated(65, [OP.save])],
    ['multiplies until numbers end', repeated(100, [OP.transform, 10_000, 0, 0, 10_000, 0, 0])],
    ['moves until numbers end', repeated(10_000, [OP.transform, 1, 0, 0, 1, FARTHEST, 0])],
  ])('%s', (_, numbers) => {
    expect(() => rasterised(numbers)).toThrow(ListError);
  });

  test('claims to be longer than it is', () => {
    for (const length of [2, -1, 0.5, Number.NaN])
      expect(() => checkedList(new Float64Array(1), length, [])).toThrow(ListError);
  });

  const line = [OP.beginPath, OP.moveTo, 0, 0, OP.lineTo, FARTHEST, 0];
  const zigzag = Array.from({ length: 40_000 }, (_, at) => [
    OP.lineTo,
    at % 64,
    at % 2 === 0 ? -FARTHEST : FARTHEST,
  ]).flat();
  test.each<[string, number[]]>([
    ['dashes that nobody could count', [OP.dash, 2, 0.0001, 0.0001, ...line, OP.stroke]],
    ['dashes that a transform multiplies', [OP.dash, 1, 10, ...line, OP.transform, 1e-4, 0, 0, 1e-4, 0, 0, OP.stroke]],
    [
      'blurs on blurs',
      [OP.shadow, 255, 400, 0, 0, OP.beginPath, OP.rect, 0, 0, 64, 64, ...repeated(100_000, [OP.fill])],
    ],
    ['the same long path again and again', [OP.beginPath, ...zigzag, ...repeated(10_000, [OP.fill])]],
    ['texts on texts', repeated(60_000, [OP.fillText, 1, 0, 50])],
  ])('would take for ever: %s', (_, numbers) => {
    const start = performance.now();
    expect(() => rasterised(numbers)).toThrow(/is the limit/);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

test('a list that something refuses leaves the canvas as it was', () => {
  const context = createCanvas(64, 64).getContext('2d');
  const bad = Float64Array.of(OP.fillColor, 0xff0000ff, OP.beginPath, OP.rect, 0, 0, 64, 64, OP.fill, 99);
  expect(() => rasterise(bad, bad.length, [], context, new Map())).toThrow(ListError);
  expect(context.getImageData(0, 0, 64, 64).data.every((byte) => byte === 0)).toBe(true);
});

test('a picture that cannot be drawn is an error of the list, and the canvas works on', () => {
  const context = createCanvas(64, 64).getContext('2d');
  const list = Float64Array.of(OP.save, OP.transform, 2, 0, 0, 2, 0, 0, OP.image, 2, 0, 0, 9, 9);
  const broken = { width: 1, height: 1, levels: [{ width: 1, pixels: 1, source: 'no picture' }] };
  expect(() => rasterise(list, list.length, STRINGS, context, new Map([['logo', broken]]))).toThrow(ListError);
  expect(context.getTransform().a).toBe(1);
});

test('what was drawn before does not shine through in what comes next', () => {
  const context = createCanvas(64, 64).getContext('2d');
  const draw = (numbers: readonly number[]) =>
    rasterise(Float64Array.from(numbers), numbers.length, STRINGS, context, new Map());
  draw([
    OP.save,
    OP.opacity,
    0.1,
    OP.group,
    0.5,
    5,
    OP.transform,
    3,
    0,
    0,
    3,
    9,
    9,
    OP.shadow,
    255,
    9,
    9,
    9,
    OP.dash,
    1,
    3,
  ]);
  draw([OP.fillColor, 0xff0000ff, OP.beginPath, OP.rect, 0, 0, 8, 8, OP.fill]);
  expect([...context.getImageData(7, 7, 1, 1).data]).toEqual([255, 0, 0, 255]);
  expect([...context.getImageData(9, 9, 1, 1).data]).toEqual([0, 0, 0, 0]);
});

test('strings that are none, too long or too many are refused', () => {
  const many = Array(TABLE + LIST_LENGTH + 1).fill('');
  for (const strings of [
    'text',
    [1],
    [null],
    ['x'.repeat(STRING_LENGTH + 1)],
    many,
    Array(1_001).fill('x'.repeat(2_000)),
  ])
    expect(() => new StringTable().add({ from: 0, strings }), String(strings).slice(0, 20)).toThrow(ListError);
  for (const bad of [undefined, ['text'], { from: 3, strings: ['text'] }, { from: -1, strings: [''] }])
    expect(() => new StringTable().add(bad)).toThrow(ListError);
});

const anyNumber = fc.oneof(
  fc.constantFrom(0, 1, 2, Number.NaN, -1, 0.5, Infinity, FARTHEST, 0xffffffff),
  fc.integer({ min: -200, max: 200 }),
  fc.double(),
);
const operation = fc.constantFrom(...Object.values(OP)).chain((code) => {
  const count = OP_LENGTHS[code] ?? 0;
  return fc.array(anyNumber, { minLength: count, maxLength: count }).map((numbers) => [code, ...numbers]);
});

function drawnOrRefused(numbers: readonly number[]): void {
  try {
    rasterised(numbers);
  } catch (error) {
    expect(error).toBeInstanceOf(ListError);
  }
}

test('no list does anything but be drawn or be refused', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (operations) => drawnOrRefused(operations.flat())),
    { numRuns: 500 },
  );
});

test('nor does one that was good but for one number', () => {
  const good = record(64, 64, (canvas) => {
    canvas.group({ x: 5, rotate: 30, blend: 'screen', opacity: 0.5, clip: [0, 0, 50, 50, 5] }, () => {
      canvas.path('M 1 1 Q 5 9 30 30 C 1 2 3 4 5 6 Z', {
        fill: { from: [0, 0], radius: 9, stops: [[0, 'red']] },
        dash: [3],
        stroke: 'red',
      });
      canvas.text('Hello', 9, 30, { shadow: { color: 'red', blur: 9 } });
    });
    canvas.ellipse(5, 5, 9, 3, { stroke: 'red', lineWidth: 3 });
    canvas.image('logo', 0, 0, 9, 9);
  });
  expect(() => raster(good)).not.toThrow();
  fc.assert(
    fc.property(fc.nat(good.list.length - 1), anyNumber, (at, number) =>
      drawnOrRefused(good.list.with(at, number) as unknown as number[]),
    ),
    { numRuns: 500 },
  );
});
