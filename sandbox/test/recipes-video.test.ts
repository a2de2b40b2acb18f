// One MP4, previews, stills and storyboards: what is in them, and that colours stay what they were.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  aDirectory,
  colorAt,
  ffmpeg,
  formatOf,
  H264,
  pattern,
  pixelAt,
  plain,
  soundOf,
  streamsOf,
  TAGGED,
  tone,
  videoOf,
} from './clips.ts';
import { aPlace, transcoded } from './recipes-site.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const make = (input: string, recipe: Recipe, options: object = {}) =>
  transcoded(at(input), recipe, aPlace(directory), options);

const distance = (one: readonly number[], other: readonly number[]) =>
  Math.max(...one.map((value, index) => Math.abs(value - (other[index] ?? 0))));
const RED = [255, 0, 0];

/** Red, then green, then blue, a second each. */
const COLOURS = ['red', 'lime', 'blue'].flatMap((color) => [
  ...['-f', 'lavfi', '-i', `color=${color}:s=320x180:r=30:d=1,format=gbrp`],
]);
const IN_TURN = [
  ...['-filter_complex', '[0:v][1:v][2:v]concat=n=3,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p'],
];

beforeAll(() => {
  ffmpeg(...pattern('320x180', 30, 2), ...tone(2), ...H264, '-c:a', 'aac', ...TAGGED, at('clip.mp4'));
  ffmpeg(...pattern('320x180', 30, 2), ...tone(2), ...H264, '-c:a', 'pcm_s16le', at('untagged.mkv'));
  ffmpeg(...COLOURS, ...IN_TURN, ...H264, ...TAGGED, at('colours.mp4'));
});

describe('an MP4', () => {
  it('is in 8 bits of tagged BT.709, by its short side, with its index at the front and nothing about its maker', async () => {
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-metadata', 'location=+47+8/', at('located.mp4'));
    const { main, at: made } = await make('located.mp4', { kind: 'mp4', height: 96 });
    expect(main).toMatchObject({
      name: 'video.mp4',
      type: 'video/mp4',
      width: 170,
      height: 96,
      fps: 30,
      copied: false,
    });
    expect(videoOf(made('video.mp4'))).toMatchObject({
      ...{ frames: 60, width: 170, height: 96, codec_name: 'h264', pix_fmt: 'yuv420p' },
      ...{ color_space: 'bt709', color_range: 'tv' },
    });
    const bytes = readFileSync(made('video.mp4'));
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
    expect(JSON.stringify(formatOf(made('video.mp4')))).not.toContain('+47');
  });

  it('keeps red red, of clips that say what they are and of those that do not', async () => {
    ffmpeg(...plain('red', 'bt709'), ...H264, ...TAGGED, at('red-709.mp4'));
    ffmpeg(...plain('red', 'bt601'), ...H264, at('red-untagged.mp4'));
    for (const clip of ['red-709.mp4', 'red-untagged.mp4']) {
      const { at: made } = await make(clip, { kind: 'mp4', height: 96, passthrough: false });
      expect(distance(colorAt(made('video.mp4'), 3, 80, 40), RED), clip).toBeLessThan(4);
    }
  });

  it('is a copy where the clip is that already, and only there', async () => {
    const { main, at: made } = await make('clip.mp4', { kind: 'mp4', height: 720 });
    expect(main).toMatchObject({ copied: true, width: 320, height: 180 });
    const frames = (file: string) =>
      execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:v', '-c', 'copy', '-f', 'md5', '-'], {
        encoding: 'utf8',
      });
    expect(frames(made('video.mp4'))).toBe(frames(at('clip.mp4')));
    expect(soundOf(made('video.mp4'))).toEqual(soundOf(at('clip.mp4')));
    for (const more of [{ height: 96 }, { fps: 15 }, { passthrough: false }])
      expect((await make('clip.mp4', { kind: 'mp4', ...more })).main, JSON.stringify(more)).toMatchObject({
        copied: false,
      });
    expect((await make('untagged.mkv', { kind: 'mp4' })).main).toMatchObject({ copied: false });
  });

  it('takes over what browsers do not play, and copies the pictures beside levelled sound', async () => {
    const { at: made } = await make('untagged.mkv', { kind: 'mp4' });
    expect(streamsOf(made('video.mp4')).map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    const levelled = await make('clip.mp4', { kind: 'mp4', loudness: -20 });
    expect(levelled.main).toMatchObject({ copied: true });
    expect(soundOf(levelled.at('video.mp4'))).not.toEqual(soundOf(at('clip.mp4')));
  });

  it('is not stretched, whatever shape its clip has', async () => {
    ffmpeg(...pattern('151x99', 25, 1), '-c:v', 'libx264', '-pix_fmt', 'yuv444p', at('odd.mp4'));
    expect((await make('odd.mp4', { kind: 'mp4' })).main).toMatchObject({ width: 150, height: 98 });
    ffmpeg(...pattern('160x180', 25, 1), '-vf', 'setsar=2', ...H264, at('anamorphic.mp4'));
    expect((await make('anamorphic.mp4', { kind: 'mp4' })).main).toMatchObject({ width: 320, height: 180 });
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    const turned = await make('turned.mp4', { kind: 'mp4' });
    expect(turned.main).toMatchObject({ width: 180, height: 320, copied: false });
    expect(videoOf(turned.at('video.mp4'))).toMatchObject({ width: 180, height: 320 });
  });
});

