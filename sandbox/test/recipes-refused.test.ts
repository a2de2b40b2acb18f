// What cannot be transcoded, or is not wanted any more: a sentence, and nothing left, neither file nor process.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import type { Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { findFFmpeg } from '../render/ffmpeg.ts';
import { probeMedia } from '../render/probe-media.ts';
import { transcode } from '../render/recipes/transcode.ts';
import { aDirectory, descendants, ffmpeg, H264, isAlive, pattern, TAGGED, tone } from './clips.ts';
import { aPlace, leftIn } from './recipes-site.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

const EACH: readonly Recipe[] = [
  { kind: 'mp4', height: 96 },
  { kind: 'mp4' },
  { kind: 'hls', heights: [96, 120] },
  { kind: 'image' },
  { kind: 'preview' },
  { kind: 'sprites' },
  { kind: 'audio' },
  { kind: 'waveform' },
];
const each = EACH.map((recipe) => [JSON.stringify(recipe), recipe] as const);

beforeAll(() => {
  ffmpeg(...pattern('320x180', 30, 2), ...tone(2), ...H264, '-c:a', 'aac', ...TAGGED, at('clip.mp4'));
  ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-movflags', '+faststart', at('start.mp4'));
  const whole = readFileSync(at('start.mp4'));
  writeFileSync(at('cut.mp4'), whole.subarray(0, whole.length / 2));
  writeFileSync(at('text.mp4'), 'Dear diary,\n'.repeat(100));
  copyFileSync(at('clip.mp4'), at('secret.mp4'));
  writeFileSync(at('list.mp4'), `#EXTM3U\n#EXTINF:2,\n${at('secret.mp4')}\n#EXT-X-ENDLIST\n`);
  writeFileSync(at('noise.mp4'), Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 251)));
});

describe.each(each)('by %s', (_, recipe) => {
  it.each([
    ['cut.mp4', /^The video is damaged, or was cut off/],
    ['text.mp4', /^That is neither a video nor a sound nor a picture. It is a text file/],
    ['list.mp4', /^That is neither .* It is a playlist/],
    ['noise.mp4', /^That is neither a video/],
  ])('%s is refused with a sentence, and nothing is left', async (input, sentence) => {
    const place = aPlace(directory);
    const error = await transcode({ input: at(input), recipe, directory: place }).catch((thrown: Error) => thrown);
    expect(String(error).replace('Problem: ', '')).toMatch(sentence);
    expect(leftIn(place)).toEqual([]);
  });
});

describe('a clip whose inside is broken', () => {
  it('is made as far as it can be seen, or refused: never hung, never half', async () => {
    const bytes = readFileSync(at('start.mp4'));
    const from = bytes.indexOf('mdat') + 2_000;
    for (let index = from; index < bytes.length; index += 37) bytes[index] = (index * 31) & 255;
    writeFileSync(at('broken.mp4'), bytes);
    for (const recipe of EACH) {
      const place = aPlace(directory);
      const made = await transcode({ input: at('broken.mp4'), recipe, directory: place }).catch(
        (error: Error) => error,
      );
      if (made instanceof Error) {
        expect(made).toMatchObject({ code: expect.stringMatching(/^render\.(damaged|failed)$/) });
        expect(leftIn(place)).toEqual([]);
      } else expect(leftIn(place).toSorted()).toEqual(made.map(({ name }) => name).toSorted());
    }
  });
});

describe('when it is called off', () => {
  it.each([
    ['a ladder', { kind: 'hls', heights: [240, 480, 720] }],
    ['a ladder from its lowest rung on', { kind: 'hls', heights: [96, 720], lowestFirst: true }],
    ['an MP4', { kind: 'mp4', height: 700 }],
  ] as const)('%s stops within a second, and leaves neither file nor process', async (_, recipe) => {
    ffmpeg(...pattern('1280x720', 30, 5), ...tone(5), ...H264, '-c:a', 'aac', at('long.mp4'));
    const call = new AbortController();
    const place = aPlace(directory);
    const before = descendants();
    let [stoppedAt, running] = [0, [] as number[]];
    const stop = () => {
      if (stoppedAt > 0) return;
      running = descendants().filter((pid) => !before.includes(pid));
      stoppedAt = performance.now();
      call.abort();
    };
    const early = 'lowestFirst' in recipe;
    const work = transcode({
      ...{ input: at('long.mp4'), recipe: recipe as unknown as Recipe, directory: place, signal: call.signal },
      ...{ onProgress: (part: number) => (early ? part > 0.35 && stop() : stop()) },
    });
    await expect(work).rejects.toMatchObject({ code: 'render.cancelled' });
    expect(performance.now() - stoppedAt).toBeLessThan(1_000);
    expect(running.length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(running.filter(isAlive)).toEqual([]));
    expect(leftIn(place)).toEqual([]);
  });

  it('before it begins, nothing is begun', async () => {
    const place = aPlace(directory);
    const signal = AbortSignal.abort();
    await expect(
      transcode({ input: at('clip.mp4'), recipe: { kind: 'mp4' }, directory: place, signal }),
    ).rejects.toMatchObject({
      code: 'render.cancelled',
    });
    expect(leftIn(place)).toEqual([]);
  });
});

