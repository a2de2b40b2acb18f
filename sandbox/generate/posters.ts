// Makes the posters of the library: each effect over the same backdrop, at the moment that shows it best.
// node sandbox/generate/posters.ts [EFFECT…]
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { renderFrame } from '../render/render-frame.ts';
import { compile } from '../supervisor/compile.ts';
import { backdropClip } from './backdrop-clip.ts';
import { sceneData } from './scene.ts';

const LIBRARY = join(import.meta.dirname, '../library');
const POSTERS = join(LIBRARY, 'posters');
const [WIDTH, HEIGHT, FPS, SECONDS] = [480, 270, 12, 8];
/** A gallery shows all of them at once. Noise is dear: such a poster is coarser. */
const MOST_BYTES = 20 * 1024;
const QUALITIES = [72, 55, 40, 25, 10];
const SCREEN = '#19c24b';

interface Shot {
  /** Seconds; 2.25 if absent. */
  readonly at?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly screen?: string;
}

const SHOTS: Readonly<Record<string, Shot>> = {
  'beat-bars.ts': { at: 2.02 },
  'chroma-key.ts': { screen: SCREEN },
  'countdown.ts': { at: 2.4 },
  'data-race.py': { at: 4 },
  'film-grain.ts': { params: { amount: 0.5 } },
  'gift-leaderboard.py': { at: 3.3 },
  'glitch.py': { at: 1.3, params: { often: 1, far: 0.12 } },
  'live-line.py': { at: 7 },
  'map-route.py': { at: 4.2 },
  'milestone.py': { at: 3 },
  'progress-ring.ts': { at: 5.2, params: { size: 110, thick: 18, place: { x: 0.8, y: 0.3 } } },
  'split-screen.ts': { params: { middle: { x: 0.42, y: 0.5 } } },
  'typewriter.py': { at: 2.6 },
  'vhs.ts': { params: { wear: 0.25 } },
  'vignette.ts': { params: { strength: 0.7 } },
  'watermark.py': { params: { place: 'everywhere' } },
  'waveform.ts': { at: 3.3 },
  'zoom-punch.ts': { at: 2.02, params: { amount: 0.3, flash: 0.05 } },
};

async function poster(file: string, directory: string): Promise<void> {
  const { at = 2.25, params = {}, screen } = SHOTS[file] ?? {};
  const input = join(directory, screen ? 'screen.mp4' : 'view.mp4');
  const output = join(directory, `${file}.png`);
  const compiled = await compile(file, readFileSync(join(LIBRARY, file), 'utf8'));
  const data = sceneData(FPS * SECONDS, FPS);
  await renderFrame({ input, output, effects: [{ compiled, params }], data, at });
  const canvas = createCanvas(WIDTH, HEIGHT);
  canvas.getContext('2d').drawImage(await loadImage(output), 0, 0);
  const path = join(POSTERS, `${file.replace(/\..*$/, '')}.webp`);
  writeFileSync(
    path,
    smallEnough((quality) => canvas.toBuffer('image/webp', quality)),
  );
  process.stdout.write(`${path}\n`);
}

function smallEnough(encode: (quality: number) => Buffer): Buffer {
  const tries = QUALITIES.map((quality) => encode(quality));
  return tries.find((bytes) => bytes.length <= MOST_BYTES) ?? tries.at(-1) ?? encode(0);
}

const [, , ...named] = process.argv;
const directory = mkdtempSync(join(tmpdir(), 'plinth-posters-'));
try {
  const clip = { width: WIDTH, height: HEIGHT, fps: FPS, seconds: SECONDS };
  await backdropClip(join(directory, 'view.mp4'), clip);
  await backdropClip(join(directory, 'screen.mp4'), { ...clip, screen: SCREEN });
  const effects = readdirSync(LIBRARY).filter((file) => /\.(ts|py)$/.test(file));
  for (const file of effects) if (named.length === 0 || named.includes(file)) await poster(file, directory);
} finally {
  rmSync(directory, { recursive: true });
}
