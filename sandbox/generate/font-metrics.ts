// Writes draw/font-metrics.ts: how wide the characters of the built-in fonts are, read from the font files, so that
// text wraps at the same words wherever an effect runs.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { FONT_FILES, FONT_NAMES, type FontFile, WEIGHTS } from '../draw/fonts.ts';

/** Latin with its accents, Greek, Cyrillic, Vietnamese, punctuation, currencies, arrows. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x20, 0x17f],
  [0x1a0, 0x1b0],
  [0x218, 0x21b],
  [0x384, 0x3ce],
  [0x400, 0x45f],
  [0x490, 0x491],
  [0x1ea0, 0x1ef9],
  [0x2010, 0x203a],
  [0x20a0, 0x20bf],
  [0x2116, 0x2122],
  [0x2190, 0x2193],
  [0x2212, 0x2212],
];
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const UNKNOWN = 4095;

interface Face {
  readonly ascent: number;
  readonly descent: number;
  /** In thousandths of the size. */
  widthOf(character: number): number | undefined;
}

/** Reads the older WOFF, which is zlib around the tables and says the same as its successor. */
function faceOf(file: FontFile): Face {
  const require = createRequire(new URL('../package.json', import.meta.url));
  const woff = readFileSync(require.resolve(file.file.replace('.woff2', '.woff')));
  const tables = new Map<string, Buffer>();
  for (let at = 44; at < 44 + woff.readUInt16BE(12) * 20; at += 20) {
    const [offset, packed, length] = [woff.readUInt32BE(at + 4), woff.readUInt32BE(at + 8), woff.readUInt32BE(at + 12)];
    const bytes = woff.subarray(offset, offset + packed);
    tables.set(woff.toString('latin1', at, at + 4), packed < length ? inflateSync(bytes) : bytes);
  }
  const table = (name: string) => tables.get(name) ?? Buffer.alloc(0);
  const [head, hhea, hmtx] = [table('head'), table('hhea'), table('hmtx')];
  const perEm = (units: number) => Math.round((units * 1000) / head.readUInt16BE(18));
  const long = hhea.readUInt16BE(34);
  const glyphs = glyphsOf(table('cmap'));
  return {
    ascent: perEm(hhea.readInt16BE(4)),
    descent: perEm(-hhea.readInt16BE(6)),
    widthOf(character) {
      const glyph = glyphs.get(character);
      return glyph === undefined ? undefined : perEm(hmtx.readUInt16BE(Math.min(glyph, long - 1) * 4));
    },
  };
}

/** The Unicode part of a character map in its format 4, which these fonts have. */
function glyphsOf(cmap: Buffer): Map<number, number> {
  const glyphs = new Map<number, number>();
  for (let record = 4; record < 4 + cmap.readUInt16BE(2) * 8; record += 8) {
    const at = cmap.readUInt32BE(record + 4);
    if (cmap.readUInt16BE(at) !== 4) continue;
    const bytes = cmap.readUInt16BE(at + 6);
    const ends = at + 14;
    const [starts, deltas, offsets] = [ends + bytes + 2, ends + 2 * bytes + 2, ends + 3 * bytes + 2];
    for (let segment = 0; segment < bytes; segment += 2) {
      const offset = cmap.readUInt16BE(offsets + segment);
      const [start, end] = [cmap.readUInt16BE(starts + segment), cmap.readUInt16BE(ends + segment)];
      for (let character = start; character <= end && character < 0xffff; character++) {
        const mapped = offset ? cmap.readUInt16BE(offsets + segment + offset + (character - start) * 2) : character;
        const glyph = offset && !mapped ? 0 : (mapped + cmap.readUInt16BE(deltas + segment)) & 0xffff;
        if (glyph) glyphs.set(character, glyph);
      }
    }
  }
  return glyphs;
}

const code = (width: number) => `${DIGITS[width >> 6]}${DIGITS[width & 63]}`;

/** The module's source. */
export function fontMetrics(): string {
  const faces = FONT_FILES.map((file) => ({ file, face: faceOf(file) }));
  const widths = (font: string, weight: number) => {
    const stack = [font, 'Sans'].flatMap((name) =>
      faces.filter(({ file }) => file.font === name && file.weight === weight),
    );
    const width = (character: number) =>
      stack.map(({ face }) => face.widthOf(character)).find((found) => found !== undefined) ?? UNKNOWN;
    return RANGES.map(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, at) => code(width(from + at))).join(''),
    ).join('');
  };
  const heights = FONT_NAMES.map((font) => {
    const face = faces.find(({ file }) => file.font === font)?.face;
    return `  ${font}: { ascent: ${(face?.ascent ?? 0) / 1000}, descent: ${(face?.descent ?? 0) / 1000} },`;
  });
  return [
    '// Written by generate/font-metrics.ts from the font files; its test says when it is out of date.',
    '',
    '/** First and last character of each run in `WIDTHS`. */',
    'export const RANGES: readonly (readonly [number, number])[] = [',
    ...RANGES.map(([from, to]) => `  [0x${from.toString(16)}, 0x${to.toString(16)}],`),
    '];',
    '/** Of the size. */',
    'export const HEIGHTS = {',
    ...heights,
    '} as const;',
    '/** Two digits of base 64 a character: thousandths of the size; `//` where no font of ours has the character. */',
    'export const WIDTHS = {',
    ...FONT_NAMES.flatMap((font) => [
      `  ${font}: {`,
      ...WEIGHTS.map((weight) => `    ${weight}: '${widths(font, weight)}',`),
      '  },',
    ]),
    '} as const;',
    '',
  ].join('\n');
}

if (process.argv.includes('--write')) {
  writeFileSync(fileURLToPath(new URL('../draw/font-metrics.ts', import.meta.url)), fontMetrics());
}
