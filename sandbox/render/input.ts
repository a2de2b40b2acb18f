// How FFmpeg is told to read what strangers uploaded: these containers and no other, from this file and nowhere else.

/** Containers of videos. Playlists, which name other files and addresses, are not among them. */
const CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif';

const SOUNDS = 'mp3,wav,w64,aiff,flac,aac';
const PICTURES = 'png_pipe,jpeg_pipe,webp_pipe';

const guard = (formats: string): readonly string[] => [
  ...['-protocol_whitelist', 'file,pipe,fd'],
  ...['-format_whitelist', formats],
  ...['-max_pixels', '35651584'],
];

/** Before `-i`: what holds for an uploaded video. */
export const GUARDED = guard(CONTAINERS);
/** The same, for what may be a sound alone, and for a picture. */
export const GUARDED_MEDIA = guard(`${CONTAINERS},${SOUNDS}`);
export const GUARDED_PICTURE = guard(PICTURES);

/** Whatever was found to be in it. */
export const guardFor = ({ container }: { readonly container: string }): readonly string[] =>
  container.endsWith('_pipe') ? GUARDED_PICTURE : GUARDED;

/** Made to be broadcast: without an index, from any moment on, perhaps with jumps in their times. */
export const isStreamed = ({ container }: { readonly container: string }): boolean =>
  /\b(mpegts|mpeg|ogg)\b/.test(container);

/**
 * FFmpeg lets what is streamed begin with the first stream that it uses, not with the file, so that pictures and sound that
 * are read apart would not fit together. Behind everything else: a second result, of all streams and for nobody.
 */
export function inStep(clip: { readonly container: string }, input: number, seconds: number): readonly string[] {
  if (!isStreamed(clip)) return [];
  const all = ['-map', `${input}:v?`, '-map', `${input}:a?`];
  return [...all, '-c', 'copy', '-t', seconds.toFixed(3), '-f', 'null', '-'];
}

/** First of all: nothing is asked, nothing printed but errors. */
export const QUIET: readonly string[] = ['-nostdin', '-hide_banner', '-loglevel', 'error'];
