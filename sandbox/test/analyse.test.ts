import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../analyse/analyse.ts';
import { ANALYSERS, type AnalyserName } from '../analyse/analysers.ts';
import { hashDistance } from '../analyse/hash.ts';
import { aDirectory, descendants, ffmpeg, H264, pattern } from './clips.ts';
import { inTurn, noise, silence, sine, writeWav } from './sounds.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const ALL = Object.keys(ANALYSERS) as AnalyserName[];

/** A second each of bars, of red, and of a fractal; silence, then a tone. */
const SCENES = [
  ...['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30:d=1', '-f', 'lavfi', '-i', 'color=red:s=320x180:r=30:d=1'],
  ...['-f', 'lavfi', '-i', 'mandelbrot=s=320x180:r=30'],
];
const JOINED = '[2:v]trim=duration=1,setsar=1[m];[0:v]setsar=1[a];[1:v]setsar=1[b];[a][b][m]concat=n=3:v=1:a=0[v]';

beforeAll(() => {
  const sound = writeWav(at('sound.wav'), inTurn(silence(1), sine(2, 1_000)));
  const maps = ['-filter_complex', JOINED, '-map', '[v]', '-map', '3:a'];
  ffmpeg(...SCENES, '-i', sound, ...maps, ...H264, '-c:a', 'aac', at('clip.mp4'));
});

describe('the spectrum', () => {
  it('has a list for each frame, which shows a tone at its pitch from the frame that it begins at', async () => {
    const { 'audio.spectrum': spectrum } = await analyse({ input: at('clip.mp4'), analysers: ['audio.spectrum'] });
    expect(spectrum.map((bands) => bands.length)).toEqual(new Array(90).fill(32));
    // 32 bands from 40 to 16,000 Hz: a thousand lies in the eighteenth.
    const band = Math.floor((32 * Math.log(1_000 / 40)) / Math.log(16_000 / 40));
    const loudest = spectrum.map((bands) => bands.indexOf(Math.max(...bands)));
    expect(loudest.slice(32)).toEqual(new Array(58).fill(band));
    expect(Math.max(...spectrum.slice(0, 27).flat())).toBeLessThan(0.1);
    // Half of full scale is 6 dB below it.
    expect(spectrum[60]?.[band]).toBeCloseTo(1, 1);
    expect(spectrum[60]?.[band - 5]).toBeLessThan(0.1);
  });

  it('falls by as much as a sound does, by decibels', async () => {
    const loud = writeWav(at('loud.wav'), sine(1, 1_000, 0.4));
    const soft = writeWav(at('soft.wav'), sine(1, 1_000, 0.04));
    const [one, other] = await Promise.all(
      [loud, soft].map(async (input) => (await analyse({ input, analysers: ['audio.spectrum'] }))['audio.spectrum']),
    );
    const most = (found: typeof one) => Math.max(...(found?.[15] ?? []));
    expect(most(one) - most(other)).toBeCloseTo(20 / 60, 2);
  });
});

describe('loudness', () => {
  const judged = (file: string) => {
    const { stderr } = spawnSync('ffmpeg', ['-nostats', '-i', file, '-af', 'ebur128', '-f', 'null', '-']);
    return Number(/I:\s+(-?[\d.]+) LUFS/.exec(String(stderr).slice(String(stderr).lastIndexOf('Summary')))?.[1]);
  };
  const quietThenLoud = () => inTurn(noise(3, 0.002), noise(4, 0.3), silence(1));

  it.each([
    ['one channel', () => [noise(4, 0.2)]],
    ['two channels', () => [noise(4, 0.2), sine(4, 300, 0.4)]],
    ['what is mostly silent', () => [quietThenLoud()]],
    ['a low tone', () => [sine(4, 60, 0.5), sine(4, 60, 0.5)]],
  ])('is what FFmpeg measures by EBU R 128 (%s)', async (name, channels) => {
    const input = writeWav(at(`${name.replaceAll(' ', '-')}.wav`), ...channels());
    const { 'audio.loudness': loudness } = await analyse({ input, analysers: ['audio.loudness'] });
    expect(Math.abs((loudness.integrated ?? 0) - judged(input))).toBeLessThanOrEqual(0.15);
  });

  it('is 0 where it is silent, and follows the sound', async () => {
    const input = writeWav(at('rising.wav'), inTurn(silence(1), noise(1, 0.05), noise(1, 0.5)));
    const { frames } = (await analyse({ input, analysers: ['audio.loudness'] }))['audio.loudness'];
    expect(frames).toHaveLength(90);
    expect([frames[10], frames[20]]).toEqual([0, 0]);
    // Ten times as loud is 20 of the 60 dB that are shown.
    expect((frames[80] ?? 0) - (frames[45] ?? 0)).toBeCloseTo(1 / 3, 1);
  });

  it('of silence is nothing', async () => {
    const input = writeWav(at('silent.wav'), silence(2));
    const found = await analyse({ input, analysers: ['audio.loudness', 'audio.beats'] });
    expect(found['audio.loudness'].integrated).toBeUndefined();
    expect(found['audio.beats']).toEqual({ times: [] });
  });
});

