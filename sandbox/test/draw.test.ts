import { createCanvas } from '@napi-rs/canvas';
import type { Canvas } from '@plinth/sdk/effect.ts';
import { describe, expect, test } from 'vitest';
import { RecordingCanvas } from '../draw/canvas.ts';
import { StringTable } from '../draw/check.ts';
import { parseColor } from '../draw/css-color.ts';
import { LIST_LENGTH, OP, STRINGS, STRINGS_LENGTH } from '../draw/ops.ts';
import { Recorder } from '../draw/recorder.ts';
import { drawable, inkOf, picture, raster, record } from './drawing.ts';

const RED = [255, 0, 0, 255];
const NOTHING = [0, 0, 0, 0];

describe('what is drawn is seen', () => {
  test('a rectangle fills its pixels and no others', () => {
    const drawn = picture((canvas) => canvas.rect(10, 20, 30, 40, { fill: '#f00' }));
    expect(drawn.at(10, 20)).toEqual(RED);
    expect(drawn.at(39, 59)).toEqual(RED);
    expect(inkOf(drawn)).toEqual({ x: 10, y: 20, width: 30, height: 40 });
  });

  test('a shape without a paint is white', () => {
    expect(picture((canvas) => canvas.circle(50, 50, 20)).at(50, 50)).toEqual([255, 255, 255, 255]);
  });

  test('a slice begins at the top and goes clockwise; an inner radius leaves a hole', () => {
    const slice = picture((canvas) => canvas.arc(50, 50, 40, 0, 90, { fill: 'red' }));
    expect([slice.at(70, 30), slice.at(30, 30), slice.at(70, 70), slice.at(55, 45)]).toEqual([
      RED,
      NOTHING,
      NOTHING,
      RED,
    ]);
    const ring = picture((canvas) => canvas.arc(50, 50, 40, 0, 360, { inner: 20, fill: 'red' }));
    expect([ring.at(50, 20), ring.at(20, 50), ring.at(50, 80), ring.at(50, 50)]).toEqual([RED, RED, RED, NOTHING]);
  });

  test('groups turn, scale, fade, cut off and mix, and end when they end', () => {
    const drawn = picture((canvas) => {
      canvas.group({ x: 50, y: 50, rotate: 90, scale: 2, opacity: 0.5, clip: [0, -10, 20, 10] }, () => {
        canvas.rect(-100, -100, 200, 200, { fill: 'red', opacity: 0.5 });
      });
      canvas.rect(0, 0, 2, 2, { fill: 'red' });
    });
    // What was right and up is down and right now, and twice as large.
    expect(inkOf(drawn)).toEqual({ x: 0, y: 0, width: 70, height: 90 });
    expect(drawn.at(51, 51)[3]).toBe(64);
    expect([drawn.at(49, 60), drawn.at(60, 49), drawn.at(1, 1)]).toEqual([NOTHING, NOTHING, RED]);
    const mixed = picture((canvas) => {
      canvas.rect(0, 0, 100, 100, { fill: 'red' });
      canvas.group({ blend: 'add' }, () => canvas.rect(0, 0, 100, 100, { fill: 'lime' }));
    });
    expect(mixed.at(5, 5)).toEqual([255, 255, 0, 255]);
  });

  test('gradients run from stop to stop, along a line and outwards', () => {
    const stops = [
      [0, '#000'],
      [1, '#fff'],
    ] as const;
    const along = picture((canvas) => canvas.rect(0, 0, 100, 100, { fill: { from: [0, 0], to: [100, 0], stops } }));
    expect(along.at(50, 10)[0]).toBeGreaterThan(120);
    expect(along.at(50, 10)[0]).toBeLessThan(136);
    const outwards = picture((canvas) => canvas.rect(0, 0, 100, 100, { fill: { from: [50, 50], radius: 50, stops } }));
    expect(outwards.at(50, 50)[0]).toBeLessThan(10);
    expect(outwards.at(0, 0)[0]).toBe(255);
  });

  test('an SVG path draws what SVG draws', () => {
    const square = picture((canvas) => canvas.path('M10,10h20v20H10z', { fill: 'red' }));
    expect(inkOf(square)).toEqual({ x: 10, y: 10, width: 20, height: 20 });
    const disc = picture((canvas) => canvas.path('M 20 50 a 30 30 0 1 1 60 0 a30 30 0 11-60 0', { fill: 'red' }));
    expect(inkOf(disc)).toEqual({ x: 20, y: 20, width: 60, height: 60 });
    expect([disc.at(50, 50), disc.at(24, 24)]).toEqual([RED, NOTHING]);
    const smooth = picture((canvas) =>
      canvas.path('M0 50 C0 0 50 0 50 50 S 100 100 100 50', { stroke: 'red', lineWidth: 4 }),
    );
    expect([smooth.at(25, 13)[3], smooth.at(75, 87)[3]]).toEqual([255, 255]);
  });

  test('a shadow lies where it is thrown, and not under what comes next', () => {
    const drawn = picture((canvas) => {
      canvas.rect(10, 10, 10, 10, { fill: 'red', shadow: { color: '#00f', blur: 0, x: 30 } });
      canvas.rect(10, 50, 10, 10, { fill: 'red' });
    });
    expect(drawn.at(45, 15)).toEqual([0, 0, 255, 255]);
    expect(drawn.at(45, 55)).toEqual(NOTHING);
  });

  test('a picture is drawn into its box, and nothing where there is none', () => {
    const image = createCanvas(2, 2);
    const context = image.getContext('2d');
    context.fillStyle = 'red';
    context.fillRect(0, 0, 2, 2);
    const draw = (canvas: Canvas) => {
      expect(canvas.imageSize('logo')).toEqual({ width: 2, height: 2 });
      for (const name of ['missing', 'constructor', undefined]) {
        expect(canvas.imageSize(name)).toBeUndefined();
        canvas.image(name, 0, 0, 100, 100);
      }
      canvas.image('logo', 10, 10, 40, 20);
    };
    const recording = record(100, 100, draw, { logo: { width: 2, height: 2 } });
    expect(inkOf(raster(recording, new Map([['logo', drawable(image)]])))).toEqual({
      x: 10,
      y: 10,
      width: 40,
      height: 20,
    });
  });

  test('what is too small to be seen is not recorded, so that animations may begin at nothing', () => {
    const { list } = record(100, 100, (canvas) => {
      canvas.circle(5, 5, 0);
      canvas.rect(5, 5, -10, 10);
      canvas.text('gone', 0, 0, { size: 0 });
      canvas.rect(0, 0, 10, 10, { opacity: 0 });
      canvas.line(0, 0, 9, 9, { opacity: -1 });
    });
    const painted = list.filter((code) => code === OP.fill || code === OP.stroke || code === OP.fillText);
    expect(painted.length).toBe(0);
  });
});

