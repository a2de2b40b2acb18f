// Draws the line of text that comes on standard input, white with a soft shadow, and answers it as a PNG. Behind the
// wall, and once: for what is burnt into pictures.
import './skia-settings.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { createCanvas } from '@napi-rs/canvas';
import { cssFont } from '../draw/fonts.ts';
import { registerFonts } from '../render/fonts.ts';
import { LINE } from '../render/recipes/watermark.ts';

/** Of the letters, in pixels: large enough to be made smaller for any picture. */
const SIZE = 96;
const HEIGHT = LINE * SIZE;
const WIDEST = 8_000;

registerFonts();
const text = readFileSync(0, 'utf8');
const font = cssFont('Sans', SIZE, 700, false);
const measured = createCanvas(8, 8).getContext('2d');
measured.font = font;
const width = Math.ceil(Math.min(WIDEST, measured.measureText(text).width) + SIZE / 2);
const canvas = createCanvas(width, HEIGHT);
const context = canvas.getContext('2d');
context.font = font;
context.fillStyle = '#fff';
context.textBaseline = 'middle';
context.shadowColor = 'rgba(0, 0, 0, 0.75)';
context.shadowBlur = SIZE / 12;
context.shadowOffsetY = SIZE / 32;
context.fillText(text, SIZE / 4, HEIGHT / 2, WIDEST);
writeFileSync(1, canvas.toBuffer('image/png'));
