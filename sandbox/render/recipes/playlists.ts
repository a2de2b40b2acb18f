// What FFmpeg wrote of a stream, read back, and the master playlist over all of them. FFmpeg's own master promises the
// rates it was asked for, not those it made, and names only some codecs.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderErrors } from '../errors.ts';
import type { Rung } from './ladder.ts';

interface Part {
  readonly name: string;
  readonly seconds: number;
  readonly bytes: number;
}

interface Read {
  readonly playlist: string;
  readonly init: string;
  readonly segments: readonly Part[];
  /** In the words of RFC 6381. */
  readonly codec: string;
}

export type Stream = Read &
  ({ readonly kind: 'pictures'; readonly rung: Rung } | { readonly kind: 'sound'; readonly sound: Rung['sound'] });

export async function readStream(directory: string, stream: string): Promise<Read> {
  const playlist = `${stream}.m3u8`;
  const lines = (await readFile(join(directory, playlist), 'utf8')).split('\n');
  const init = `${stream}-init.mp4`;
  const segments = lines.flatMap((line, at) => {
    const seconds = Number(/^#EXTINF:([\d.]+)/.exec(line)?.[1]);
    const name = lines[at + 1];
    return seconds > 0 && name !== undefined ? [{ name, seconds }] : [];
  });
  const weighed = segments.map(async (part) => ({ ...part, bytes: (await stat(join(directory, part.name))).size }));
  const codec = codecOf(await readFile(join(directory, init)));
  return { playlist, init, segments: await Promise.all(weighed), codec };
}

/** Profile, constraints and level are in the box with the decoder's configuration. */
function codecOf(init: Buffer): string {
  const at = init.indexOf('avcC');
  if (at >= 0) return `avc1.${init.subarray(at + 5, at + 8).toString('hex')}`;
  if (init.includes('mp4a')) return 'mp4a.40.2';
  throw renderErrors.failed({ detail: 'A stream has a codec that was not asked for.' });
}

/** Answers all codecs of the best rung. */
export async function writeMaster(directory: string, streams: readonly Stream[], fps: number): Promise<string> {
  const sounds = streams.filter((stream) => stream.kind === 'sound');
  const pictures = streams.filter((stream) => stream.kind === 'pictures');
  const rungs = pictures.map((stream) => {
    const sound = sounds.find((each) => each.sound === stream.rung.sound) ?? sounds[0];
    return { stream, sound, codecs: [stream.codec, ...(sound ? [sound.codec] : [])].join(',') };
  });
  const lines = [
    ...['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'],
    ...sounds.map(({ sound, playlist }) => mediaLine(sound, playlist)),
    ...rungs.flatMap(({ stream, sound, codecs }) => [
      `#EXT-X-STREAM-INF:${attributes({
        BANDWIDTH: peakRate(stream) + (sound ? peakRate(sound) : 0),
        'AVERAGE-BANDWIDTH': meanRate(stream) + (sound ? meanRate(sound) : 0),
        RESOLUTION: `${stream.rung.width}x${stream.rung.height}`,
        'FRAME-RATE': fps.toFixed(3),
        CODECS: `"${codecs}"`,
        ...(sound ? { AUDIO: `"${sound.sound}"` } : {}),
      })}`,
      stream.playlist,
    ]),
  ];
  await writeFile(join(directory, 'master.m3u8'), `${lines.join('\n')}\n`);
  return rungs.at(-1)?.codecs ?? '';
}

const mediaLine = (sound: string, playlist: string) =>
  `#EXT-X-MEDIA:${attributes({
    ...{ TYPE: 'AUDIO', 'GROUP-ID': `"${sound}"`, NAME: '"Sound"', DEFAULT: 'YES', AUTOSELECT: 'YES' },
    URI: `"${playlist}"`,
  })}`;

const attributes = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

const rateOf = ({ bytes, seconds }: Pick<Part, 'bytes' | 'seconds'>) => Math.ceil((8 * bytes) / seconds);
const peakRate = ({ segments }: Read) => Math.max(...segments.map(rateOf));
const meanRate = ({ segments }: Read) =>
  rateOf({
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: segments.reduce((sum, { seconds }) => sum + seconds, 0),
  });
