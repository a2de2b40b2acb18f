import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MakeParts } from '../render/parts-elsewhere.ts';
import { type Rendered, render } from '../render/pipeline.ts';
import { readProvenance } from '../render/read-provenance.ts';
import { renderInSegments, type SegmentedOptions } from '../render/render-in-segments.ts';
import { planSegments, segmentsOf } from '../render/segments.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, ffmpeg, formatOf, H264, pattern, soundOf, TAGGED, tone, videoOf } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

const used = async (body: string) => {
  const source = `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Try', ${body} });`;
  return [{ compiled: await compile('try.ts', source) }];
};

const DRAWS = `frame({ canvas, index, t, random }) {
  canvas.circle(20 + index, 40, 12, { fill: 'hsl(' + index * 7 + ', 90%, 50%)' });
  canvas.text(t.toFixed(2), 20 + 40 * random(), 80, { size: 20 });
}`;
const PAINTS = `frame({ pixels: { data, width }, index, random }) {
  for (let at = 0; at < 4 * 20 * width; at += 4) data[at] = (data[at] + 3 * index) % 256;
  data[4 * 30 * width] = 255 * random();
}`;
/** Looks at pixels at the end only: what is drawn before is made as what is drawn after. */
const BOTH = `frame(frame) {
  frame.canvas.circle(60, 40, 23.7, { fill: '#ff8040c0' });
  if (frame.index > 80) frame.pixels.data[0] = 1;
}`;

beforeAll(() => {
  ffmpeg(...pattern('160x90', 30, 3), ...tone(3), ...H264, '-g', '45', '-c:a', 'aac', ...TAGGED, at('clip.mp4'));
  ffmpeg(...pattern('160x90', 24, 3).map((one) => one.replace('r=24', 'r=24000/1001')), ...H264, at('ntsc.mp4'));
});

async function rendered(clip: string, body: string, options: Partial<SegmentedOptions> = {}) {
  const output = at(`result-${Math.random()}.mp4`);
  const done = await renderInSegments({ input: at(clip), output, effects: await used(body), ...options });
  return { ...done, output };
}

