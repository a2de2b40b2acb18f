// Pictures for tests of pixels, and effects played over them in an isolate.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Run } from '../pixels/loop.ts';
import { openPixels } from '../pixels/picture.ts';
import { snapshotDirectory } from '../python/directory.ts';
import { sourceOf } from '../render/source.ts';
import { compile } from '../supervisor/compile.ts';
import type { Played, Playing } from './play-pixels.ts';

export const [WIDTH, HEIGHT] = [20, 12];

/** Colours all over, from the darkest to the brightest, opaque. */
export function colourful(width = WIDTH, height = HEIGHT): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < data.length; at++) data[at] = at % 4 === 3 ? 255 : ((at * 7919) >> 3) % 256;
  return data;
}

export function flat([r = 0, g = 0, b = 0, a = 255]: readonly number[], width = WIDTH, height = HEIGHT) {
  return new Uint8ClampedArray(width * height * 4).map((_, at) => [r, g, b, a][at % 4] ?? 0);
}

export const pixelsOf = (data: Uint8ClampedArray, width = WIDTH, height = HEIGHT, run?: Run) =>
  openPixels(width, height, data, run).pixels;

/** Plays an effect, `frames` times over the same picture. */
export async function play(file: string, text: string, frames = 1, picture = colourful()): Promise<Played> {
  const compiled = await compile(file, text);
  const facts = { width: WIDTH, height: HEIGHT, fps: 30, duration: 1, frames, params: {}, data: {}, seed: 7 };
  const playing: Playing = {
    source: await sourceOf(compiled),
    facts,
    picture: Buffer.from(picture).toString('base64'),
  };
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-node-snapshot', '--no-warnings', join(import.meta.dirname, 'play-pixels.ts'), snapshotDirectory()],
    { input: JSON.stringify(playing), encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Played;
}
