import { describe, expect, test } from 'vitest';
import { FALLBACK_FONTS, piecesOf } from '../draw/fallback-fonts.ts';
import { inItsDirection, textWidth } from '../draw/text.ts';
import { fontPieces, piecesFor, unwrittenIn } from '../render/font-pieces.ts';
import { inkOf, type Picture, raster, record } from './drawing.ts';

function written(text: string, size = 40): Picture {
  const recording = record(Math.max(80, text.length * size), size * 2, (canvas) =>
    canvas.text(text, size / 2, size * 1.4, { size }),
  );
  return raster(recording);
}
const isSame = (one: Picture, other: Picture) => Buffer.from(one.data).equals(Buffer.from(other.data));

describe('what the four families lack is written with fonts of its own', () => {
  // Two signs of each script: with a box for what is missing they would look the same.
  test.each([
    ['Hebrew', 'א', 'ש'],
    ['Arabic', 'م', 'ح'],
    ['Devanagari', 'न', 'द'],
    ['Thai', 'ส', 'ด'],
    ['Chinese', '你', '世'],
    ['Japanese', 'ひ', 'カ'],
    ['Korean', '안', '계'],
    ['emoji', '😀', '🎉'],
  ])('%s', (_script, one, other) => {
    expect(unwrittenIn([one, other])).toBe('');
    expect(isSame(written(one), written(other))).toBe(false);
    expect(isSame(written(one), written('\u{10ffff}'))).toBe(false);
  });

  test('emoji have their colours, and what is joined is one', () => {
    const seen = written('😀');
    const colours = new Set(Array.from({ length: seen.width }, (_, x) => seen.at(x, 40).slice(0, 3).join()));
    expect(colours.size).toBeGreaterThan(8);
    for (const one of ['👩‍🚀', '🇫🇷', '👍🏽', '❤️']) {
      const wide = textWidth(one, 'Sans', 400, 40);
      expect(Math.abs((inkOf(written(one))?.width ?? 0) - wide)).toBeLessThan(12);
    }
  });

  test('letters of a word in Arabic are joined, as they are written', () => {
    const apart = [...'مرحبا'].reduce((sum, one) => sum + (inkOf(written(one))?.width ?? 0), 0);
    expect(inkOf(written('مرحبا'))?.width).toBeLessThan(apart * 0.9);
  });

  test('only what is needed is loaded', () => {
    expect([...piecesFor(['Plain, Привет, Ελλάδα, Zażółć 12 €'])]).toEqual([]);
    expect([...piecesFor(['שלום'])].map(({ family }) => family)).toEqual(['Plinth Hebrew 0']);
    expect(piecesFor(['你']).size).toBeLessThan(3);
  });
});

test('what no font has is told', () => {
  expect(unwrittenIn(['abc ქა', '你😀', 'ა'])).toBe('ქა');
  expect(unwrittenIn(['', ' \n\t\u200b\u0301'])).toBe('');
});

test('a line from the right ends at its left', () => {
  // A full stop after it is where it ends.
  const dot = inkOf(written('שלום.'))?.x ?? 0;
  const without = inkOf(written('שלום'))?.x ?? 0;
  expect(dot).toBeLessThan(without + 4);
  const lastRow = ({ width, height, data }: Picture) =>
    Array.from({ length: width }, (_, x) => x).filter(
      (x) => (data[((height * 0.7 - 3) * width + x) * 4 + 3] ?? 0) > 128,
    );
  expect(lastRow(written('שלום.'))[0]).toBeLessThan(40);
  expect(inItsDirection('abc שלום')).toBe('abc שלום');
  expect(inItsDirection('12 שלום')).toBe('\u202b12 שלום\u202c');
});

test('every file of every piece is there', () => {
  const files = fontPieces().map(({ file }) => import.meta.resolve(file));
  expect(files.length).toBeGreaterThan(150);
  expect(new Set(files).size).toBe(files.length);
  const [hebrew = FALLBACK_FONTS[0]] = FALLBACK_FONTS;
  expect(hebrew && piecesOf(hebrew, { hebrew: 'U+0590-05FF,U+FB1D', latin: 'U+0000-00FF' })[0]?.has(0x41)).toBe(false);
});
