// Whatever people write into an effect's params stays in the picture, and where it can be read.
import type { Effect } from '@plinth/sdk/effect.ts';
import { describe, expect, test } from 'vitest';
import { Player } from '../effect/player.ts';
import captions from '../library/captions.ts';
import countdown from '../library/countdown.ts';
import lowerThird from '../library/lower-third.ts';
import { inkOf, raster, record } from './drawing.ts';

const WORDS = {
  nothing: '',
  'blanks alone': ' \n\t ',
  'one letter': 'I',
  'one word without an end': 'Donaudampfschifffahrtsgesellschaft'.repeat(6),
  'many words': 'What is said is drawn word by word, as it is said, however much it is. '.repeat(8),
  'many lines': 'a\n'.repeat(40),
  'a script from the right': 'كل ما يقال يرسم كلمة بعد كلمة كما يقال، مهما كان. '.repeat(4),
  'a script without spaces': '说什么就写什么不管有多长都会留在画面里'.repeat(6),
  'emoji and flags': '👩‍🚀🇫🇷👍🏽 '.repeat(40),
};
const SHAPES = { wide: [640, 360], upright: [360, 640], square: [400, 400] } as const;
/** Around the picture, to see what would leave it. */
const MARGIN = 400;

function inkAround(effect: unknown, width: number, height: number, params: object, data: object) {
  const facts = { width, height, fps: 10, duration: 2, frames: 20, params: { ...params }, data: { ...data }, seed: 1 };
  const recording = record(width, height, (canvas) => new Player(effect as Effect, facts, { canvas }).frame(15));
  const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN];
  return inkOf(raster({ ...recording, width: w, height: h }, new Map(), { x: -MARGIN, y: -MARGIN }));
}

function stays(effect: { readonly params?: object }, width: number, height: number, given: object, data: object = {}) {
  const usual = Object.fromEntries(
    Object.entries(effect.params ?? {}).map(([name, param]) => [name, (param as { default: unknown }).default]),
  );
  const ink = inkAround(effect, width, height, { ...usual, ...given }, data);
  if (!ink) return;
  // Shadows and outlines may reach a little over an edge.
  const edge = 3;
  expect(ink.x).toBeGreaterThanOrEqual(MARGIN - edge);
  expect(ink.y).toBeGreaterThanOrEqual(MARGIN - edge);
  expect(ink.x + ink.width).toBeLessThanOrEqual(MARGIN + width + edge);
  expect(ink.y + ink.height).toBeLessThanOrEqual(MARGIN + height + edge);
}

describe.each(Object.entries(WORDS))('%s', (_what, text) => {
  test.each(Object.entries(SHAPES))('stays in a %s picture', (_shape, [width, height]) => {
    const limited = (most: number) => text.slice(0, most).toWellFormed();
    stays(captions, width, height, { size: 60 }, { captions: [{ from: 0, to: 2, text }] });
    stays(captions, width, height, { lines: 5, size: 140, capitals: true }, { captions: [{ from: 0, to: 2, text }] });
    stays(lowerThird, width, height, { name: limited(120), about: limited(160) });
    stays(lowerThird, width, height, { name: '', about: limited(160), side: 'right', font: 'Mono' });
  });
});

test('captions show every word once, and no line twice', () => {
  const text = 'one two three four five six seven eight nine ten eleven twelve';
  const data = { captions: [{ from: 0, to: 2, text }] };
  const usual = Object.fromEntries(Object.entries(captions.params ?? {}).map(([name, param]) => [name, param.default]));
  usual.lines = 1;
  const facts = { width: 360, height: 640, fps: 10, duration: 2, frames: 20, params: usual, data, seed: 1 };
  const shown = Array.from({ length: 20 }, (_, frame) => {
    const { strings } = record(360, 640, (canvas) => new Player(captions as Effect, facts, { canvas }).frame(frame));
    return strings.filter((word) => text.includes(word));
  });
  expect(new Set(shown.flat())).toEqual(new Set(text.split(' ')));
  expect(Math.max(...shown.map((words) => words.length))).toBeLessThan(8);
});

test('a countdown of an hour fits its ring', () => {
  for (const [width, height] of Object.values(SHAPES))
    stays(countdown, width, height, { from: 3600, size: 2, shade: '#00000000' });
});