describe('a still', () => {
  it.each(['jpeg', 'webp', 'png'] as const)('of a clip at a time is a %s in its colours', async (format) => {
    for (const [time, color] of [
      [0.5, RED],
      [1.5, [0, 255, 0]],
      [2.5, [0, 0, 255]],
    ] as const) {
      const { main, at: made } = await make('colours.mp4', { kind: 'image', format, height: 96, at: time });
      expect(main).toMatchObject({ width: 170, height: 96, type: `image/${format}` });
      expect(distance(pixelAt(made(main.name), 170, 80, 40), color), `${time}`).toBeLessThan(6);
    }
  });

  it('of a picture is upright, in its colours, and shows through where it did', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'color=red:s=400x200', '-frames:v', '1', at('photo.jpg'));
    turned(at('photo.jpg'), at('turned.jpg'));
    const upright = await make('turned.jpg', { kind: 'image', format: 'png', height: 100 });
    expect(upright.main).toMatchObject({ width: 100, height: 200 });
    expect(distance(pixelAt(upright.at('image.png'), 100, 50, 50), RED)).toBeLessThan(6);
    ffmpeg('-f', 'lavfi', '-i', 'color=red@0.0:s=100x100,format=rgba', '-frames:v', '1', at('glass.png'));
    const glass = await make('glass.png', { kind: 'image', format: 'webp' });
    expect(videoOf(glass.at('image.webp')).pix_fmt).toMatch(/^(yuva420p|argb)$/);
    const onWhite = await make('glass.png', { kind: 'image', format: 'jpeg' });
    expect(distance(pixelAt(onWhite.at('image.jpg'), 100, 50, 50), [255, 255, 255])).toBeLessThan(3);
  });

  it('after the end of the clip there is none', async () => {
    await expect(make('clip.mp4', { kind: 'image', at: 9 })).rejects.toMatchObject({ code: 'render.bad_range' });
  });
});

/** As phones write it: the pixels lie on their side, and a tag says so. */
function turned(from: string, to: string): void {
  const jpeg = readFileSync(from);
  const tag = Buffer.from(
    '457869660000' + '4d4d002a00000008' + '0001' + '0112000300000001' + '00060000' + '00000000',
    'hex',
  );
  const head = Buffer.from([0xff, 0xe1, 0, tag.length + 2]);
  writeFileSync(to, Buffer.concat([jpeg.subarray(0, 2), head, tag, jpeg.subarray(2)]));
}

describe('a preview', () => {
  it('is a silent MP4 of so many seconds', async () => {
    const { main, at: made } = await make('clip.mp4', {
      kind: 'preview',
      format: 'mp4',
      seconds: 1,
      height: 96,
      fps: 10,
    });
    expect(main).toMatchObject({ width: 170, height: 96, duration: 1, fps: 10 });
    expect(streamsOf(made('preview.mp4'))).toMatchObject([{ codec_name: 'h264', nb_read_frames: '10' }]);
  });

  it('or an animation that runs for ever, and is as long as the clip where that is shorter', async () => {
    const { main, text, at: made } = await make('clip.mp4', { kind: 'preview', seconds: 9, height: 96 });
    expect(main).toMatchObject({ name: 'preview.webp', type: 'image/webp', duration: 2, fps: 10 });
    expect(text('preview.webp')).toMatch(/^RIFF.{4}WEBP/s);
    const bytes = readFileSync(made('preview.webp'));
    expect(bytes.toString('latin1').split('ANMF').length - 1).toBeGreaterThan(15);
    expect(bytes.readUInt16LE(bytes.indexOf('ANIM') + 12)).toBe(0);
  });

  it('begins earlier where it would end too soon', async () => {
    const { at: made } = await make('colours.mp4', { kind: 'preview', format: 'mp4', seconds: 1, from: 2.9, fps: 10 });
    const file = made('preview.mp4');
    expect(videoOf(file).frames).toBe(10);
    expect(distance(colorAt(file, 0, 100, 100), [0, 0, 255])).toBeLessThan(6);
  });
});

