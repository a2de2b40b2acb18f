// Ladders: what players need to hold is measured in the files that were made.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { aDirectory, ffmpeg, H264, pattern, streamsOf, TAGGED, tone, videoOf } from './clips.ts';
import { aPlace, keyframesOf, type Result, transcoded } from './recipes-site.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

beforeAll(() => {
  ffmpeg(...pattern('320x180', 30, 9), ...tone(9), ...H264, '-c:a', 'aac', ...TAGGED, at('wide.mp4'));
});

const hls = (input: string, more: object = {}, options: object = {}) =>
  transcoded(at(input), { kind: 'hls', heights: [96, 120, 180], ...more }, aPlace(directory), options);

/** Lines of a playlist by their tag, with what stands below them. */
const tagged = (playlist: string, tag: string) =>
  [...playlist.matchAll(new RegExp(`^#${tag}:(.*)\n(.*)$`, 'gm'))].map(([, value = '', below = '']) => ({
    value,
    below,
  }));
const attribute = (line: string, name: string) => new RegExp(`(?:^|,)${name}="?([^",]+|[^"]+(?="))`).exec(line)?.[1];

describe('a ladder', () => {
  let ladder: Result;
  beforeAll(async () => {
    ladder = await hls('wide.mp4');
  });

  it('has its rungs by the short side, from the lowest on, and no larger than the clip', async () => {
    const rungs = tagged(ladder.text('master.m3u8'), 'EXT-X-STREAM-INF');
    expect(rungs.map(({ value, below }) => [attribute(value, 'RESOLUTION'), below])).toEqual([
      ['170x96', 'v96.m3u8'],
      ['214x120', 'v120.m3u8'],
      ['320x180', 'v180.m3u8'],
    ]);
    ffmpeg(...pattern('108x192', 25, 1), ...H264, at('tall.mp4'));
    const tall = await hls('tall.mp4', { heights: [96, 480, 720] });
    const sizes = tagged(tall.text('master.m3u8'), 'EXT-X-STREAM-INF').map(({ value }) =>
      attribute(value, 'RESOLUTION'),
    );
    expect(sizes).toEqual(['96x170', '108x192']);
  });

  it('has every frame and all of the sound in every rung', () => {
    for (const { name, width, height } of ladder.files.filter((file) => /^v\d+\.m3u8$/.test(file.name))) {
      expect(videoOf(ladder.at(name))).toMatchObject({
        ...{ frames: 270, width, height, codec_name: 'h264', pix_fmt: 'yuv420p', r_frame_rate: '30/1' },
        ...{ color_space: 'bt709', color_range: 'tv' },
      });
    }
    for (const name of ['a-low.m3u8', 'a-high.m3u8']) {
      const [sound] = streamsOf(ladder.at(name));
      expect(sound).toMatchObject({ codec_name: 'aac' });
      expect(Number(sound?.nb_read_frames) * 1024).toBeGreaterThan(8.9 * 44_100);
    }
  });

  it('has keyframes at the same times in every rung, two seconds apart, and segments of four', () => {
    for (const name of ['v96.m3u8', 'v120.m3u8', 'v180.m3u8']) {
      expect(keyframesOf(ladder.at(name))).toEqual([0, 2, 4, 6, 8]);
      expect(tagged(ladder.text(name), 'EXTINF').map(({ value }) => Number.parseFloat(value))).toEqual([4, 4, 1]);
    }
  });

  it('promises in its master playlist what is in the files', () => {
    const master = ladder.text('master.m3u8');
    for (const { value, below } of tagged(master, 'EXT-X-STREAM-INF')) {
      const segments = tagged(ladder.text(below), 'EXTINF');
      const group = attribute(value, 'AUDIO');
      const sound = tagged(ladder.text(`a-${group}.m3u8`), 'EXTINF');
      const rates = (parts: typeof segments) =>
        parts.map((part) => (8 * bytesOf(ladder, part.below)) / Number.parseFloat(part.value));
      const peak = Math.max(...rates(segments)) + Math.max(...rates(sound));
      expect(Number(attribute(value, 'BANDWIDTH'))).toBeGreaterThanOrEqual(Math.floor(peak));
      expect(Number(attribute(value, 'BANDWIDTH'))).toBeLessThan(peak * 1.05);
      const [video] = streamsOf(ladder.at(below)) as unknown as { profile: string; level: number }[];
      expect(video?.profile).toBe('High');
      const level = (video?.level ?? 0).toString(16).padStart(2, '0');
      expect(/CODECS="([^"]+)"/.exec(value)?.[1]).toBe(`avc1.6400${level},mp4a.40.2`);
      expect(attribute(value, 'FRAME-RATE')).toBe('30.000');
    }
    expect(master).toContain('TYPE=AUDIO,GROUP-ID="low"');
    expect(master).toContain('TYPE=AUDIO,GROUP-ID="high"');
  });

  it('can be played by FFmpeg from its master playlist', () => {
    const played = [
      '-v',
      'error',
      '-xerror',
      '-i',
      ladder.at('master.m3u8'),
      '-map',
      '0:v',
      '-map',
      '0:a',
      '-f',
      'null',
      '-',
    ];
    expect(execFileSync('ffmpeg', played, { encoding: 'utf8' })).toBe('');
  });

  it('lists all its files, and what each is', () => {
    const { files, main } = ladder;
    expect(main).toMatchObject({ name: 'master.m3u8', type: 'application/vnd.apple.mpegurl', width: 320, height: 180 });
    expect(files.filter(({ part }) => !part).map(({ name }) => name)).toEqual([
      ...['master.m3u8', 'a-low.m3u8', 'a-high.m3u8', 'v96.m3u8', 'v120.m3u8', 'v180.m3u8'],
    ]);
    expect(files.filter(({ part }) => part)).toHaveLength(5 + 5 * 3);
    for (const { name, bytes } of files) expect([name, bytes]).toEqual([name, bytesOf(ladder, name)]);
  });
});

