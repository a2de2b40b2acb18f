// Sound alone, levelled where that is asked for, and its shape for drawing.
import { join } from 'node:path';
import type { Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { aDirectory, ffmpeg, H264, pattern, soundOf, streamsOf, tone } from './clips.ts';
import { aPlace, loudnessOf, secondsOf, transcoded } from './recipes-site.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const make = (input: string, recipe: Recipe) => transcoded(at(input), recipe, aPlace(directory));

/** A quiet melody in both ears, with a loud passage in the middle. */
const MUSIC = [
  ...['-f', 'lavfi', '-i', 'aevalsrc=0.03*sin(440*2*PI*t)|0.03*sin(550*2*PI*t):s=44100:d=6'],
  ...['-af', "volume='if(between(t,2,4),4,1)':eval=frame"],
];

beforeAll(() => {
  ffmpeg(...pattern('64x48', 25, 6), ...MUSIC, ...H264, '-c:a', 'aac', at('clip.mp4'));
  ffmpeg(...MUSIC, at('song.wav'));
  ffmpeg(...tone(3), '-af', 'volume=0.05', '-c:a', 'libmp3lame', at('mono.mp3'));
});

describe('sound alone', () => {
  it.each([
    ['aac', 'audio.m4a', 'aac', 'audio/mp4'],
    ['opus', 'audio.ogg', 'opus', 'audio/ogg'],
    ['mp3', 'audio.mp3', 'mp3', 'audio/mpeg'],
  ] as const)('comes as %s, out of a clip or a song, as long as that', async (format, name, codec, type) => {
    for (const input of ['clip.mp4', 'song.wav', 'mono.mp3']) {
      const { files, at: made } = await make(input, { kind: 'audio', format, bitrate: 64_000 });
      expect(files).toMatchObject([{ name, type, main: true }]);
      expect(streamsOf(made(name))).toMatchObject([{ codec_name: codec, channels: input === 'mono.mp3' ? 1 : 2 }]);
      expect(Math.abs(secondsOf(made(name)) - (input === 'mono.mp3' ? 3 : 6))).toBeLessThan(0.15);
    }
  });

  it.each([
    ['clip.mp4', -16],
    ['song.wav', -30],
    ['mono.mp3', -16],
  ])('of %s is brought to %d LUFS, within one', async (input, loudness) => {
    expect(Math.abs(loudnessOf(at(input)) - loudness)).toBeGreaterThan(3);
    const { at: made } = await make(input, { kind: 'audio', loudness });
    expect(Math.abs(loudnessOf(made('audio.m4a')) - loudness)).toBeLessThan(1);
  });

  it('keeps quiet passages as much below the loud ones as they were', async () => {
    const { at: made } = await make('song.wav', { kind: 'audio', loudness: -20 });
    const sound = soundOf(made('audio.m4a'));
    const loudest = (from: number, to: number) =>
      sound.subarray(from * 88_200, to * 88_200).reduce((most, sample) => Math.max(most, sample), 0);
    const ratio = loudest(2.5, 3.5) / loudest(0.5, 1.5);
    expect(ratio).toBeGreaterThan(3.7);
    expect(ratio).toBeLessThan(4.3);
  });

  it('of silence stays silent', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=44100:d=2', '-t', '2', at('silence.wav'));
    const { at: made } = await make('silence.wav', { kind: 'audio', loudness: -16 });
    expect(soundOf(made('audio.m4a')).every((sample) => Math.abs(sample) < 3)).toBe(true);
  });

  it('of a ladder and of a video is levelled too', async () => {
    const ladder = await make('clip.mp4', { kind: 'hls', heights: [96], loudness: -18 });
    expect(Math.abs(loudnessOf(ladder.at('a-high.m3u8')) + 18)).toBeLessThan(1);
    const video = await make('clip.mp4', { kind: 'mp4', loudness: -18 });
    expect(Math.abs(loudnessOf(video.at('video.mp4')) + 18)).toBeLessThan(1);
  });
});

describe('a waveform', () => {
  it('has as many peaks as are asked for, as high as the sound is there', async () => {
    const { main, text } = await make('song.wav', { kind: 'waveform', points: 60 });
    expect(main).toMatchObject({ name: 'waveform.json', type: 'application/json' });
    const { data, ...head } = JSON.parse(text('waveform.json')) as { data: number[] };
    expect(head).toEqual({
      ...{ version: 2, channels: 1, sample_rate: 44_100, samples_per_pixel: 4_410, bits: 8, length: 60 },
    });
    const highest = (from: number, to: number) =>
      Math.max(...data.filter((_, index) => index % 2 === 1 && index >= 2 * from && index < 2 * to));
    expect([highest(5, 15), highest(45, 55)]).toEqual([3, 3]);
    expect(highest(25, 35)).toBeGreaterThan(12);
    expect(Math.min(...data.slice(50, 70))).toBeLessThan(-12);
  });

  it('of a clip without sound there is none', async () => {
    ffmpeg(...pattern('64x48', 25, 1), ...H264, at('mute.mp4'));
    for (const kind of ['waveform', 'audio'] as const)
      await expect(make('mute.mp4', { kind })).rejects.toMatchObject({ code: 'render.no_sound' });
  });
});
