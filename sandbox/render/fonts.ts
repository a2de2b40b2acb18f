// Makes the built-in fonts known to Skia.
import { createRequire } from 'node:module';
import { GlobalFonts, setTextRenderer } from '@napi-rs/canvas';
import { FONT_FILES } from '../draw/fonts.ts';

let registered = false;

/** Once for a process, before anything is drawn. What the fonts lack comes from the system's, if it has any. */
export function registerFonts(): void {
  if (registered) return;
  registered = true;
  // There its letters are Chromium's, pixel by pixel; elsewhere the default is at least the same on all machines.
  if (process.platform === 'linux') setTextRenderer('system');
  const { resolve } = createRequire(import.meta.url);
  for (const { file, family } of FONT_FILES) GlobalFonts.registerFromPath(resolve(file), family);
}
