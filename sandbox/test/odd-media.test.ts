import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { colorAt, ffmpeg, H264, pattern, soundOf, streamsOf, tone, videoOf } from './clips.ts';
import { aStudio, VIDEO } from './odd-media.ts';

const { at, rendered, refused } = await aStudio();
const SMALL = pattern('64x48', 30, 0.5);
const AAC = ['-c:a', 'aac'];

beforeAll(() => {
  ffmpeg(...SMALL, ...tone(0.5), ...H264, ...AAC, at('clip.mp4'));
});

/** What each becomes: how many pictures, and how large. */
const KINDS: Readonly<Record<string, readonly [args: readonly string[], frames: number, size?: string]>> = {
  '10-bit.mp4': [[...SMALL, ...VIDEO, '-pix_fmt', 'yuv420p10le'], 15],
  'hevc.mp4': [[...SMALL, '-c:v', 'libx265', '-x265-params', 'log-level=none', '-pix_fmt', 'yuv420p10le'], 15],
  '422.mp4': [[...SMALL, ...VIDEO, '-pix_fmt', 'yuv422p'], 15],
  '444.mp4': [[...SMALL, ...VIDEO, '-pix_fmt', 'yuv444p'], 15],
  'rgb.mkv': [[...SMALL, '-c:v', 'libx264rgb', '-preset', 'ultrafast'], 15],
  'prores.mov': [[...SMALL, '-c:v', 'prores_ks', '-profile:v', '4444', '-pix_fmt', 'yuva444p10le'], 15],
  'png.mov': [[...SMALL, '-c:v', 'png', '-pix_fmt', 'rgba'], 15],
  'vp9.webm': [[...SMALL, '-c:v', 'libvpx-vp9', '-cpu-used', '8'], 15],
  'mpeg4.avi': [[...SMALL, '-c:v', 'mpeg4'], 15],
  'mpeg2.mpg': [[...SMALL, '-c:v', 'mpeg2video', '-bf', '0'], 15],
  'theora.ogv': [[...SMALL, '-c:v', 'libtheora'], 15],
  'wmv2.wmv': [[...SMALL, '-c:v', 'wmv2'], 15],
  'h264.flv': [[...SMALL, ...H264], 15],
  'h264.ts': [[...SMALL, ...H264], 15],
  'fragments.mp4': [[...SMALL, ...H264, '-movflags', 'frag_every_frame+empty_moov+default_base_moof'], 15],
  'anim.gif': [pattern('64x48', 10, 0.5), 5],
  'field.mp4': [[...pattern('64x48', 60, 0.5), '-vf', 'interlace', ...H264, '-flags', '+ilme+ildct'], 15],
  'wide.mp4': [[...SMALL, '-vf', 'setsar=2', ...H264], 15, '128x48'],
  'narrow.mp4': [[...SMALL, '-vf', 'setsar=1/3', ...H264], 15, '20x48'],
  'odd.mp4': [[...pattern('65x49', 30, 0.5), ...VIDEO, '-pix_fmt', 'yuv444p'], 15, '64x48'],
  'smallest.mp4': [[...pattern('16x16', 30, 0.5), ...H264], 15, '16x16'],
  'widest.mp4': [[...pattern('8192x16', 10, 0.3), ...H264], 3, '8192x16'],
  'one.mp4': [[...SMALL, '-frames:v', '1', ...H264], 1],
  'fast.mp4': [[...pattern('64x48', 240, 0.5), ...H264], 30],
  'slow.mp4': [[...pattern('64x48', 0.5, 4), ...H264], 96],
};

describe('every picture of a clip is rendered, in its size', () => {
  it.each(Object.entries(KINDS))('%s', async (name, [args, frames, size = '64x48']) => {
    ffmpeg(...args, at(name));
    const { output } = await rendered(name);
    const { frames: made, width, height, pix_fmt, color_space } = videoOf(output);
    expect([made, `${width}x${height}`]).toEqual([frames, size]);
    expect([pix_fmt, color_space]).toEqual(['yuv420p', 'bt709']);
  });
});

