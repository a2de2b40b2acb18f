// Renders one composition with Remotion, in a process of its own: `node render.mjs CLIP OUTPUT COMPOSITION BROWSER FRAMES`.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '@remotion/bundler';
import { renderMedia, selectComposition } from '@remotion/renderer';

const [clip, output, id, browserExecutable, frames] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'plinth-peer-'));
const publicDir = join(directory, 'public');
try {
  cpSync(clip, join(publicDir, 'clip.mp4'));
  const entryPoint = fileURLToPath(new URL('src/compositions.mjs', import.meta.url));
  const serveUrl = await bundle({ entryPoint, publicDir, outDir: join(directory, 'bundle') });
  const chromeMode = browserExecutable.includes('headless-shell') ? 'headless-shell' : 'chrome-for-testing';
  const browser = { browserExecutable, chromeMode, logLevel: 'error' };
  const composition = await selectComposition({ serveUrl, id, ...browser });
  const began = performance.now();
  await renderMedia({
    ...{ composition, serveUrl, ...browser, outputLocation: output, concurrency: 2, imageFormat: 'jpeg' },
    ...{ codec: 'h264', crf: 23, x264Preset: 'veryfast', frameRange: [0, Number(frames) - 1] },
  });
  process.stdout.write(`${JSON.stringify({ renderMs: performance.now() - began })}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