describe('pictures', () => {
  it('are told apart where they are cut, and nowhere else', async () => {
    const { scenes, motion } = await analyse({ input: at('clip.mp4'), analysers: ['scenes', 'motion'] });
    expect(scenes).toEqual([1, 2]);
    expect(motion).toHaveLength(90);
    expect([motion[0], motion[30], motion[45], motion[60]]).toEqual([0, 1, 0, 1]);
    expect(motion[10]).toBeGreaterThan(0.005);
    ffmpeg(
      ...['-f', 'lavfi', '-i', 'mandelbrot=s=320x180:r=30', '-t', '2', '-vf', 'fade=in:0:30'],
      ...H264,
      at('one.mp4'),
    );
    expect((await analyse({ input: at('one.mp4'), analysers: ['scenes'] })).scenes).toEqual([]);
  });

  it('have five to eight colours, the most frequent first', async () => {
    const half =
      'color=0x2050e0:s=320x180:r=10:d=1,drawbox=w=100:h=180:c=0xf0c020:t=fill,drawbox=x=280:w=40:h=180:c=0x20a040:t=fill';
    ffmpeg('-f', 'lavfi', '-i', half, ...H264, at('three.mp4'));
    const { palette } = await analyse({ input: at('three.mp4'), analysers: ['palette'] });
    const off = (one: string, other: string) =>
      Math.max(
        ...[1, 3, 5].map((from) =>
          Math.abs(Number.parseInt(one.slice(from, from + 2), 16) - Number.parseInt(other.slice(from, from + 2), 16)),
        ),
      );
    expect(palette.length).toBeGreaterThanOrEqual(5);
    expect(palette.length).toBeLessThanOrEqual(8);
    for (const [place, color] of ['#2050e0', '#f0c020', '#20a040'].entries())
      expect(off(palette[place] ?? '#000000', color), `${palette[place]} for ${color}`).toBeLessThan(12);
    const { palette: plain } = await analyse({ input: at('one.mp4'), analysers: ['palette'] });
    expect(plain.every((color) => /^#[0-9a-f]{6}$/.test(color))).toBe(true);
  });

  it('of a copy are known again, and of another clip are not', async () => {
    ffmpeg('-i', at('clip.mp4'), '-vf', 'scale=256:144,eq=brightness=0.04', '-crf', '34', ...H264, at('copy.mp4'));
    ffmpeg(...pattern('320x180', 30, 3), '-vf', 'hflip,hue=h=90', ...H264, at('other.mp4'));
    const hashOf = async (name: string) => (await analyse({ input: at(name), analysers: ['hash'] })).hash;
    const [original, copy, other] = [await hashOf('clip.mp4'), await hashOf('copy.mp4'), await hashOf('other.mp4')];
    expect(original).toMatch(/^[0-9a-f]{128}$/);
    expect(hashDistance(original, copy)).toBeLessThan(0.1);
    expect(hashDistance(original, other)).toBeGreaterThan(0.25);
  });

  it('are as sharp as they are, and sharpest when they are', async () => {
    const blurred = ['-vf', "gblur=sigma=6:enable='lt(t,2)'"];
    ffmpeg(...pattern('640x360', 10, 3), ...blurred, ...H264, '-crf', '12', at('blurred.mp4'));
    ffmpeg(...pattern('640x360', 10, 3), ...H264, '-crf', '12', at('sharp.mp4'));
    const sharpnessOf = async (name: string) =>
      (await analyse({ input: at(name), analysers: ['sharpness'] })).sharpness;
    const [dull, crisp] = [await sharpnessOf('blurred.mp4'), await sharpnessOf('sharp.mp4')];
    expect(dull.sharpestAt).toBe(2);
    expect(crisp.typical).toBeGreaterThan(dull.typical + 0.3);
  });

  it('come as what they are of a still, too', async () => {
    ffmpeg(...pattern('320x180', 1, 1), '-frames:v', '1', at('still.png'));
    const found = await analyse({ input: at('still.png'), analysers: ['palette', 'hash', 'audio.beats'] });
    expect(found).toMatchObject({ palette: expect.any(Array), hash: expect.stringMatching(/^[0-9a-f]+$/) });
    expect(found['audio.beats'].times).toEqual([]);
  });
});

describe('what is found', () => {
  it('is the same each time, and whatever else is sought', async () => {
    const input = at('clip.mp4');
    const all = await analyse({ input, analysers: ALL });
    expect(await analyse({ input, analysers: ALL, threads: 1 })).toEqual(all);
    for (const name of ALL) expect((await analyse({ input, analysers: [name] }))[name], name).toEqual(all[name]);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });

  it('of a part is what is in that part', async () => {
    const input = at('clip.mp4');
    const window = { first: 20, frames: 40, whole: false };
    const whole = await analyse({ input, analysers: ['audio.spectrum', 'motion', 'scenes', 'video.meta'] });
    const part = await analyse({ input, analysers: ['audio.spectrum', 'motion', 'scenes', 'video.meta'], window });
    expect(part.motion.slice(1)).toEqual(whole.motion.slice(21, 60));
    // Sound is heard from the part's beginning on, so its first frames have less before them.
    const off = part['audio.spectrum'].slice(3, 37).map((bands, frame) => {
      const other = whole['audio.spectrum'][frame + 23] ?? [];
      return Math.max(...bands.map((band, place) => Math.abs(band - (other[place] ?? 0))));
    });
    expect(Math.max(...off)).toBeLessThan(0.02);
    expect(part.scenes).toHaveLength(1);
    expect(part.scenes[0]).toBeCloseTo(10 / 30, 2);
    expect(part['video.meta']).toMatchObject({ frames: 40, width: 320, hasSound: true });
  });

  it('of a sound that begins later than its pictures is heard later', async () => {
    const sound = writeWav(at('tone.wav'), sine(1, 1_000));
    ffmpeg(...pattern('64x64', 30, 2), '-itsoffset', '0.5', '-i', sound, ...H264, '-c:a', 'pcm_f32le', at('late.mov'));
    const { 'audio.loudness': loudness } = await analyse({ input: at('late.mov'), analysers: ['audio.loudness'] });
    expect(loudness.frames.findIndex((one) => one > 0.3)).toBeGreaterThanOrEqual(9);
    expect(loudness.frames.findIndex((one) => one > 0.3)).toBeLessThanOrEqual(15);
  });

  it('costs no more memory the longer a clip is', () => {
    const subject = {
      ...{ clip: undefined, fps: 30, frames: 3_600, duration: 120, hasSound: true, every: 1 },
      ...{ small: { width: 64, height: 36 }, large: { width: 64, height: 36 } },
    };
    const piece = noise(0.5, 0.3);
    const analyses = ALL.map((name) => ANALYSERS[name].begin(subject));
    const memory = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const before = memory();
    for (let half = 0; half < 240; half++)
      for (const { hear } of analyses) hear?.({ left: piece, right: piece, mono: piece });
    // The sound that went by is 69 MB.
    expect(memory() - before).toBeLessThan(30e6);
    for (const analysis of analyses) analysis.end();
  });
});

describe('an analysis', () => {
  it('tells how far it is', async () => {
    const told: number[] = [];
    await analyse({
      input: at('clip.mp4'),
      analysers: ['motion', 'audio.beats'],
      onProgress: (part) => told.push(part),
    });
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });

  it('ends when it is called off, and leaves no process', async () => {
    ffmpeg(...pattern('1280x720', 30, 8), ...H264, at('long.mp4'));
    const call = new AbortController();
    const before = descendants();
    const onProgress = () => call.abort();
    await expect(
      analyse({ input: at('long.mp4'), analysers: ['motion', 'sharpness'], signal: call.signal, onProgress }),
    ).rejects.toMatchObject({ code: 'render.cancelled' });
    expect(descendants().filter((pid) => !before.includes(pid))).toEqual([]);
  });

  it('of a file that ends early is refused with a sentence', async () => {
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-movflags', '+faststart', at('fast.mp4'));
    writeFileSync(at('cut.mp4'), readFileSync(at('fast.mp4')).subarray(0, 60_000));
    await expect(analyse({ input: at('cut.mp4'), analysers: ['motion'] })).rejects.toMatchObject({
      code: 'render.damaged',
    });
    writeFileSync(at('text.mp4'), 'no video');
    await expect(analyse({ input: at('text.mp4'), analysers: ['motion'] })).rejects.toMatchObject({ status: 415 });
  });

  it('starts no FFmpeg for what the index says', async () => {
    const { 'video.meta': meta } = await analyse({ input: at('clip.mp4'), analysers: ['video.meta'] });
    expect(meta).toEqual({
      ...{ width: 320, height: 180, fps: 30, frames: 90, duration: 3, rotation: 0, codec: 'h264', hasSound: true },
    });
  });
});
