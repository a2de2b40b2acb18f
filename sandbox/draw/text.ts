// How wide text is and where its lines break, from a table and not from a canvas: the same in both languages, in the
// browser and in a render. Kerning is left out, so a line is drawn up to a few hundredths narrower than it counts.
import { HEIGHTS, RANGES, WIDTHS } from './font-metrics.ts';
import { FONT_NAMES, type Weight } from './fonts.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const UNKNOWN = 4095;
/** Of the size: characters that no font of ours has. */
const USUAL = 0.6;
const SQUARE = 1;

type Font = keyof typeof WIDTHS;
const tables = new Map<string, Float64Array>();

/** Widths by character up to U+2212; NaN where no font of ours has it. */
function tableOf(font: string, weight: number): Float64Array {
  const key = `${font}${weight}`;
  const known = tables.get(key);
  if (known) return known;
  const digits =
    WIDTHS[(FONT_NAMES as readonly string[]).includes(font) ? (font as Font) : 'Sans'][weight >= 600 ? 700 : 400];
  const table = new Float64Array((RANGES.at(-1)?.[1] ?? 0) + 1).fill(Number.NaN);
  let at = 0;
  for (const [from, to] of RANGES) {
    for (let character = from; character <= to; character++, at += 2) {
      const width = DIGITS.indexOf(digits.charAt(at)) * 64 + DIGITS.indexOf(digits.charAt(at + 1));
      if (width !== UNKNOWN) table[character] = width / 1000;
    }
  }
  tables.set(key, table);
  return table;
}

/** Marks that stand on the character before them, and characters that only join others. */
export const isMark = (code: number): boolean =>
  (code >= 0x300 && code <= 0x36f) ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069) ||
  // Hebrew's and Arabic's points, Devanagari's and Thai's signs.
  (code >= 0x591 && code <= 0x5c7) ||
  (code >= 0x610 && code <= 0x61a) ||
  (code >= 0x64b && code <= 0x65f) ||
  (code >= 0x941 && code <= 0x948) ||
  code === 0x94d ||
  code === 0xe31 ||
  (code >= 0xe34 && code <= 0xe3a) ||
  (code >= 0xe47 && code <= 0xe4e) ||
  (code >= 0x1f3fb && code <= 0x1f3ff) ||
  (code >= 0xfe00 && code <= 0xfe0f) ||
  (code >= 0x20d0 && code <= 0x20ff);

/** Chinese, Japanese and Korean, which break between any two characters. */
const isSquare = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0x20000 && code <= 0x3ffff);
const isPicture = (code: number): boolean =>
  (code >= 0x1f000 && code <= 0x1faff) ||
  (code >= 0x2600 && code <= 0x27bf) ||
  (code >= 0x23e9 && code <= 0x23fa) ||
  (code >= 0x2b05 && code <= 0x2b55);

/** Of the size; NaN for what is rare and may have any width. */
export function characterWidth(table: Float64Array, code: number): number {
  // A canvas draws every kind of white space as a space.
  const width = table[Math.max(code, 0x20)];
  if (width !== undefined && !Number.isNaN(width)) return width;
  if (isMark(code)) return 0;
  if (isSquare(code)) return SQUARE;
  return isPicture(code) ? 1.25 : Number.NaN;
}

/** Whether Sans has it, to which all of the four families fall back. */
export function isWritten(code: number): boolean {
  const width = tableOf('Sans', 400)[code];
  return width !== undefined && !Number.isNaN(width);
}

/** The table for `characterWidth`. */
export const widthsOf = tableOf;

/** The width of one line. */
export function textWidth(text: string, font: string, weight: Weight, size: number): number {
  return widthIn(tableOf(font, weight), text) * size;
}

const JOINER = 0x200d;
const isFlagLetter = (code: number): boolean => code >= 0x1f1e6 && code <= 0x1f1ff;