/** What each picture is and when it is shown. */
function shown(file: string): { readonly pts: number[]; readonly dts: number[]; readonly keys: number } {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts,dts,flags', '-of', 'csv=p=0', file];
  const packets = execFileSync('ffprobe', args, { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return {
    pts: packets.map(([pts]) => Number(pts)).sort((a, b) => a - b),
    dts: packets.map(([, dts]) => Number(dts)),
    keys: packets.filter(([, , flags]) => flags?.startsWith('K')).length,
  };
}

/** Of each frame, in decibels. */
function likeness(one: string, other: string): number[] {
  const args = ['-v', 'info', '-i', one, '-i', other, '-lavfi', '[0:v][1:v]psnr=stats_file=-', '-f', 'null', '-'];
  const said = execFileSync('ffmpeg', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return [...said.matchAll(/psnr_avg:(\S+)/g)].map(([, value]) => (value === 'inf' ? 100 : Number(value)));
}

function expectSeamless(split: Rendered, whole: Rendered, parts: number) {
  expect(split.frames).toBe(whole.frames);
  expect(videoOf(split.output).frames).toBe(whole.frames);
  const [one, other] = [shown(split.output), shown(whole.output)];
  expect(one.pts).toEqual(other.pts);
  expect(one.dts.every((dts, index) => index === 0 || dts > (one.dts[index - 1] ?? 0))).toBe(true);
  expect(one.keys).toBeGreaterThanOrEqual(parts);
  expect(Math.min(...likeness(split.output, whole.output))).toBeGreaterThan(32);
}

describe('a render in parts', () => {
  it.each([
    ['draws', DRAWS],
    ['paints', PAINTS],
    ['draws, and paints at the end', BOTH],
    ['asks for filters', `filters: () => [{ name: 'fade', options: { type: 'in', start_time: 0, duration: 3 } }]`],
  ])('has the frames, times and sound of one in a single piece, when it %s', async (_, body) => {
    const [split, whole] = [await rendered('clip.mp4', body, { segments: 3 }), await rendered('clip.mp4', body)];
    expectSeamless(split, whole, 3);
    expect(split.why).toMatch(/^In 3 parts/);
    expect(soundOf(split.output)).toEqual(soundOf(whole.output));
    const sound = (file: string) => soundOf(file).length;
    expect(sound(split.output)).toBe(sound(at('clip.mp4')));
  });

  it('cuts the sound of a part of a clip to the sample, in one piece', async () => {
    const part = { from: 0.5, to: 2.5 };
    const [split, whole] = [
      await rendered('clip.mp4', DRAWS, { ...part, segments: 2 }),
      await rendered('clip.mp4', DRAWS, part),
    ];
    expectSeamless(split, whole, 2);
    expect(soundOf(split.output)).toEqual(soundOf(whole.output));
  });

  it('keeps the times of rates that are no whole numbers', async () => {
    const [split, whole] = [await rendered('ntsc.mp4', DRAWS, { segments: 4 }), await rendered('ntsc.mp4', DRAWS)];
    expectSeamless(split, whole, 4);
    expect(videoOf(split.output).r_frame_rate).toBe('24000/1001');
  });

  it('has parts made by others that only know which frames, and what the effects do in all of them', async () => {
    const told: number[] = [];
    const makeParts: MakeParts = async ({ segments, seen, place, make, report }) => {
      expect(seen).toMatchObject([{ frames: 90, pixelFrames: 9 }]);
      await make(0);
      for (const [at, span] of [...segments.entries()].slice(1).reverse()) {
        const part = { agree: async () => JSON.parse(JSON.stringify(seen)) };
        await render({ input: join(directory, 'clip.mp4'), output: place(at), effects: await used(BOTH), span, part });
        report(at, { frame: span.frames, frames: span.frames, fps: 0, secondsLeft: 0 });
      }
    };
    const onProgress: SegmentedOptions['onProgress'] = ({ frame, frames }) => told.push(frame / frames);
    const split = await rendered('clip.mp4', BOTH, { segments: 3, makeParts, onProgress });
    const whole = await rendered('clip.mp4', BOTH);
    expectSeamless(split, whole, 3);
    expect(split.plan).toEqual(whole.plan);
    expect(soundOf(split.output)).toEqual(soundOf(whole.output));
    expect(told.at(-1)).toBe(1);
    const fails = rendered('clip.mp4', DRAWS, { segments: 2, makeParts: () => Promise.reject(new Error('nobody')) });
    await expect(fails).rejects.toThrow('nobody');
  });

  it('is chosen for a long clip whose effect is slow, and for no other', async () => {
    ffmpeg(...pattern('64x64', 10, 21), ...H264, at('long.mp4'));
    const waits = (ms: number) => `frame({ canvas, index }) {
      let sum = 0;
      for (let step = 0; step < ${ms} * 100_000; step++) sum += Math.sqrt(step);
      canvas.rect(index % 50, 4, sum > 0 ? 8 : 9, 8);
    }`;
    const slow = await rendered('long.mp4', waits(20), { cores: 2 });
    expect(slow.why).toMatch(
      /^In 2 parts side by side: The effects take \d+\.\d ms for a frame, FFmpeg 0\.0 ms of 2 cores/,
    );
    expect(videoOf(slow.output).frames).toBe(210);
    expect((await rendered('long.mp4', waits(20), { cores: 1 })).why).toMatch(/^An overlay/);
    expect((await rendered('clip.mp4', waits(0), { cores: 64 })).why).toMatch(/^An overlay/);
  });

  it('says of itself what one in a single piece says', async () => {
    const made = new Date('2026-01-01T00:00:00Z');
    const [split, whole] = [
      await rendered('clip.mp4', DRAWS, { segments: 2, made, about: { title: 'Mine' } }),
      await rendered('clip.mp4', DRAWS, { made }),
    ];
    expect(await readProvenance(split.output)).toEqual(whole.provenance);
    expect(formatOf(split.output).tags.title).toBe('Mine');
  });

  it('tells how far all parts are together', async () => {
    const told: number[] = [];
    await rendered('clip.mp4', DRAWS, { segments: 2, onProgress: ({ frame, frames }) => told.push(frame / frames) });
    expect(told.at(-1)).toBe(1);
  });

  it('leaves nothing behind when it fails or is called off', async () => {
    const failing = rendered('clip.mp4', `frame({ index }) { if (index === 70) throw new Error('No!'); }`, {
      segments: 3,
    });
    await expect(failing).rejects.toMatchObject({ code: 'render.effect_failed', extensions: { frame: 70 } });
    const call = new AbortController();
    const cancelled = rendered('clip.mp4', DRAWS, { segments: 3, signal: call.signal, onPlan: () => call.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'render.cancelled' });
    expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is not to be had of filters that go by the frames before, nor in any number', async () => {
    const echo = `filters: () => [{ name: 'tmix', options: { frames: 4 } }]`;
    expect((await rendered('clip.mp4', echo, { segments: 3 })).why).toMatch(/^In one piece: the filter tmix/);
    await expect(rendered('clip.mp4', DRAWS, { segments: 99 })).rejects.toMatchObject({ code: 'render.bad_range' });
  });
});

describe('what effects make of frames, before they are encoded', () => {
  /** Planes as they leave the effects, by encoding without loss what a still shows. */
  it.each([
    ['draw', DRAWS],
    ['paint', PAINTS],
  ])('is the same on both sides of a seam, byte by byte, where they %s', async (_, body) => {
    const effects = await used(body);
    const still = async (span: { first: number; frames: number }, part: boolean) => {
      const output = at(`still-${Math.random()}.png`);
      await render({ input: at('clip.mp4'), output, effects, span, still: true, ...(part ? { part: {} } : {}) });
      return execFileSync('ffmpeg', ['-v', 'error', '-i', output, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
    };
    for (const first of [44, 45])
      expect((await still({ first, frames: 1 }, true)).equals(await still({ first, frames: 2 }, false))).toBe(true);
  });
});

describe('whether parts are worth it', () => {
  const facts = { frames: 9_000, fps: 30, width: 1280, height: 720, cores: 2, effectMs: 1 };
  const parts = (more: Partial<typeof facts & { whole: string }>) =>
    planSegments({ ...facts, ...more }).segments.length;

  it('depends on cores that would have nothing to do', () => {
    expect(parts({})).toBe(1);
    expect(parts({ effectMs: 40 })).toBe(2);
    expect(parts({ cores: 1, effectMs: 40 })).toBe(1);
    expect(parts({ cores: 4 })).toBe(1);
    expect(parts({ cores: 8, effectMs: 6 })).toBeGreaterThan(2);
    expect(parts({ cores: 16, effectMs: 0 })).toBeGreaterThan(1);
    expect(parts({ cores: 64, effectMs: 200 })).toBe(8);
  });

  it('depends on how long the clip is, and whether it can be split', () => {
    expect(parts({ effectMs: 40, frames: 240 })).toBe(1);
    expect(parts({ effectMs: 40, whole: 'it remembers' })).toBe(1);
    expect(planSegments({ ...facts, whole: 'it remembers' }).why).toBe('In one piece: it remembers.');
  });

  it('leaves no frame out', () => {
    for (const [frames, count] of [
      [100, 3],
      [7, 7],
      [9_001, 8],
    ] as const) {
      const spans = segmentsOf(frames, count);
      expect(
        spans.reduce((end, { first, frames: length }) => (first === end && length > 0 ? end + length : -1), 0),
      ).toBe(frames);
    }
  });
});