describe('a clip that lies on its side is turned', () => {
  // White above, black below.
  const halves = ['-f', 'lavfi', '-i', 'color=black:s=64x32:r=30:d=0.2,drawbox=h=16:t=fill:c=white,format=yuv420p'];
  beforeAll(() => ffmpeg(...halves, ...VIDEO, at('upright.mp4')));

  it.each([90, 180, 270])('by %i degrees, as FFmpeg itself would show it', async (degrees) => {
    const name = `turned-${degrees}.mp4`;
    ffmpeg('-i', at('upright.mp4'), '-c', 'copy', '-metadata:s:v', `rotate=${degrees}`, at(name));
    ffmpeg('-i', at(name), ...VIDEO, at(`shown-${degrees}.mp4`));
    const { output, width, height } = await rendered(name);
    expect([width, height]).toEqual(degrees === 180 ? [64, 32] : [32, 64]);
    for (const [x, y] of [
      [4, 4],
      [width - 4, 4],
      [4, height - 4],
    ] as const) {
      const [made, shown] = [colorAt(output, 1, x, y)[0], colorAt(at(`shown-${degrees}.mp4`), 1, x, y)[0]];
      expect(Math.abs(made - shown), `${x},${y}`).toBeLessThan(4);
    }
    expect(colorAt(output, 1, 4, 4)[0] > 128).not.toBe(colorAt(output, 1, width - 4, height - 4)[0] > 128);
  });
});

describe('a clip without a steady rate', () => {
  /** Each picture is lighter than the one before: which one is shown when can be seen. */
  const lighter = ['-f', 'lavfi', '-i', 'color=black:s=64x48:r=30:d=2,geq=lum=16+3*N:cb=128:cr=128'];
  const shownAt = (file: string, frame: number) => Math.round((colorAt(file, frame, 20, 20)[0] * 219) / 255 / 3);

  it('shows each picture at its time, and as long as it stays', async () => {
    // Every third picture for a second, all of them for another.
    const thinned = ['-vf', "select='gte(n,30)+not(mod(n,3))'", '-vsync', 'vfr'];
    ffmpeg(...lighter, ...thinned, ...VIDEO, '-crf', '4', '-bf', '0', '-pix_fmt', 'yuv420p', at('thinned.mp4'));
    const { output, clip, frames } = await rendered('thinned.mp4');
    expect([clip.variable, frames, videoOf(output).frames]).toEqual([true, 60, 60]);
    const times = [0, 2, 3, 17, 29, 30, 31, 59];
    expect(times.map((frame) => shownAt(output, frame))).toEqual([0, 0, 3, 15, 27, 30, 31, 59]);
  });

  it('or that changes its size on the way, as recordings of calls do, keeps all pictures in its first size', async () => {
    for (const [name, size] of [
      ['a', '64x48'],
      ['b', '128x96'],
    ] as const)
      ffmpeg(...pattern(size, 30, 0.3), '-c:v', 'libvpx', '-cpu-used', '8', at(`${name}.webm`));
    writeFileSync(at('list.txt'), 'file a.webm\nfile b.webm\nfile a.webm\n');
    ffmpeg('-f', 'concat', '-i', at('list.txt'), '-c', 'copy', at('call.webm'));
    const { output, width, height } = await rendered('call.webm');
    expect([width, height, videoOf(output).frames]).toEqual([64, 48, 27]);
  });

  it('or whose times jump, as in recordings of broadcasts, goes on without a gap', async () => {
    const part = (name: string, offset: number) =>
      ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-output_ts_offset', `${offset}`, at(name));
    for (const [name, offset] of [
      ['early.ts', 0],
      ['late.ts', 50],
      ['wraps.ts', 95_442],
    ] as const)
      part(name, offset);
    writeFileSync(at('forth.ts'), Buffer.concat(['early.ts', 'late.ts'].map((name) => readFileSync(at(name)))));
    writeFileSync(at('back.ts'), Buffer.concat(['late.ts', 'early.ts'].map((name) => readFileSync(at(name)))));
    // Between sound and picture lies less than a frame, which is rounded.
    expect((await rendered('forth.ts')).frames).toBe(31);
    expect((await rendered('back.ts')).frames).toBe(31);
    expect((await rendered('wraps.ts')).frames).toBe(16);
  });
});