const bytesOf = (ladder: Result, name: string) =>
  execFileSync('wc', ['-c', ladder.at(name)], { encoding: 'utf8' })
    .split(' ')
    .map(Number)[0] ?? 0;

it('the lowest rung can be played while the others are made', async () => {
  const seen: string[][] = [];
  const onFiles = async (files: Result['files']) => void seen.push(files.map(({ name }) => name));
  const place = aPlace(directory);
  const early: number[] = [];
  const ladder = await transcoded(at('wide.mp4'), { kind: 'hls', heights: [96, 180], lowestFirst: true }, place, {
    onFiles: async (files) => {
      await onFiles(files);
      early.push(videoOf(join(place, 'master.m3u8')).frames);
    },
  });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toEqual(expect.arrayContaining(['master.m3u8', 'a-low.m3u8', 'a-high.m3u8', 'v96.m3u8']));
  expect(seen[0]).not.toContain('v180.m3u8');
  expect(early).toEqual([270]);
  const sizes = tagged(ladder.text('master.m3u8'), 'EXT-X-STREAM-INF').map(({ below }) => below);
  expect(sizes).toEqual(['v96.m3u8', 'v180.m3u8']);
  expect(keyframesOf(ladder.at('v180.m3u8')).length).toBe(keyframesOf(ladder.at('v96.m3u8')).length);
});

describe('whatever the clip is', () => {
  it('without sound there is none in the ladder', async () => {
    ffmpeg(...pattern('192x108', 25, 1), ...H264, at('silent.mp4'));
    const ladder = await hls('silent.mp4', { heights: [108] });
    expect(ladder.text('master.m3u8')).not.toMatch(/AUDIO|mp4a/);
    expect(videoOf(ladder.at('master.m3u8')).frames).toBe(25);
  });

  it('sound that begins late is in its place', async () => {
    ffmpeg(...pattern('192x108', 25, 3), '-itsoffset', '1', ...tone(2), ...H264, '-c:a', 'aac', at('late.mp4'));
    const ladder = await hls('late.mp4', { heights: [108] });
    const args = ['-v', 'error', '-i', ladder.at('a-high.m3u8'), '-f', 's16le', '-ac', '1', '-'];
    const raw = execFileSync('ffmpeg', args, { maxBuffer: 1e8 });
    const loudest = (from: number, to: number) => {
      const bytes = raw.subarray(2 * Math.round(from * 44_100), 2 * Math.round(to * 44_100));
      return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).reduce(
        (most, value) => Math.max(most, value),
        0,
      );
    };
    expect(loudest(0.05, 0.9)).toBeLessThan(50);
    expect(loudest(1.1, 1.9)).toBeGreaterThan(1_000);
  });

  it('its rate is capped by leaving frames out, evenly', async () => {
    ffmpeg(...pattern('192x108', 60, 2), ...H264, at('fast.mp4'));
    const ladder = await hls('fast.mp4', { heights: [108], fps: 30 });
    expect(videoOf(ladder.at('v108.m3u8'))).toMatchObject({ frames: 60, r_frame_rate: '30/1' });
  });

  it('a rate that is no whole number keeps its keyframes together', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=30000/1001:d=7', ...H264, at('ntsc.mp4'));
    const ladder = await hls('ntsc.mp4', { heights: [96, 108] });
    const [low, high] = ['v96.m3u8', 'v108.m3u8'].map((name) => keyframesOf(ladder.at(name)));
    expect(low).toEqual(high);
    expect(low).toHaveLength(4);
    expect(tagged(ladder.text('v96.m3u8'), 'EXTINF')).toHaveLength(2);
  });
});
