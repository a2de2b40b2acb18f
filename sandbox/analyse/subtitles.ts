import { text } from 'node:stream/consumers';
import type { Caption } from '@plinth/sdk/effect.ts';
import { captionsIn } from '../effect/captions.ts';
import { SUBTITLE_BOUNDS } from '../limits.ts';
import { renderErrors } from '../render/errors.ts';
import type { FFmpeg } from '../render/ffmpeg.ts';
import { GUARDED, QUIET } from '../render/input.ts';
import { startJailed } from '../render/jail.ts';

/** What a clip's own subtitles say; nothing where it has none, or only pictures of them. */
export async function subtitlesOf(
  input: string,
  { ffmpeg, signal }: { readonly ffmpeg: FFmpeg; readonly signal: AbortSignal },
): Promise<readonly Caption[]> {
  const { stdout, progress, ended } = startJailed({
    program: ffmpeg.ffmpeg,
    reads: [input],
    args: (place) => [...QUIET, ...GUARDED, '-i', place.input(0), '-map', '0:s:0?', '-f', 'webvtt', 'pipe:1'],
    stdout: 'pipe',
    bounds: SUBTITLE_BOUNDS,
    signal,
  });
  progress.resume();
  const [said, { code }] = await Promise.all([stdout ? text(stdout) : '', ended]);
  if (signal.aborted) throw renderErrors.cancelled();
  // It fails where there is nothing that could be text.
  return code === 0 ? (captionsIn(said) ?? []) : [];
}