describe('text', () => {
  test('stands on its baseline, to the left of its point when it is aligned right', () => {
    const ink = inkOf(picture((canvas) => canvas.text('HHH', 190, 80, { size: 40, align: 'right' }), 200, 100));
    expect((ink?.y ?? 0) + (ink?.height ?? 0)).toBe(80);
    expect((ink?.x ?? 0) + (ink?.width ?? 0)).toBeLessThanOrEqual(190);
    expect(ink?.x).toBeGreaterThan(80);
  });

  test('has letters of the built-in fonts, bold ones wider', () => {
    const widthOf = (font: 'Sans' | 'Serif' | 'Mono' | 'Display', weight: 400 | 700) =>
      inkOf(picture((canvas) => canvas.text('Hamburg', 10, 60, { size: 40, font, weight }), 400, 100))?.width ?? 0;
    const all = (['Sans', 'Serif', 'Mono', 'Display'] as const).map((font) => [widthOf(font, 400), widthOf(font, 700)]);
    // Mono stays as wide; Display is narrow.
    expect(all.map(([usual = 0]) => usual)).toEqual([...new Set(all.map(([usual = 0]) => usual))]);
    for (const at of [0, 1, 3]) expect(all[at]?.[1]).toBeGreaterThan(all[at]?.[0] ?? 0);
  });

  test('in scripts that no font here has does not fail', () => {
    expect(() => picture((canvas) => canvas.text('漢字 مرحبا 😀 \ud800 \u0000', 0, 50))).not.toThrow();
  });

  test('of several lines is in the middle as a block', () => {
    const draw = (text: string) =>
      inkOf(picture((canvas) => canvas.text(text, 10, 100, { size: 20, baseline: 'middle' }), 200, 200));
    const [one, three] = [draw('H'), draw('H\nH\nH')];
    const middle = (box = { y: 0, height: 0 }) => box.y + box.height / 2;
    expect(Math.abs(middle(three) - middle(one))).toBeLessThanOrEqual(1);
    expect((three?.height ?? 0) - (one?.height ?? 0)).toBe(50);
  });
});

