// The same drawing over the same clip, by us and by Remotion: whole commands, in turns, each in a process of its own.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from '../scripts/setup/install.mjs';
import { EFFECTS } from './render-effects.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const FRAMES = 300;
const peers = fileURLToPath(new URL('peers/', import.meta.url));
const ours = fileURLToPath(new URL('render-once.ts', import.meta.url));
const HEADLESS = '/usr/lib/chromium/chromium-headless-shell';
const FULL = '/usr/bin/chromium';
/** By how it decodes the clip and by which browser draws. */
const REMOTION = {
  'media, headless-shell': ['media', HEADLESS],
  'OffthreadVideo, headless-shell': ['offthread', HEADLESS],
  'OffthreadVideo, chromium': ['offthread', FULL],
} as const;

export default async function renderPeers(): Promise<BenchResult> {
  ensureInstalled({ tools: true, directory: peers });
  const directory = mkdtempSync(join(tmpdir(), 'plinth-peers-'));
  try {
    const clip = join(directory, 'clip.mp4');
    const picture = `testsrc2=size=1280x720:rate=30:duration=${FRAMES / 30},lutyuv=y='clip(val,32,210)'`;
    const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p'];
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', picture, ...x264, clip]);
    const output = join(directory, 'out.mp4');
    const works: Record<string, () => void> = {
      plinth: () => run(ours, [clip, output, EFFECTS.drawing.file]),
    };
    for (const [name, [composition, browser]] of Object.entries(REMOTION)) {
      if (!existsSync(browser)) continue;
      works[name] = () => run(join(peers, 'render.mjs'), [clip, output, composition, browser, String(FRAMES)]);
    }
    return figuresOf(timed(works));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(file: string, args: readonly string[]): void {
  const flags = ['--no-node-snapshot', '--disable-warning=ExperimentalWarning'];
  execFileSync(process.execPath, [...flags, file, ...args], { stdio: 'ignore' });
}

function timed(works: Record<string, () => void>): Record<string, number[]> {
  const taken: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, work] of Object.entries(works)) {
      const began = performance.now();
      work();
      // The first round warms caches.
      if (round > 0) taken[name] = [...(taken[name] ?? []), (performance.now() - began) / 1000];
    }
  }
  return taken;
}

function figuresOf({ plinth = [], ...others }: Record<string, number[]>): BenchResult {
  const mine = median(plinth);
  const round = (value: number) => Number(value.toPrecision(3));
  const each = (of: (seconds: number) => number) =>
    Object.fromEntries(Object.entries(others).map(([name, all]) => [name, round(of(median(all)))]));
  return {
    ratio: each((seconds) => seconds / mine),
    medians: { seconds: { plinth: round(mine), ...each((seconds) => seconds) }, frames: FRAMES },
  };
}
