// Fonts for what the four families lack: other scripts and emoji. They are many and large, so each is loaded where a text
// needs it. Large scripts come in pieces of some hundred characters, each a family of its own.

interface FallbackFont {
  readonly name: string;
  /** Its package, which says in `unicode.json` what its pieces have. */
  readonly package: string;
  /** The file of a piece, without its directory. */
  readonly file: (piece: string) => string;
}

const noto = (name: string, script: string): FallbackFont => ({
  ...{ name, package: `@fontsource-variable/noto-sans-${script}` },
  file: (piece) => `noto-sans-${script}-${piece}-wght-normal.woff2`,
});

/** In the order in which a character is looked for. */
export const FALLBACK_FONTS: readonly FallbackFont[] = [
  noto('Hebrew', 'hebrew'),
  noto('Arabic', 'arabic'),
  noto('Devanagari', 'devanagari'),
  noto('Thai', 'thai'),
  noto('Han', 'sc'),
  noto('Hangul', 'kr'),
  {
    ...{ name: 'Emoji', package: '@fontsource/noto-color-emoji' },
    // Its pieces are drawn by outlines in colour, which not every Skia can; the whole is made of pictures.
    file: () => 'noto-color-emoji-emoji-400-normal.woff2',
  },
];

export interface FontPiece {
  /** The name under which the file is to be registered. */
  readonly family: string;
  /** As an import would say it. */
  readonly file: string;
  has(character: number): boolean;
}

/** What the four families have themselves. */
const OURS = /^(latin|cyrillic|greek|vietnamese|math|symbols)/;
/** The numbered pieces of large scripts name alphabets, too, and do not have them. */
const [NUMBERED, ALPHABETS_END] = [/^\[/, 0x2000];

/** @example piecesOf(FALLBACK_FONTS[0], { hebrew: 'U+0590-05FF' })[0].has(0x5d0) // true */
export function piecesOf(font: FallbackFont, unicode: Readonly<Record<string, string>>): readonly FontPiece[] {
  const pieces = new Map<string, (readonly [number, number])[]>();
  for (const [key, text] of Object.entries(unicode)) {
    if (OURS.test(key)) continue;
    const file = `${font.package}/files/${font.file(key.replaceAll(/[[\]]/g, ''))}`;
    const ranges = rangesOf(text).filter(([from]) => !NUMBERED.test(key) || from >= ALPHABETS_END);
    pieces.set(file, [...(pieces.get(file) ?? []), ...ranges]);
  }
  return [...pieces].map(([file, ranges], at) => ({
    ...{ family: `Plinth ${font.name} ${at}`, file },
    has: (character) => ranges.some(([from, to]) => character >= from && character <= to),
  }));
}

function rangesOf(text: string): (readonly [number, number])[] {
  return text.split(',').map((range) => {
    const [from = 0, to = from] = range
      .replace('U+', '')
      .split('-')
      .map((digits) => Number.parseInt(digits, 16));
    return [from, to] as const;
  });
}
