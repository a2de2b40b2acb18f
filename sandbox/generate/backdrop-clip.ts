import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { locateFFmpeg } from '../render/ffmpeg.ts';
import { render } from '../render/pipeline.ts';
import { compile } from '../supervisor/compile.ts';

export interface Backdrop {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly seconds: number;
  /** Instead of the view behind whoever speaks. */
  readonly screen?: string;
}

/** Renders `backdrop.ts` as a clip. */
export async function backdropClip(output: string, { width, height, fps, seconds, screen }: Backdrop): Promise<void> {
  const plain = `${output}.plain.mp4`;
  const source = ['-f', 'lavfi', '-i', `color=gray:s=${width}x${height}:r=${fps}:d=${seconds}`];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  execFileSync(locateFFmpeg().ffmpeg, ['-v', 'error', '-y', ...source, ...codec, plain]);
  const code = readFileSync(fileURLToPath(new URL('backdrop.ts', import.meta.url)), 'utf8');
  const compiled = await compile('backdrop.ts', code);
  await render({ input: plain, output, effects: [{ compiled, params: screen ? { screen } : {} }] });
}
