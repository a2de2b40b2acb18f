// Makes the built-in fonts known to Skia.
import { createRequire } from 'node:module';
import { GlobalFonts, setTextRenderer } from '@napi-rs/canvas';
import type { FontPiece } from '../draw/fallback-fonts.ts';
import { FONT_FILES, fallBackTo } from '../draw/fonts.ts';
import { fontPieces, piecesFor } from './font-pieces.ts';

const { resolve } = createRequire(import.meta.url);
let registered = false;

/** Once for a process, before anything is drawn. What the fonts lack comes from the system's, if it has any. */
export function registerFonts(): void {
  if (registered) return;
  registered = true;
  // There its letters are Chromium's, pixel by pixel; elsewhere the default is at least the same on all machines.
  if (process.platform === 'linux') setTextRenderer('system');
  for (const { file, family } of FONT_FILES) GlobalFonts.registerFromPath(resolve(file), family);
}

const pieces = new Set<FontPiece>();
/** How many of the strings of a table were looked at: tables only grow. */
const looked = new WeakMap<readonly string[], number>();

/** Before texts are drawn that are among these: fonts for what the four families lack. */
export function registerFontsFor(strings: readonly string[]): void {
  const fresh = strings.slice(looked.get(strings) ?? 0);
  if (fresh.length === 0) return;
  looked.set(strings, strings.length);
  const needed = [...piecesFor(fresh)].filter((piece) => !pieces.has(piece));
  if (needed.length === 0) return;
  for (const piece of needed) {
    pieces.add(piece);
    GlobalFonts.registerFromPath(resolve(piece.file), piece.family);
  }
  fallBackTo(fontPieces().flatMap((piece) => (pieces.has(piece) ? [piece.family] : [])));
}
