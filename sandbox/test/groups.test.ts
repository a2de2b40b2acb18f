import { createCanvas } from '@napi-rs/canvas';
import type { Canvas } from '@plinth/sdk/effect.ts';
import { describe, expect, test } from 'vitest';
import { surveyOf } from '../draw/bounds.ts';
import { SHEETS } from '../draw/ops.ts';
import { type Context2D, rasterise } from '../draw/raster.ts';
import { picture, raster, record } from './drawing.ts';

const pair = (canvas: Canvas) => {
  canvas.rect(10, 10, 50, 50, { fill: '#ff0000' });
  canvas.rect(40, 40, 50, 50, { fill: '#0000ff' });
};
const surveyed = (draw: (canvas: Canvas) => void) => {
  const { list, strings, width, height } = record(100, 100, draw);
  return surveyOf(list, list.length, strings, width, height);
};

describe('a group with an opacity', () => {
  test('fades as one: nothing of it shows through the rest of it', () => {
    const { at } = picture((canvas) => canvas.group({ opacity: 0.5 }, () => pair(canvas)));
    expect([at(20, 20), at(50, 50), at(80, 80)]).toEqual([
      [255, 0, 0, 128],
      [0, 0, 255, 128],
      [0, 0, 255, 128],
    ]);
  });

  test('is where its shapes are, turned and cut off as they are, and clears what was on its sheet before', () => {
    const twice = record(100, 100, (canvas) => {
      canvas.group({ x: 50, y: 0, rotate: 90, clip: [0, -50, 100, 70], opacity: 0.5 }, () => pair(canvas));
      canvas.group({ opacity: 0.5, x: 0, y: 60 }, () => {
        canvas.rect(0, 0, 20, 20, { fill: '#00ff00' });
        canvas.rect(10, 0, 20, 20, { fill: '#00ff00' });
      });
    });
    const { at } = raster(twice);
    // Turned by 90 degrees around 50, 0: (x, y) goes to (50 - y, x).
    expect([at(35, 15), at(25, 25), at(60, 20)]).toEqual([
      [255, 0, 0, 128],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect([at(15, 70), at(35, 70)]).toEqual([
      [0, 255, 0, 128],
      [0, 0, 0, 0],
    ]);
  });

  test('may hold others, which fade with it', () => {
    const { at } = picture((canvas) =>
      canvas.group({ opacity: 0.5 }, () => {
        canvas.rect(0, 0, 100, 100, { fill: '#ff0000' });
        canvas.group({ opacity: 0.5 }, () => pair(canvas));
      }),
    );
    expect(at(95, 5)).toEqual([255, 0, 0, 128]);
    const [red = 0, , blue = 0, alpha] = at(80, 80);
    expect([Math.abs(red - 128) < 3, Math.abs(blue - 128) < 3, alpha]).toEqual([true, true, 128]);
  });

  test('of a single shape needs no sheet, and looks the same', () => {
    const [one, other] = [
      picture((canvas) =>
        canvas.group({ opacity: 0.5 }, () => canvas.circle(50, 50, 30, { fill: '#f80', opacity: 0.8 })),
      ),
      picture((canvas) => canvas.circle(50, 50, 30, { fill: '#f80', opacity: 0.4 })),
    ];
    expect(one.data).toEqual(other.data);
  });

  test('keeps the styles of what is around it apart from those within', () => {
    const { at } = picture((canvas) => {
      canvas.rect(0, 0, 10, 10, { fill: '#00ff00', opacity: 0.5, shadow: { color: '#000', blur: 0, x: 90, y: 90 } });
      canvas.group({ opacity: 0.5 }, () => pair(canvas));
      canvas.rect(0, 90, 10, 10, { fill: '#00ff00', opacity: 0.5 });
    });
    expect([at(20, 20), at(5, 95), at(80, 80)]).toEqual([[255, 0, 0, 128], at(5, 5), [0, 0, 255, 128]]);
  });

  test('of nothing is not drawn at all', () => {
    expect(surveyed((canvas) => canvas.group({ opacity: 0 }, () => pair(canvas))).box).toBeUndefined();
    expect(record(100, 100, (canvas) => canvas.group({ opacity: 1, blend: 'normal' }, () => {})).list.length).toBe(2);
  });

  test('is drawn on a box of the picture as on all of it', () => {
    const { list, strings } = record(100, 100, (canvas) => canvas.group({ opacity: 0.5 }, () => pair(canvas)));
    const part = createCanvas(40, 30).getContext('2d');
    rasterise(list, list.length, strings, part as unknown as Context2D, new Map(), { x: 30, y: 35 });
    const whole = picture((canvas) => canvas.group({ opacity: 0.5 }, () => pair(canvas)));
    for (const [x, y] of [
      [32, 37],
      [45, 45],
      [69, 64],
    ] as const)
      expect([...part.getImageData(x - 30, y - 35, 1, 1).data]).toEqual(whole.at(x, y));
  });

  test('within too many others is refused at its place', () => {
    const deep =
      (left: number) =>
      (canvas: Canvas): void =>
        left === 0 ? pair(canvas) : canvas.group({ opacity: 0.9 }, () => deep(left - 1)(canvas));
    expect(picture(deep(SHEETS)).at(20, 20)[3]).toBeGreaterThan(90);
    expect(() => picture(deep(SHEETS + 1))).toThrow(/more than 8 within each other/);
  });
});

describe('a group with a blend', () => {
  test('mixes with what is below as one', () => {
    const { at } = picture((canvas) => {
      canvas.rect(0, 0, 100, 100, { fill: '#808080' });
      canvas.group({ blend: 'multiply' }, () => pair(canvas));
    });
    expect([at(20, 20), at(50, 50), at(5, 5)]).toEqual([
      [128, 0, 0, 255],
      [0, 0, 128, 255],
      [128, 128, 128, 255],
    ]);
  });

  test('mixes with the picture, unless it is within a group that is laid down as one', () => {
    const multiply = (canvas: Canvas) => canvas.group({ blend: 'multiply' }, () => pair(canvas));
    expect(surveyed(multiply).blends).toBe(true);
    expect(surveyed((canvas) => canvas.group({ blend: 'multiply' }, () => {})).blends).toBe(false);
    expect(surveyed((canvas) => canvas.group({ opacity: 0.5 }, () => multiply(canvas))).blends).toBe(false);
    expect(surveyed((canvas) => canvas.group({ x: 5 }, () => multiply(canvas))).blends).toBe(true);
  });
});
