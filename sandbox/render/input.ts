// How FFmpeg is told to read what strangers uploaded: these containers and no other, from this file and nowhere else.

/** Containers of videos. Playlists, which name other files and addresses, are not among them. */
const CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif';

/** Before `-i`: what holds for an uploaded file. */
export const GUARDED: readonly string[] = [
  ...['-protocol_whitelist', 'file,pipe,fd'],
  ...['-format_whitelist', CONTAINERS],
  ...['-max_pixels', '35651584'],
];

/** First of all: nothing is asked, nothing printed but errors. */
export const QUIET: readonly string[] = ['-nostdin', '-hide_banner', '-loglevel', 'error'];
