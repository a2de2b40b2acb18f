// A ladder in a real browser: it plays from one signed link, without a player of our own.

import type { MediaWork } from '@plinth/sdk/services/media.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aVisitor, chromiumPath, openBrowser } from '../testing/browser.ts';
import { createTestKernel, type TestKernel } from '../testing/kernel.ts';
import { aFilm, anObject, darkroom, transcode } from './media-site.ts';

let kernel: TestKernel;
let browser: Browser;

describe.skipIf(chromiumPath === undefined)('in a browser', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    kernel = await createTestKernel({ plugins: [darkroom()] });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await kernel?.[Symbol.asyncDispose]();
  });

  test('a ladder plays to its end, with its sound, and can be sought in', async () => {
    const site = await kernel.tenant();
    const ana = await site.person();
    const { mediaId } = await transcode(ana, await anObject(kernel, site, aFilm(9)), {
      kind: 'hls',
      heights: [96, 108],
    });
    await kernel.settle();
    expect((await ana.get<MediaWork>(`/api/darkroom/media/${mediaId}`)).body.state).toBe('done');
    const link = await ana.post<{ url: string }>(`/api/darkroom/media/${mediaId}/link`, {});
    const { port } = await kernel.kernel.listen();
    const visitor = await aVisitor(browser, `http://${site.host}:${port}`);
    await visitor.page.goto('/');
    const played = await play(visitor.page, link.body.url);
    expect(played.duration).toBeCloseTo(9, 0);
    expect(played).toMatchObject({ width: 192, height: 108, error: undefined });
    expect(played.sought).toBeGreaterThan(7.9);
    expect(played.audioBytes).toBeGreaterThan(1_000);
    await visitor.close();
  });
});

interface Played {
  readonly duration: number;
  readonly width: number;
  readonly height: number;
  readonly sought: number;
  readonly audioBytes: number;
  readonly error: string | undefined;
}

const play = (page: Page, url: string): Promise<Played> =>
  page.evaluate<Played>(
    `(async (url) => {
      const video = document.createElement('video');
      video.muted = true;
      video.playsInline = true;
      video.src = url;
      document.body.append(video);
      const comes = (name) => new Promise((resolve, reject) => {
        video.addEventListener(name, resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
      });
      const ready = comes('loadeddata');
      await ready;
      await video.play();
      const began = performance.now();
      while (video.currentTime < 0.5 && performance.now() - began < 20000) await new Promise((next) => setTimeout(next, 50));
      const sought = comes('seeked');
      video.currentTime = 8;
      await sought;
      const ended = comes('ended');
      await ended;
      return {
        duration: video.duration, width: video.videoWidth, height: video.videoHeight, sought: video.currentTime,
        audioBytes: video.webkitAudioDecodedByteCount, error: video.error?.message,
      };
    })(${JSON.stringify(url)})`,
  );
