import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg } from './clips.ts';
import { aStudio, VIDEO } from './odd-media.ts';

const { at, rendered } = await aStudio();
const HALF_A_FRAME = 0.5 / 30;
/** What encoders of sound smear. */
const SMEAR = 0.006;

beforeAll(() => {
  // A second after the beginning, one white frame and a click.
  const flash = ['-f', 'lavfi', '-i', `color=black:s=64x48:r=30:d=2,drawbox=c=white:t=fill:enable='eq(n,30)'`];
  const click = 'if(between(t,1,1.004),0.9*sin(6283*t),0)';
  const sound = ['-f', 'lavfi', '-i', `aevalsrc='${click}':s=48000:d=2`];
  ffmpeg(
    ...flash,
    ...sound,
    ...VIDEO,
    '-g',
    '15',
    '-bf',
    '0',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'pcm_s16le',
    at('base.mkv'),
  );
  ffmpeg('-i', at('base.mkv'), '-c:v', 'copy', '-c:a', 'aac', at('base.mp4'));
});

/** Seconds from the file's beginning. */
function flashIn(file: string): number {
  const told = 'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-';
  const args = ['-v', 'error', '-i', file, '-map', '0:v:0', '-vsync', 'passthrough', '-vf', told, '-f', 'null', '-'];
  const frames = execFileSync('ffmpeg', args, { encoding: 'utf8' }).matchAll(/pts_time:(\S+)\s+\S+YAVG=(\S+)/g);
  return Number([...frames].find(([, , light]) => Number(light) > 120)?.[1]);
}

function clickIn(file: string): number {
  const samples = ['-af', 'aresample=48000:async=1:first_pts=0', '-ac', '1', '-f', 'f32le', '-'];
  const { buffer, byteOffset, length } = execFileSync('ffmpeg', [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:a:0',
    ...samples,
  ]);
  return (
    new Float32Array(buffer.slice(byteOffset, byteOffset + length)).findIndex((value) => Math.abs(value) > 0.15) /
    48_000
  );
}

const later = (seconds: number, which: 'video' | 'audio') => [
  ...['-itsoffset', `${seconds}`, '-i', 'base.mp4', '-i', 'base.mp4', '-c', 'copy'],
  ...(which === 'video' ? ['-map', '0:v', '-map', '1:a'] : ['-map', '1:v', '-map', '0:a']),
];

/** How it is made, and by how much the click comes after the flash. */
const KINDS: Readonly<Record<string, readonly [args: readonly string[], apart: number]>> = {
  'plain.mp4': [['-i', 'base.mp4', '-c', 'copy'], 0],
  'pcm.mkv': [['-i', 'base.mkv', '-c', 'copy'], 0],
  'plain.ts': [['-i', 'base.mp4', '-c', 'copy'], 0],
  'opus.webm': [['-i', 'base.mkv', '-c:v', 'libvpx', '-c:a', 'libopus'], 0],
  'fragments.mp4': [['-i', 'base.mkv', '-c:v', 'copy', '-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov'], 0],
  'flash.flv': [['-i', 'base.mkv', '-c:v', 'copy', '-c:a', 'aac'], 0],
  'vorbis.ogv': [['-i', 'base.mkv', '-c:v', 'libtheora', '-c:a', 'libvorbis'], 0],
  'video-later.mp4': [later(0.5, 'video'), -0.5],
  'audio-later.mp4': [later(0.5, 'audio'), 0.5],
  'video-later.mkv': [later(0.5, 'video'), -0.5],
  'audio-later.mkv': [later(0.5, 'audio'), 0.5],
  'video-later.ts': [later(0.5, 'video'), -0.5],
  'audio-later.ts': [later(0.5, 'audio'), 0.5],
  // Begun within a group of pictures, by an edit list.
  'edited.mp4': [['-ss', '0.61', '-i', 'base.mp4', '-c', 'copy'], 0],
};

describe('sound and picture stay together', () => {
  it.each(Object.entries(KINDS))('%s', async (name, [args, apart]) => {
    ffmpeg(...args.map((arg) => (arg.startsWith('base.') ? at(arg) : arg)), at(name));
    const whole = (await rendered(name)).output;
    const wholeApart = clickIn(whole) - flashIn(whole);
    expect(Math.abs(wholeApart - apart), `whole: ${wholeApart}`).toBeLessThan(HALF_A_FRAME + SMEAR + known(name));
    // Of a part, the sound is cut and encoded anew.
    const part = (await rendered(name, { from: 0.3, output: at(`${name}.part.mp4`) })).output;
    const partApart = clickIn(part) - flashIn(part);
    expect(Math.abs(partApart - wholeApart), `part: ${partApart}`).toBeLessThan(HALF_A_FRAME);
  });
});

/** What the copy already put apart, as FFmpeg's own player would show it: half of a group of sound. */
const known = (name: string): number => (name === 'edited.mp4' ? 0.012 : 0);