function widthIn(table: Float64Array, text: string): number {
  let [width, before] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0;
    if (code > 0xffff) at += 1;
    // Two letters are a flag; pictures that are joined are one.
    const isSecond = before === JOINER || (isFlagLetter(code) && isFlagLetter(before));
    const one = isSecond && isPicture(code) ? 0 : characterWidth(table, code);
    width += Number.isNaN(one) ? usualWidth(code) : one;
    before = isSecond ? 0 : code;
  }
  return width;
}

/** Hebrew, Arabic, Devanagari and Thai have letters of about this width. */
const usualWidth = (code: number): number => (code >= 0x590 && code <= 0x8ff ? 0.52 : USUAL);

const CACHED = 500;
const wrapped = new Map<string, readonly string[]>();

/** The lines of a text, none wider than `maxWidth`: at spaces, and inside a word only where it is too wide by itself. */
export function wrapText(
  text: string,
  font: string,
  weight: Weight,
  size: number,
  maxWidth = Infinity,
): readonly string[] {
  const plain = maxWidth === Infinity && !text.includes('\n');
  if (plain) return [text];
  const key = `${font}${weight}/${size}/${maxWidth}/${text}`;
  const known = wrapped.get(key);
  if (known) return known;
  const table = tableOf(font, weight);
  const lines = text.split('\n').flatMap((paragraph) => linesOf(table, paragraph, maxWidth / size));
  if (wrapped.size >= CACHED) wrapped.clear();
  wrapped.set(key, lines);
  return lines;
}

function linesOf(table: Float64Array, paragraph: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  const close = () => {
    lines.push(line.trimEnd());
    [line, width] = ['', 0];
  };
  for (const piece of piecesOf(paragraph)) {
    const bare = widthIn(table, piece.trimEnd());
    if (line !== '' && width + bare > room) close();
    if (bare > room)
      for (const part of partsOf(table, piece, room)) {
        if (line !== '') close();
        [line, width] = [part, widthIn(table, part)];
      }
    else {
      line += piece;
      width += widthIn(table, piece);
    }
  }
  close();
  return lines;
}

/** Words with the spaces after them; each square character by itself. */
function piecesOf(paragraph: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  for (let at = 0; at < paragraph.length; ) {
    const code = paragraph.codePointAt(at) ?? 0;
    const next = at + (code > 0xffff ? 2 : 1);
    const ends = isSquare(code) || (isSpace(code) && !isSpace(paragraph.charCodeAt(next)));
    if (ends || (next < paragraph.length && isSquare(paragraph.codePointAt(next) ?? 0))) {
      pieces.push(paragraph.slice(start, next));
      start = next;
    }
    at = next;
  }
  if (start < paragraph.length) pieces.push(paragraph.slice(start));
  return pieces;
}
const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/** A word in parts that fit, at least a character each, marks left on what they belong to. */
function partsOf(table: Float64Array, word: string, room: number): string[] {
  const parts: string[] = [];
  let [part, width, joined] = ['', 0, false];
  for (const character of word) {
    const code = character.codePointAt(0) ?? 0;
    const one = widthIn(table, character);
    if (part !== '' && !joined && !isMark(code) && !isSpace(code) && width + one > room) {
      parts.push(part);
      [part, width] = ['', 0];
    }
    part += character;
    width += one;
    joined = code === 0x200d;
  }
  return part === '' ? parts : [...parts, part];
}

const [FROM_RIGHT, END] = ['\u202b', '\u202c'];
const FIRST_STRONG = /[A-Za-z\u00c0-\u058f\u0900-\u1fff\u3040-\ud7ff]|([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])/;

/** A line that begins in a script from the right runs from there: its full stop is at its left. */
export function inItsDirection(line: string): string {
  return FIRST_STRONG.exec(line)?.[1] === undefined ? line : `${FROM_RIGHT}${line}${END}`;
}

/** How far a font reaches above and below its baseline, of the size. */
export function heightsOf(font: string): { readonly ascent: number; readonly descent: number } {
  return Object.hasOwn(HEIGHTS, font) ? HEIGHTS[font as Font] : HEIGHTS.Sans;
}