describe('what does not fit together', () => {
  const refused = (input: string, recipe: Recipe, options: object = {}) =>
    expect(transcode({ input: at(input), recipe, directory: aPlace(directory), ...options })).rejects;

  it('a song has no pictures, a picture does not move', async () => {
    ffmpeg(...tone(1), at('song.wav'));
    ffmpeg(...pattern('64x48', 1, 1), '-frames:v', '1', at('photo.png'));
    for (const kind of ['mp4', 'hls', 'image', 'preview', 'sprites'] as const)
      await refused('song.wav', { kind }).toMatchObject({ code: 'render.no_pictures' });
    for (const kind of ['mp4', 'hls', 'preview', 'sprites'] as const)
      await refused('photo.png', { kind }).toMatchObject({ code: 'render.not_a_video' });
  });

  it('an FFmpeg without an encoder says which', async () => {
    const found = await findFFmpeg();
    const without = { ...found, encoders: new Set([...found.encoders].filter((name) => !/webp|opus/.test(name))) };
    await refused('clip.mp4', { kind: 'preview' }, { ffmpeg: without }).toThrow(/has no encoder libwebp_anim/);
    await refused('clip.mp4', { kind: 'audio', format: 'opus' }, { ffmpeg: without }).toThrow(/has no encoder libopus/);
  });

  it('a watermark without its image, or with one that is none', async () => {
    const watermark = { mark: { objectId: '0192f000-0000-7000-8000-00000000000a' } };
    await refused('clip.mp4', { kind: 'mp4', watermark }).toMatchObject({ code: 'render.missing_file' });
    for (const mark of ['list.mp4', 'clip.mp4'])
      await refused('clip.mp4', { kind: 'mp4', watermark }, { mark: at(mark) }).toMatchObject({
        code: 'render.not_media',
      });
  });
});

describe('a probe of anything', () => {
  it('tells sounds and pictures from videos', async () => {
    ffmpeg(...tone(1.5), at('tone.flac'));
    expect(await probeMedia(at('tone.flac'))).toMatchObject({
      kind: 'audio',
      facts: { duration: 1.5, audio: [{ codec: 'flac', sampleRate: 44_100, channels: 1 }] },
    });
    ffmpeg(...pattern('64x48', 1, 1), '-frames:v', '1', at('photo.webp'));
    expect(await probeMedia(at('photo.webp'))).toMatchObject({ kind: 'picture', facts: { width: 64, height: 48 } });
    expect(await probeMedia(at('clip.mp4'))).toMatchObject({ kind: 'video', facts: { width: 320, frames: 60 } });
  });

  it('refuses a picture that is larger than can be looked at, before it is', async () => {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(60_000, 0);
    header.writeUInt32BE(60_000, 4);
    header.set([8, 2, 0, 0, 0], 8);
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(data.length);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const rows = deflateSync(Buffer.alloc(1_000_000));
    const signature = Buffer.from('89504e470d0a1a0a', 'hex');
    writeFileSync(
      at('bomb.png'),
      Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]),
    );
    await expect(probeMedia(at('bomb.png'))).rejects.toMatchObject({ code: expect.stringMatching(/^render\./) });
  });

  it('refuses half a sound and half a picture', async () => {
    ffmpeg(...tone(3), '-c:a', 'aac', '-movflags', '+faststart', at('song.m4a'));
    const song = readFileSync(at('song.m4a'));
    writeFileSync(at('half.m4a'), song.subarray(0, song.length / 2));
    await expect(probeMedia(at('half.m4a'))).rejects.toMatchObject({ code: 'render.damaged' });
    ffmpeg(...pattern('640x480', 1, 1), '-frames:v', '1', at('whole.png'));
    writeFileSync(at('half.png'), readFileSync(at('whole.png')).subarray(0, 40));
    await expect(probeMedia(at('half.png'))).rejects.toMatchObject({ code: expect.stringMatching(/^render\./) });
  });
});
