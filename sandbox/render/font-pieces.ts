// Which font has a character that the four families lack, and which characters no font has.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { FALLBACK_FONTS, type FontPiece, piecesOf } from '../draw/fallback-fonts.ts';
import { isMark, isWritten } from '../draw/text.ts';

const { resolve } = createRequire(import.meta.url);
let pieces: readonly FontPiece[] | undefined;
const found = new Map<number, readonly FontPiece[]>();

/** All of them, in the order in which a character is looked for. */
export function fontPieces(): readonly FontPiece[] {
  pieces ??= FALLBACK_FONTS.flatMap((font) =>
    piecesOf(font, JSON.parse(readFileSync(resolve(`${font.package}/unicode.json`), 'utf8'))),
  );
  return pieces;
}

/** Those that say that they have it: some say so and have not, then the next has it. */
function piecesWith(character: number): readonly FontPiece[] {
  const known = found.get(character);
  if (known) return known;
  const having = fontPieces().filter((piece) => piece.has(character));
  found.set(character, having);
  return having;
}

/** The pieces that texts need beside the four families. */
export function piecesFor(texts: readonly string[]): ReadonlySet<FontPiece> {
  return new Set([...strangeIn(texts)].flatMap(piecesWith));
}

const TOLD = 20;

/** Characters for which boxes would be drawn: those of scripts that no font of ours has. */
export function unwrittenIn(texts: readonly string[]): string {
  const unwritten = [...strangeIn(texts)].filter((character) => piecesWith(character).length === 0).slice(0, TOLD);
  return String.fromCodePoint(...unwritten);
}

function strangeIn(texts: readonly string[]): ReadonlySet<number> {
  const strange = new Set<number>();
  for (const text of texts)
    for (const sign of text) {
      const character = sign.codePointAt(0) ?? 0;
      if (character > 0x20 && !isWritten(character) && !isMark(character)) strange.add(character);
    }
  return strange;
}