describe('colours', () => {
  test.each([
    ['#f80', 0xff8800ff],
    ['#f808', 0xff880088],
    ['#12ab9F', 0x12ab9fff],
    ['#12ab9f80', 0x12ab9f80],
    ['rgb(255, 128, 0)', 0xff8000ff],
    ['rgba(255,128,0,.5)', 0xff800080],
    ['rgb(100% 0% 0% / 25%)', 0xff000040],
    ['hsl(120, 100%, 25%)', 0x008000ff],
    ['hsla(-120deg 100% 50% / 0.5)', 0x0000ff80],
    [' Tomato ', 0xff6347ff],
    ['transparent', 0],
  ])('%s', (css, color) => {
    expect(parseColor(css)).toBe(color);
  });

  test.each(['', '#12345', 'blurple', 'rgb(1,2)', 'rgb(a,b,c)', 'constructor', 'url(x)'])(
    '%j is none, and it is said what is',
    (css) => {
      expect(() => parseColor(css)).toThrow(/is not a colour. Write it as #rrggbb/);
    },
  );
});

describe('mistakes are explained', () => {
  const drawing = (draw: (canvas: RecordingCanvas) => void) => () =>
    draw(new RecordingCanvas(new Recorder(new Float64Array(LIST_LENGTH)), 100, 100));

  test('numbers that are none are named', () => {
    expect(drawing((canvas) => canvas.circle(1, Number.NaN, 3))).toThrow('circle: y is NaN');
    expect(
      drawing((canvas) =>
        canvas.polygon([
          [0, 0],
          [1, Infinity],
        ]),
      ),
    ).toThrow('polygon, point 1: y is Infinity');
    expect(drawing((canvas) => canvas.rect(0, 0, 9, 9, { stroke: 'red', lineWidth: Number.NaN }))).toThrow(
      'The lineWidth is NaN',
    );
  });

  test('words that are none are named with those that are', () => {
    expect(drawing((canvas) => canvas.group({ blend: 'glow' as 'add' }, () => {}))).toThrow(
      /"glow" is no blend: normal, multiply/,
    );
    expect(drawing((canvas) => canvas.text('a', 0, 0, { font: 'Comic' as 'Sans' }))).toThrow(
      '"Comic" is no font: Sans, Serif, Mono, Display.',
    );
    expect(drawing((canvas) => canvas.path('M 0 0 L 10 ten'))).toThrow(
      'The path cannot be read at character 10: " ten".',
    );
  });

  test('too much in one frame is refused, and the next frame begins anew', () => {
    const recorder = new Recorder(new Float64Array(1_000));
    const canvas = new RecordingCanvas(recorder, 100, 100);
    const dots = (count: number) => {
      recorder.reset();
      for (let at = 0; at < count; at++) canvas.circle(at, 50, 3);
    };
    expect(() => dots(200)).toThrow(/draws too much/);
    expect(() => dots(10)).not.toThrow();
  });

  test('texts keep their numbers until there are too many, and any number of frames may have texts of their own', () => {
    const recorder = new Recorder(new Float64Array(100));
    const table = new StringTable();
    const tables = new Set<readonly string[]>();
    for (let frame = 0; frame < 3 * STRINGS; frame++) {
      recorder.reset();
      const [same, own] = [recorder.string('Frame'), recorder.string(`${frame}`)];
      table.add(recorder.takeNewStrings());
      expect([table.strings[same], table.strings[own]]).toEqual(['Frame', `${frame}`]);
      tables.add(table.strings);
    }
    expect(tables.size).toBe(3);
    expect(Math.max(...[...tables].map((one) => one.length))).toBeLessThan(STRINGS + 3);
  });

  test('more text than anybody reads is refused, as the same frame is at any time', () => {
    const recorder = new Recorder(new Float64Array(100));
    const line = 'x'.repeat(1_999);
    const draw = (lines: number) => {
      recorder.reset();
      for (let at = 0; at < lines; at++) recorder.string(line);
    };
    draw(STRINGS_LENGTH / 2_000);
    expect(() => draw(STRINGS_LENGTH / 2_000 + 1)).toThrow(/more than 1000000 characters of text/);
    draw(STRINGS_LENGTH / 2_000);
  });
});
