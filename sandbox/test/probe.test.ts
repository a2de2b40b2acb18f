import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../render/probe.ts';
import { aDirectory, ffmpeg, H264, pattern, tone } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

beforeAll(() => {
  ffmpeg(...pattern(), ...tone(), ...H264, '-c:a', 'aac', at('clip.mp4'));
});

describe('what a clip is', () => {
  it('is told from its index', async () => {
    expect(await probe(at('clip.mp4'))).toMatchObject({
      ...{ width: 320, height: 180, fps: { num: 30, den: 1 }, variable: false, frames: 30, duration: 1 },
      ...{ pixelFormat: 'yuv420p', bitDepth: 8, matrix: 'bt601', tagged: false, range: 'limited', transfer: 'sdr' },
      ...{ alpha: false, rotation: 0, audio: [{ codec: 'aac', sampleRate: 44_100, channels: 1 }] },
    });
  });

  it('keeps a rate that is no whole number', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=30000/1001:d=1', ...H264, at('ntsc.mkv'));
    expect(await probe(at('ntsc.mkv'))).toMatchObject({ fps: { num: 30_000, den: 1001 }, variable: false, frames: 30 });
  });

  it('is upright, with square pixels', async () => {
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    expect(await probe(at('turned.mp4'))).toMatchObject({ width: 180, height: 320 });
    ffmpeg(...pattern('160x180'), '-vf', 'setsar=2', ...H264, at('narrow.mp4'));
    expect(await probe(at('narrow.mp4'))).toMatchObject({ width: 320, height: 180, stretched: true });
  });

  it('has a usual rate where its own is not steady', async () => {
    const dropped = ['-vf', "select='not(eq(mod(n,7),3))'", '-vsync', 'vfr'];
    ffmpeg(...pattern('160x90', 30, 2), ...dropped, ...H264, at('vfr.mp4'));
    const { variable, fps, frames } = await probe(at('vfr.mp4'));
    expect({ variable, fps, frames }).toEqual({ variable: true, fps: { num: 30, den: 1 }, frames: 59 });
  });

  it('says what its colours are', async () => {
    const hdr = ['-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', '-color_primaries', 'bt2020'];
    ffmpeg(...pattern('160x90'), '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le', ...hdr, at('hdr.mp4'));
    expect(await probe(at('hdr.mp4'))).toMatchObject({ bitDepth: 10, matrix: 'bt2020', transfer: 'pq', tagged: true });
    ffmpeg(...pattern('160x90'), '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-pix_fmt', 'yuva420p', at('alpha.webm'));
    expect(await probe(at('alpha.webm'))).toMatchObject({ alpha: true, codec: 'vp9' });
  });
});

describe('what is no clip is refused with a sentence', () => {
  const refused = async (name: string) => {
    const error = await probe(at(name)).then(() => undefined, String);
    return error?.replace('Problem: ', '');
  };

  it('a file that is not there, or is none', async () => {
    expect(await refused('nothing.mp4')).toMatch(/^There is no such file/);
    expect(await refused('.')).toMatch(/is not a file/);
  });

  it('an empty file', async () => {
    writeFileSync(at('empty.mp4'), '');
    expect(await refused('empty.mp4')).toBe('That is not a video. The file is empty.');
  });

  it('a text that calls itself a video', async () => {
    writeFileSync(at('text.mp4'), 'Dear diary,\n'.repeat(100));
    expect(await refused('text.mp4')).toBe('That is not a video. It is a text file.');
  });

  it.each([
    ['hls', '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nSECRET\n#EXT-X-ENDLIST\n'],
    ['concat', "ffconcat version 1.0\nfile 'SECRET'\n"],
    ['dash', '<?xml version="1.0"?><MPD><BaseURL>SECRET</BaseURL></MPD>'],
  ])('a playlist (%s), which would have us open what it names', async (name, text) => {
    copyFileSync(at('clip.mp4'), at('secret.mp4'));
    for (const file of [`${name}.mp4`, `${name}.m3u8`]) {
      writeFileSync(at(file), text.replace('SECRET', at('secret.mp4')));
      expect(await refused(file)).toMatch(/^That is not a video. It is a playlist/);
    }
  });

  it('a video that was cut off, with its index at the end or at the beginning', async () => {
    const bytes = readFileSync(at('clip.mp4'));
    writeFileSync(at('cut.mp4'), bytes.subarray(0, bytes.length / 2));
    expect(await refused('cut.mp4')).toMatch(/^The video is damaged, or was cut off. Its end or its index/);
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-movflags', '+faststart', at('start.mp4'));
    const begins = readFileSync(at('start.mp4'));
    writeFileSync(at('cut-start.mp4'), begins.subarray(0, begins.length / 2));
    expect(await refused('cut-start.mp4')).toMatch(/says that it lasts 1.0 s, but ends after 0\.\d s/);
  });

  it('a song with a picture on its cover', async () => {
    ffmpeg(...pattern('64x64', 1, 1), '-frames:v', '1', at('cover.png'));
    const cover = ['-map', '0', '-map', '1', '-c:a', 'aac', '-c:v', 'png', '-disposition:v', 'attached_pic'];
    ffmpeg(...tone(), '-i', at('cover.png'), ...cover, at('song.m4a'));
    expect(await refused('song.m4a')).toMatch(/^There are no pictures in that file/);
  });

  it('a picture that is larger than can be rendered', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'color=s=8192x4096:r=1:d=1', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', at('huge.mkv'));
    expect(await refused('huge.mkv')).toMatch(/^The video is too large. It is 8192x4096/);
  });

  it('when it is called off', async () => {
    const signal = AbortSignal.abort();
    await expect(probe(at('clip.mp4'), { signal })).rejects.toMatchObject({ code: 'render.cancelled' });
  });
});
