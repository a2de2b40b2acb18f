import { readFileSync } from 'node:fs';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, test } from 'vitest';
import { cssFont, FONT_NAMES, WEIGHTS } from '../draw/fonts.ts';
import { textWidth, wrapText } from '../draw/text.ts';
import { fontMetrics } from '../generate/font-metrics.ts';
import { registerFonts } from '../render/fonts.ts';

describe('widths', () => {
  test('are those of the font files', () => {
    expect(readFileSync(new URL('../draw/font-metrics.ts', import.meta.url), 'utf8')).toBe(fontMetrics());
  });

  test('are those that Skia draws, kerning aside', () => {
    registerFonts();
    const context = createCanvas(10, 10).getContext('2d');
    context.fontKerning = 'none';
    for (const font of FONT_NAMES) {
      for (const weight of WEIGHTS) {
        context.font = cssFont(font, 100, weight, false);
        const text = 'Zażółć gęślą jaźń, 123 €! Привет Việt';
        expect(Math.abs(context.measureText(text).width - textWidth(text, font, weight, 100))).toBeLessThan(15);
      }
    }
  });
});

describe('wrapping', () => {
  const wrap = (text: string, width: number) => wrapText(text, 'Mono', 400, 10, width);

  // A character of Mono is 0.6 of the size: 6 here.
  test('breaks at spaces, as late as it can', () => {
    expect(wrap('the quick brown fox', 60)).toEqual(['the quick', 'brown fox']);
    expect(wrap('the quick brown fox', 59)).toEqual(['the quick', 'brown fox']);
    expect(wrap('the quick brown fox', 53)).toEqual(['the', 'quick', 'brown', 'fox']);
  });

  test('keeps the breaks that are there, and empty lines', () => {
    expect(wrap('a\n\nb c', 600)).toEqual(['a', '', 'b c']);
    expect(wrapText('a\nb', 'Sans', 400, 10)).toEqual(['a', 'b']);
  });

  test('breaks a word that is too wide by itself, and goes on after it', () => {
    expect(wrap('a abcdefghijkl bc', 30)).toEqual(['a', 'abcde', 'fghij', 'kl bc']);
    expect(wrap('ab', 1)).toEqual(['a', 'b']);
  });

  test('breaks between characters where a script has no spaces, and never within one', () => {
    expect(wrap('漢字仮名', 20)).toEqual(['漢字', '仮名']);
    expect(wrap('👩‍🚀👩‍🚀', 1)).toEqual(['👩‍🚀', '👩‍🚀']);
    expect(wrap('e\u0301e\u0301', 1)).toEqual(['e\u0301', 'e\u0301']);
  });
});
