import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Canvas } from '@plinth/sdk/effect.ts';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Layer } from '../child/layer.ts';
import { createFrames } from '../colour/frames.ts';
import { FONT_FILES } from '../draw/fonts.ts';
import { raster, record } from './drawing.ts';

type Portable = typeof import('./in-browser.ts');

const fonts = () => {
  const { resolve } = createRequire(import.meta.url);
  return FONT_FILES.map(({ file }) => readFileSync(resolve(file)).toString('base64'));
};

describe('the browser', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const entry = fileURLToPath(new URL('./in-browser.ts', import.meta.url));
    const bundle = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'portable',
    });
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
  });
  afterAll(() => browser?.close());

  async function difference(draw: (canvas: Canvas) => void): Promise<{ mean: number; far: number }> {
    const recording = record(320, 180, draw);
    const there = await page.evaluate(
      ([drawing, files]) => (globalThis as unknown as { portable: Portable }).portable.drawInBrowser(drawing, files),
      [{ ...recording, list: [...recording.list] }, fonts()] as const,
    );
    const here = raster(recording).data;
    // As both look over grey: the colour of what is transparent is of no account.
    const seen = (rgba: ArrayLike<number>, at: number) => {
      const alpha = (rgba[at | 3] ?? 0) / 255;
      return at % 4 === 3 ? 0 : (rgba[at] ?? 0) * alpha + 128 * (1 - alpha);
    };
    const differences = Array.from(here, (_, at) => Math.abs(seen(here, at) - seen(there, at)));
    return {
      mean: differences.reduce((sum, one) => sum + one, 0) / differences.length,
      far: differences.filter((one) => one > 48).length / differences.length,
    };
  }

  test('draws shapes, gradients, blends and shadows as the render does', async () => {
    const { mean, far } = await difference((canvas) => {
      canvas.rect(10, 10, 120, 60, {
        radius: 12,
        fill: {
          from: [10, 0],
          to: [130, 0],
          stops: [
            [0, 'red'],
            [1, '#00f'],
          ],
        },
      });
      canvas.circle(200, 60, 40, {
        fill: 'gold',
        stroke: '#fff',
        lineWidth: 5,
        shadow: { color: '#000', blur: 12, x: 6, y: 6 },
      });
      canvas.arc(80, 130, 40, -30, 200, { inner: 24, fill: 'lime', opacity: 0.7 });
      canvas.path('M 150 110 q 40 -30 80 10 t 70 20', { stroke: 'orange', lineWidth: 6, cap: 'round', dash: [14, 10] });
      canvas.group(
        { x: 260, y: 100, rotate: 25, scale: [1.5, 1], blend: 'multiply', clip: [-20, -20, 50, 60, 8] },
        () => {
          canvas.rect(-50, -50, 100, 100, { fill: 'tomato' });
        },
      );
    });
    // Half a pixel away would be 0.7 and 0.004.
    expect(mean).toBeLessThan(0.2);
    expect(far).toBeLessThan(0.002);
  });

  test('lays groups over the video, and mixes their colours with it, as the render does', async () => {
    const video = Uint8ClampedArray.from({ length: 320 * 180 * 4 }, (_, at) => (at % 4 === 3 ? 255 : (at * 31) >> 6));
    const recording = record(320, 180, (canvas) => {
      const overlapping = () => {
        canvas.circle(90, 90, 60, { fill: 'tomato' });
        canvas.rect(90, 60, 120, 60, { fill: 'teal', radius: 20 });
      };
      for (const [at, blend] of (
        ['multiply', 'screen', 'overlay', 'difference', 'soft-light', 'add'] as const
      ).entries())
        canvas.group({ x: at * 45, y: at * 10, scale: 0.5, blend, opacity: at % 2 ? 0.7 : 1 }, overlapping);
      canvas.group({ opacity: 0.4, y: 20 }, overlapping);
    });
    const there = await page.evaluate(
      ([drawing, files, over]) =>
        (globalThis as unknown as { portable: Portable }).portable.drawInBrowser(drawing, files, over),
      [{ ...recording, list: [...recording.list] }, fonts(), [...video]] as const,
    );
    const box = { x: 0, y: 0, width: 320, height: 180 };
    const here = new Layer(box).draw([{ ...recording, images: new Map() }], video);
    const off = Array.from(here, (value, at) => Math.abs(value - (there[at] ?? 0)));
    expect(off.reduce((sum, one) => sum + one, 0) / off.length).toBeLessThan(0.5);
    expect(off.filter((one) => one > 24).length / off.length).toBeLessThan(0.002);
  });

  test('writes text in the same places, with the same letters and the same breaks', async () => {
    const { mean, far } = await difference((canvas) => {
      for (const [at, font] of (['Sans', 'Serif', 'Mono', 'Display'] as const).entries()) {
        canvas.text('Zażółć gęślą Привет', 10, 30 + at * 24, {
          font,
          size: 20,
          weight: at % 2 ? 700 : 400,
          italic: at > 1,
        });
      }
      canvas.text('A text of a few words that wraps', 300, 90, {
        size: 18,
        align: 'right',
        baseline: 'middle',
        maxWidth: 100,
      });
      canvas.text('Outlined', 160, 170, {
        size: 40,
        align: 'center',
        baseline: 'bottom',
        fill: '#fff',
        stroke: '#000',
        lineWidth: 6,
      });
      for (const [at, baseline] of (['top', 'middle', 'alphabetic', 'bottom'] as const).entries())
        canvas.text('Hg', 10 + at * 30, 140, { size: 18, baseline });
    });
    // Half a pixel away would be 4.8 and 0.04.
    expect(mean).toBeLessThan(0.5);
    expect(far).toBeLessThan(0.004);
  });

  test('turns planes into exactly the same bytes', async () => {
    const [width, height] = [37, 21];
    const frames = createFrames({ width, height });
    for (let at = 0; at < frames.i420.length; at++) frames.i420[at] = (at * 7919) >> 3;
    const there = await page.evaluate(
      ([w, h, planes]) => (globalThis as unknown as { portable: Portable }).portable.convertInBrowser(w, h, planes),
      [width, height, [...frames.i420]] as const,
    );
    frames.toRgba();
    expect(there).toEqual([...frames.rgba]);
  });
});