describe('a storyboard', () => {
  it('says when and where each picture is, and shows the middle of that time', async () => {
    const { main, text, at: made } = await make('colours.mp4', { kind: 'sprites', every: 1, height: 90 });
    expect(main).toMatchObject({ name: 'sprites.vtt', type: 'text/vtt' });
    expect(text('sprites.vtt')).toBe(
      [
        'WEBVTT\n',
        '00:00:00.000 --> 00:00:01.000\nsprites-1.jpg#xywh=0,0,160,90\n',
        '00:00:01.000 --> 00:00:02.000\nsprites-1.jpg#xywh=160,0,160,90\n',
        '00:00:02.000 --> 00:00:03.000\nsprites-1.jpg#xywh=320,0,160,90\n',
      ].join('\n'),
    );
    const sheet = made('sprites-1.jpg');
    expect(videoOf(sheet)).toMatchObject({ width: 480, height: 90 });
    for (const [column, color] of [RED, [0, 255, 0], [0, 0, 255]].entries())
      expect(distance(pixelAt(sheet, 480, column * 160 + 80, 45), color)).toBeLessThan(6);
  });

  it('of a long clip has several sheets', async () => {
    ffmpeg(...pattern('64x48', 5, 61), ...H264, at('long.mp4'));
    const { files, text } = await make('long.mp4', { kind: 'sprites', every: 0.5, height: 48 });
    expect(files.map(({ name }) => name)).toEqual(['sprites.vtt', 'sprites-1.jpg', 'sprites-2.jpg']);
    expect(text('sprites.vtt').match(/ --> /g)).toHaveLength(122);
    expect(text('sprites.vtt')).toContain('00:00:50.000 --> 00:00:50.500\nsprites-2.jpg#xywh=0,0,64,48');
  });
});

describe('a watermark', () => {
  const bright = (file: string, frame: number, x: number, y: number) => Math.min(...colorAt(file, frame, x, y));
  beforeAll(() => {
    ffmpeg(...plain('black', 'bt709', '320x180'), '-t', '0.5', ...H264, ...TAGGED, at('black.mp4'));
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'color=black:s=320x180:r=5:d=8',
      '-pix_fmt',
      'yuv420p',
      ...H264,
      ...TAGGED,
      at('dark.mp4'),
    );
    ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64,format=rgba', '-frames:v', '1', at('mark.png'));
  });

  it('is an image in its own colours, as strong as is asked', async () => {
    const watermark = {
      mark: { objectId: '0192f000-0000-7000-8000-00000000000a' },
      size: 0.2,
      opacity: 1,
      moving: false,
    };
    const { at: made } = await make('black.mp4', { kind: 'mp4', watermark }, { mark: at('mark.png') });
    expect(distance(colorAt(made('video.mp4'), 3, 320 - 6 - 32, 6 + 32), RED)).toBeLessThan(8);
    const half = await make(
      'black.mp4',
      { kind: 'mp4', watermark: { ...watermark, opacity: 0.5 } },
      { mark: at('mark.png') },
    );
    expect(distance(colorAt(half.at('video.mp4'), 3, 320 - 6 - 32, 6 + 32), [128, 0, 0])).toBeLessThan(8);
  });

  it('is a line of text in any script, and moves from corner to corner', async () => {
    const watermark = { mark: { text: '@юзер ■■■■■■' }, size: 0.1, opacity: 1 };
    const { at: made } = await make('dark.mp4', { kind: 'hls', heights: [180], watermark });
    const file = made('v180.m3u8');
    const isThere = (frame: number, left: boolean, top: boolean) => {
      const [x, y] = [left ? 0 : 160, top ? 0 : 90];
      return Array.from({ length: 160 * 90 }, (_, index) =>
        bright(file, frame, x + (index % 160), y + Math.floor(index / 160)),
      ).some((value) => value > 150);
    };
    const corners = (frame: number) =>
      [
        [false, true],
        [true, true],
        [true, false],
        [false, false],
      ].map(([left = false, top = false]) => isThere(frame, left, top));
    expect(corners(2)).toEqual([true, false, false, false]);
    expect(corners(22)).toEqual([false, true, false, false]);
  });

  it('of a text that would be wider than the picture fits into it', async () => {
    const watermark = { mark: { text: 'wide '.repeat(16) }, size: 0.5, opacity: 1, moving: false };
    const { at: made } = await make('black.mp4', { kind: 'mp4', watermark });
    const column = (x: number) => Math.max(...Array.from({ length: 90 }, (_, y) => bright(made('video.mp4'), 3, x, y)));
    expect(Math.max(...Array.from({ length: 20 }, (_, x) => column(8 + x)))).toBeGreaterThan(60);
    expect(column(1)).toBeLessThan(20);
  });
});