describe('sound', () => {
  const audioOf = (file: string) => streamsOf(file).filter(({ codec_type }) => codec_type === 'audio');

  it('of several streams is kept, each as it was', async () => {
    const other = ['-f', 'lavfi', '-i', 'sine=f=880:r=44100:d=0.5'];
    ffmpeg(...SMALL, ...tone(0.5), ...other, '-map', '0', '-map', '1', '-map', '2', ...H264, ...AAC, at('two.mp4'));
    const { output } = await rendered('two.mp4');
    expect(audioOf(output)).toHaveLength(2);
    expect(soundOf(output)).toEqual(soundOf(at('two.mp4')));
  });

  it.each(['aac', 'pcm_s16le'])('of six channels keeps all six (%s)', async (codec) => {
    const six = ['-f', 'lavfi', '-i', 'sine=d=0.5:r=48000,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0'];
    ffmpeg(...SMALL, ...six, ...H264, '-c:a', codec, at(`${codec}.mkv`));
    expect(audioOf((await rendered(`${codec}.mkv`)).output)).toMatchObject([{ channels: 6 }]);
  });

  it('that is longer or shorter than the pictures stays so', async () => {
    for (const [name, seconds] of [
      ['longer.mp4', 1],
      ['shorter.mp4', 0.2],
    ] as const) {
      ffmpeg(...SMALL, ...tone(seconds), ...H264, ...AAC, at(name));
      const { output } = await rendered(name);
      expect([videoOf(output).frames, audioOf(output)[0]?.duration_ts]).toEqual([15, seconds * 44_100]);
    }
  });

  it('is all that is taken besides the pictures: no subtitles, no data, no attachments', async () => {
    writeFileSync(at('words.srt'), '1\n00:00:00,000 --> 00:00:00,400\nHello\n');
    const attached = ['-attach', at('words.srt'), '-metadata:s:t', 'mimetype=text/plain'];
    ffmpeg(
      '-i',
      at('clip.mp4'),
      '-i',
      at('words.srt'),
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      ...attached,
      at('all.mkv'),
    );
    const kinds = streamsOf((await rendered('all.mkv')).output).map(({ codec_type }) => codec_type);
    expect(kinds).toEqual(['video', 'audio']);
  });
});

describe('what is no clip is refused with a sentence', () => {
  it.each([
    ['song.m4a', [...tone(), ...AAC], /^There are no pictures in that file/],
    ['song.mp3', tone(), /^That is not a video\. It is a sound without pictures/],
    ['song.wav', tone(), /^That is not a video\. It is a sound without pictures/],
    ['one.png', [...SMALL, '-frames:v', '1'], /^That is not a video\. It is a picture/],
    ['one.jpg', [...SMALL, '-frames:v', '1'], /^That is not a video\. It is a picture/],
    ['moves.webp', [...SMALL, '-c:v', 'libwebp', '-loop', '0'], /^That is not a video\. It is a picture/],
    [
      'dot.mp4',
      [...pattern('2x2', 30, 0.2), ...VIDEO, '-pix_fmt', 'yuv444p'],
      /^A picture cannot have that size\. 2x2/,
    ],
    ['long.mov', [...pattern('9000x64', 1, 1), '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'], /9000x64 was found/],
  ] as const)('%s', async (name, args, sentence) => {
    ffmpeg(...args, at(name));
    expect(await refused(name)).toMatch(sentence);
  });
});

it.each(['-clip.mp4', `a'b"c.mp4`, 'a:b.mp4', 'two\nlines.mp4', '%03d.mp4', 'http:x', 'concat:a|b', '[v];x', '🙂.mp4'])(
  'a file may be called %j',
  async (name) => {
    copyFileSync(at('clip.mp4'), at(name));
    expect((await rendered(name)).frames).toBe(15);
  },
);
