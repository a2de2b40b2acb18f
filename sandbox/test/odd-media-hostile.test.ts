import { chmodSync, chownSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg, H264, pattern, tone, videoOf } from './clips.ts';
import { aStudio, VIDEO } from './odd-media.ts';

const { at, refused } = await aStudio();

beforeAll(() => {
  ffmpeg(...pattern('64x48', 30, 2), ...tone(2), ...H264, '-g', '15', '-c:a', 'aac', at('end.mp4'));
  ffmpeg('-i', at('end.mp4'), '-c', 'copy', '-movflags', '+faststart', at('start.mp4'));
  ffmpeg('-i', at('end.mp4'), '-c', 'copy', '-movflags', 'frag_keyframe+empty_moov', at('fragments.mp4'));
  for (const ending of ['mkv', 'ts']) ffmpeg('-i', at('end.mp4'), '-c', 'copy', at(`whole.${ending}`));
  ffmpeg('-i', at('end.mp4'), '-c:v', 'mpeg4', '-c:a', 'mp3', at('whole.avi'));
});

/** Written over in a copy of the clip. */
function patched(name: string, patch: (bytes: Buffer, atom: (type: string) => number) => void): string {
  const bytes = Buffer.from(readFileSync(at('start.mp4')));
  patch(bytes, (type) => bytes.indexOf(type) + 4);
  writeFileSync(at(name), bytes);
  return name;
}

/** Random, and the same in every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) yield state;
}

/** It comes to a video with as many pictures as it says, or to a sentence. */
async function endsWell(name: string): Promise<string> {
  rmSync(at(`${name}.result.mp4`), { force: true });
  const sentence = await refused(name);
  return sentence ?? `${videoOf(at(`${name}.result.mp4`)).frames} frames`;
}

/** In the creator's words, and not in FFmpeg's. */
const SENTENCE = /^(The video|That is not|There are no|A picture)[^@[\]]+\.( [A-Z].*\.)?$|^\d+ frames$/;

describe('a clip that was cut off', () => {
  it.each(['end.mp4', 'start.mp4', 'fragments.mp4', 'whole.mkv', 'whole.ts', 'whole.avi'])(
    '%s',
    { timeout: 120_000 },
    async (name) => {
      const bytes = readFileSync(at(name));
      const cut = `cut-${name}`;
      for (const percent of [1, 25, 60, 90, 99]) {
        writeFileSync(at(cut), bytes.subarray(0, Math.floor((bytes.length * percent) / 100)));
        expect(await endsWell(cut), `${percent} %`).toMatch(SENTENCE);
      }
    },
  );

  it('in its middle is never taken for a whole one, where it says how long it is', async () => {
    for (const name of ['start.mp4', 'whole.mkv', 'end.mp4']) {
      const bytes = readFileSync(at(name));
      writeFileSync(at(`half-${name}`), bytes.subarray(0, bytes.length / 2));
      expect(await refused(`half-${name}`)).toMatch(/^The video is damaged, or was cut off\. It/);
    }
  });
});

describe('a clip with garbled bytes', () => {
  it.each(['start.mp4', 'whole.mkv', 'whole.ts'])('%s', { timeout: 120_000 }, async (name) => {
    for (const seed of [1, 2, 3, 4]) {
      const [bytes, random] = [Buffer.from(readFileSync(at(name))), numbers(seed)];
      const next = () => random.next().value as number;
      for (let changes = 0; changes < 40; changes++) bytes[next() % bytes.length] = next() >>> 24;
      writeFileSync(at(`garbled-${name}`), bytes);
      expect(await endsWell(`garbled-${name}`), `seed ${seed}`).toMatch(SENTENCE);
    }
  });
});

describe('a file that lies about itself', () => {
  it('of 16384x16384 pixels that are not there', async () => {
    const name = patched('huge.mp4', (bytes, atom) => {
      for (const offset of [24, 26]) bytes.writeUInt16BE(16_384, atom('avc1') + offset);
    });
    expect(await endsWell(name)).toBe('60 frames');
  });

  it('of pictures that would fill all memory', async () => {
    ffmpeg(...pattern('64x64', 1, 1), '-frames:v', '1', '-c:v', 'png', '-f', 'mov', at('bomb.mov'));
    const bytes = readFileSync(at('bomb.mov'));
    const [ihdr, entry] = [bytes.indexOf('IHDR') + 4, bytes.lastIndexOf('png ') + 4];
    for (const offset of [0, 4]) bytes.writeUInt32BE(60_000, ihdr + offset);
    for (const offset of [24, 26]) bytes.writeUInt16BE(60_000, entry + offset);
    writeFileSync(at('bomb.mov'), bytes);
    expect(await refused('bomb.mov')).toMatch(SENTENCE);
  });

  it('of a thousand million frames', async () => {
    const times = patched('times.mp4', (bytes, atom) => bytes.writeUInt32BE(1_000_000_000, atom('stts') + 8));
    expect(await endsWell(times)).toMatch(SENTENCE);
    const sizes = patched('sizes.mp4', (bytes, atom) => {
      bytes.writeUInt32BE(1, atom('stsz') + 4);
      bytes.writeUInt32BE(1_000_000_000, atom('stsz') + 8);
    });
    expect(await refused(sizes)).toMatch(/^The video is damaged/);
  });

  it('of frames that last for years, or of clocks that stand still', async () => {
    const years = patched('years.mp4', (bytes, atom) => bytes.writeUInt32BE(0x7fff_ffff, atom('stts') + 12));
    expect(await endsWell(years)).toMatch(SENTENCE);
    const clock = patched('clock.mp4', (bytes, atom) => bytes.writeUInt32BE(0, atom('mdhd') + 12));
    expect(await endsWell(clock)).toMatch(SENTENCE);
    ffmpeg(...['-f', 'lavfi', '-i', 'color=s=64x48:r=1/1000:d=4000'], ...VIDEO, '-pix_fmt', 'yuv420p', at('slow.mp4'));
    expect(await refused('slow.mp4')).toMatch(/^The video is too large\. It lasts 4000 s/);
  });
});

it('noise, and what is its owner’s alone, are refused with a sentence', async () => {
  const random = numbers(9);
  writeFileSync(at('noise.mp4'), Buffer.from(Array.from({ length: 50_000 }, () => (random.next().value ?? 0) >>> 24)));
  expect(await refused('noise.mp4')).toBe('That is not a video.');
  copyFileSync(at('start.mp4'), at('private.mp4'));
  chmodSync(at('private.mp4'), 0);
  // Behind the wall root is nobody special.
  if (process.getuid?.() === 0) chownSync(at('private.mp4'), 1, 1);
  expect(await refused('private.mp4')).toMatch(/^That file may not be read\./);
});
