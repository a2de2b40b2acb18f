import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { compileJavaScript } from '../javascript/compile.ts';
import { type RenderOptions, render } from '../render/pipeline.ts';
import { renderFrame } from '../render/render-frame.ts';
import {
  aDirectory,
  colorAt,
  descendants,
  ffmpeg,
  formatOf,
  H264,
  isAlive,
  pattern,
  pixelAt,
  plain,
  soundOf,
  streamsOf,
  TAGGED,
  tone,
  videoOf,
} from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

const effectsOf = async (body: string, params: Readonly<Record<string, unknown>> = {}) => {
  const source = `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Try', ${body} });`;
  return [{ compiled: await compileJavaScript('try.ts', source), params }];
};

/** One effect for each way, none of which changes the picture but for a corner. */
const WAYS = {
  filters: `filters: () => [{ name: 'eq', options: { contrast: 1 } }]`,
  overlay: `frame({ canvas, index }) { canvas.rect(0, 0, 16, 16, { fill: index % 2 ? '#fff' : '#000' }); }`,
  planes: `frame({ pixels, index }) { pixels.data[0] = index; }`,
} as const;
const EACH = Object.keys(WAYS) as (keyof typeof WAYS)[];

async function rendered(input: string, body: string, options: Partial<RenderOptions> = {}) {
  const output = at(`result-${Math.random()}.mp4`);
  const result = await render({ input: at(input), output, effects: await effectsOf(body), ...options });
  return { ...result, file: output };
}

/** What a failed render leaves is nothing at all. */
const leftOvers = (name: string) => readdirSync(directory).filter((file) => file.includes(name));

const distance = (one: readonly number[], other: readonly number[]) =>
  Math.max(...one.map((value, at) => Math.abs(value - (other[at] ?? 0))));

beforeAll(() => {
  ffmpeg(...pattern(), ...tone(), ...H264, '-c:a', 'aac', ...TAGGED, at('clip.mp4'));
  ffmpeg(...plain('red', 'bt709'), ...H264, ...TAGGED, at('red.mp4'));
});

describe.each(EACH)('a render by way of %s', (way) => {
  it('has every frame and every sample of its clip', async () => {
    const { plan, file, frames } = await rendered('clip.mp4', WAYS[way]);
    expect([plan.way, frames]).toEqual([way, 30]);
    expect(videoOf(file)).toMatchObject({
      ...{ frames: 30, width: 320, height: 180, r_frame_rate: '30/1', codec_name: 'h264' },
      ...{ pix_fmt: 'yuv420p', color_space: 'bt709', color_range: 'tv' },
    });
    expect(soundOf(file)).toEqual(soundOf(at('clip.mp4')));
  });

  it('keeps red red, whatever its clip says or does not say of its colours', async () => {
    ffmpeg(...plain('red', 'bt709'), ...H264, ...TAGGED, at('red-709.mp4'));
    ffmpeg(...plain('red', 'bt601'), ...H264, at('red-untagged.mp4'));
    const full = [
      '-vf',
      'scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p',
      '-color_range',
      'pc',
      '-colorspace',
      'bt709',
    ];
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'color=red:s=320x180:r=30:d=0.5,format=gbrp',
      ...full,
      '-c:v',
      'libx264',
      at('red-full.mp4'),
    );
    for (const clip of ['red-709.mp4', 'red-untagged.mp4', 'red-full.mp4']) {
      const { file } = await rendered(clip, WAYS[way]);
      expect(distance(colorAt(file, 7, 200, 100), [255, 0, 0]), clip).toBeLessThan(4);
    }
  });

  it('renders a part, with its sound cut to the sample', async () => {
    const { file, frames } = await rendered('clip.mp4', WAYS[way], { from: 0.2, to: 0.7 });
    expect([frames, videoOf(file).frames]).toEqual([15, 15]);
    expect(streamsOf(file).find(({ codec_type }) => codec_type === 'audio')?.duration_ts).toBe(22_050);
    const [cut, whole] = [soundOf(file), soundOf(at('clip.mp4')).subarray(0.2 * 44_100)];
    // Encoded anew they are never equal; one sample off, this tone would differ by 160 in the mean.
    const off = cut
      .subarray(4_000, 20_000)
      .reduce((sum, sample, at) => sum + Math.abs(sample - (whole[at + 4_000] ?? 0)), 0);
    expect(off / 16_000).toBeLessThan(60);
  });

  it('stops within a second when it is called off, and leaves neither file nor process', async () => {
    ffmpeg(...pattern('640x360', 30, 2), ...H264, at('long.mp4'));
    const call = new AbortController();
    const effects = await effectsOf(WAYS[way]);
    const before = descendants();
    let [stoppedAt, running] = [0, [] as number[]];
    const work = render({
      ...{ input: at('long.mp4'), output: at('never.mp4'), effects },
      signal: call.signal,
      onPlan: () =>
        setTimeout(() => {
          running = descendants().filter((pid) => !before.includes(pid));
          stoppedAt = performance.now();
          call.abort();
        }, 50),
    });
    await expect(work).rejects.toMatchObject({ code: 'render.cancelled' });
    expect(performance.now() - stoppedAt).toBeLessThan(1_000);
    expect(running.length).toBeGreaterThan(way === 'filters' ? 0 : 2);
    // The system takes a moment to bury them.
    await vi.waitFor(() => expect(running.filter(isAlive)).toEqual([]));
    expect(leftOvers('never')).toEqual([]);
  });
});

describe('a drawing', () => {
  it('has the colour it was given, straight on the picture and half through it', async () => {
    ffmpeg(...plain('blue', 'bt709'), ...H264, ...TAGGED, at('blue.mp4'));
    const body = `frame({ canvas }) {
      canvas.rect(20, 20, 80, 80, { fill: '#ff0000' });
      canvas.rect(120, 20, 80, 80, { fill: '#ff0000', opacity: 0.5 });
    }`;
    for (const more of ['', `, filters: () => []`]) {
      const { file } = await rendered('blue.mp4', `${body}${more}`);
      expect(distance(colorAt(file, 7, 60, 60), [255, 0, 0])).toBeLessThan(4);
      expect(distance(colorAt(file, 7, 160, 60), [128, 0, 128])).toBeLessThan(5);
      expect(distance(colorAt(file, 7, 280, 60), [0, 0, 255])).toBeLessThan(4);
    }
  });

  it('lies on the frame that it was made for, to the last', async () => {
    // It covers all frames but three in black.
    const kept = [0, 13, 29];
    const body = `frame({ canvas, index }) { if (![${kept}].includes(index)) canvas.rect(0, 0, 320, 180, { fill: '#000' }); }`;
    const { file, effects } = await rendered('clip.mp4', body);
    const frames = Array.from({ length: 30 }, (_, frame) => frame);
    expect(frames.filter((frame) => Math.max(...colorAt(file, frame, 100, 150)) > 40)).toEqual(kept);
    expect(effects[0]?.seen).toMatchObject({ frames: 30, drawnFrames: 27, drawings: 2 });
  });

  it('may have other words in every frame, for as long as there are frames', async () => {
    const body = `frame({ canvas, index }) {
      for (let line = 0; line < 1_500; line++) canvas.text(index + '/' + line, -900, 0);
      canvas.text('Frame ' + index, 20, 120, { size: 70 });
    }`;
    const { file } = await rendered('clip.mp4', body);
    const output = at('words.png');
    await renderFrame({ input: at('clip.mp4'), output, effects: await effectsOf(body), at: 2 / 30 });
    // By then its table of strings has begun anew twice; the third frame is drawn with the one that it was played with.
    for (const [x, y] of [
      [30, 90],
      [64, 100],
      [240, 100],
      [262, 90],
    ] as const)
      expect(distance(colorAt(file, 2, x, y), pixelAt(output, 320, x, y)), `${x},${y}`).toBeLessThan(40);
  });

  it('is made over pixels that the same frame changed', async () => {
    const body = `frame({ pixels, canvas, index }) {
      if (index >= 5) pixels.data.fill(255);
      canvas.rect(100, 100, 100, 50, { fill: '#00ff00' });
    }`;
    const { file, plan, why } = await rendered('red.mp4', body);
    expect(plan).toMatchObject({ way: 'planes' });
    expect(why).toMatch(/10 of 15 frames look at the picture itself; 5 of 15 frames draw, 4|look at the picture/);
    expect(distance(colorAt(file, 2, 40, 40), [255, 0, 0])).toBeLessThan(4);
    expect(distance(colorAt(file, 9, 40, 40), [255, 255, 255])).toBeLessThan(4);
    for (const frame of [2, 9]) expect(distance(colorAt(file, frame, 150, 125), [0, 255, 0])).toBeLessThan(6);
  });
});

describe('odd clips', () => {
  it.each(EACH)('of odd sizes lose a row and a column (%s)', async (way) => {
    ffmpeg(...pattern('321x181'), '-c:v', 'libx264', '-pix_fmt', 'yuv444p', at('odd.mp4'));
    const { file } = await rendered('odd.mp4', WAYS[way]);
    expect(videoOf(file)).toMatchObject({ width: 320, height: 180, frames: 30 });
  });

  it.each(EACH)('of sizes that are no multiple of eight keep them (%s)', async (way) => {
    ffmpeg(...plain('red', 'bt709', '318x178'), ...H264, ...TAGGED, at('uneven.mp4'));
    const { file } = await rendered('uneven.mp4', WAYS[way]);
    expect(videoOf(file)).toMatchObject({ width: 318, height: 178, frames: 15 });
    expect(distance(colorAt(file, 7, 315, 175), [255, 0, 0])).toBeLessThan(4);
  });

  it('that lie on their side are turned upright, once', async () => {
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    const { file, width, height } = await rendered('turned.mp4', WAYS.overlay);
    expect([width, height]).toEqual([180, 320]);
    const { side_data_list, ...video } = videoOf(file);
    expect(video).toMatchObject({ width: 180, height: 320, frames: 30 });
    expect(side_data_list).toBeUndefined();
  });

  it('without a steady rate come out with one, as long as they were', async () => {
    const dropped = ['-vf', "select='not(eq(mod(n,7),3))'", '-vsync', 'vfr'];
    ffmpeg(...pattern('320x180', 30, 2), ...dropped, ...H264, at('vfr.mp4'));
    const { file, clip } = await rendered('vfr.mp4', WAYS.overlay);
    expect(clip.variable).toBe(true);
    expect(videoOf(file)).toMatchObject({ frames: 59, r_frame_rate: '30/1' });
  });

  it('without sound stay without', async () => {
    ffmpeg(...pattern(), ...H264, at('silent.mp4'));
    const { file } = await rendered('silent.mp4', WAYS.planes);
    expect(streamsOf(file).map(({ codec_type }) => codec_type)).toEqual(['video']);
  });

  it('with sound that MP4 cannot hold have it encoded anew, and no sample is lost', async () => {
    ffmpeg(...pattern(), ...tone(), ...H264, '-c:a', 'pcm_s16le', at('pcm.mkv'));
    const { file } = await rendered('pcm.mkv', WAYS.filters);
    const sound = streamsOf(file).find(({ codec_type }) => codec_type === 'audio');
    expect(sound).toMatchObject({ codec_name: 'aac', duration_ts: 44_100 });
  });

  it('of high dynamic range become what every screen shows', async () => {
    const hdr = ['-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', '-color_primaries', 'bt2020'];
    ffmpeg(...pattern(), '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le', ...hdr, at('hdr.mp4'));
    const { file } = await rendered('hdr.mp4', WAYS.overlay);
    expect(videoOf(file)).toMatchObject({ pix_fmt: 'yuv420p', color_space: 'bt709', frames: 30 });
  });

  it('that can be seen through are laid on black', async () => {
    const half = "geq=r=255:g=0:b=0:a='if(lt(X,160),255,0)'";
    const made = ['-f', 'lavfi', '-i', `color=red:s=320x180:r=10:d=0.5,format=rgba,${half}`];
    const bt709 = ['-vf', 'scale=out_color_matrix=bt709:out_range=tv,format=yuva420p', ...TAGGED];
    ffmpeg(...made, ...bt709, '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-b:v', '1M', at('alpha.webm'));
    const { file } = await rendered('alpha.webm', WAYS.planes);
    expect(distance(colorAt(file, 2, 60, 60), [255, 0, 0])).toBeLessThan(6);
    expect(distance(colorAt(file, 2, 260, 60), [0, 0, 0])).toBeLessThan(6);
  });

  it('fit into the size that is asked for, with black around them', async () => {
    const { file } = await rendered('red.mp4', WAYS.overlay, { size: { width: 200, height: 200 } });
    expect(videoOf(file)).toMatchObject({ width: 200, height: 200 });
    expect(distance(colorAt(file, 7, 100, 100), [255, 0, 0])).toBeLessThan(4);
    expect(distance(colorAt(file, 7, 100, 30), [0, 0, 0])).toBeLessThan(4);
  });
});

describe('a part of a render', () => {
  const GREY_STEP = (2 * 255) / 219;
  /** Each frame is a little lighter than the one before; the effect says in its corner which one it takes it for. */
  const COUNTS = `frame({ canvas, index }) { canvas.rect(0, 0, 32, 32, { fill: '#' + index.toString(16).padStart(2, '0').repeat(3) }); }`;

  beforeAll(() => {
    const lighter = 'color=black:s=160x90:r=30:d=3,geq=lum=16+2*N:cb=128:cr=128';
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      lighter,
      '-c:v',
      'libx264',
      '-g',
      '45',
      '-crf',
      '4',
      '-pix_fmt',
      'yuv420p',
      ...TAGGED,
      at('lighter.mp4'),
    );
  });

  it('begins with the very frame that was asked for, far into the clip', async () => {
    for (const from of [0.5, 1.9, 2.5]) {
      const { file } = await rendered('lighter.mp4', COUNTS, { from });
      const [shown] = colorAt(file, 0, 100, 60);
      expect(Math.abs(shown - from * 30 * GREY_STEP), `${from} s: ${shown}`).toBeLessThan(GREY_STEP / 2);
      // For the effect it is the first one.
      expect(colorAt(file, 0, 16, 16)[0]).toBeLessThan(3);
    }
  });

  it('is what it is in the whole, when it is one of several pieces', async () => {
    const { file, frames } = await rendered('lighter.mp4', COUNTS, { span: { first: 60, frames: 20 } });
    expect([frames, videoOf(file).frames]).toEqual([20, 20]);
    for (const frame of [0, 19]) {
      expect(Math.abs(colorAt(file, frame, 100, 60)[0] - (60 + frame) * GREY_STEP)).toBeLessThan(GREY_STEP / 2);
      expect(Math.abs(colorAt(file, frame, 16, 16)[0] - (60 + frame))).toBeLessThan(3);
    }
  });

  it('is a picture, where one frame is asked for', async () => {
    const output = at('frame.png');
    await renderFrame({ input: at('lighter.mp4'), output, effects: await effectsOf(COUNTS), at: 2 });
    expect(Math.abs((pixelAt(output, 160, 100, 60)[0] ?? 0) - 60 * GREY_STEP)).toBeLessThan(GREY_STEP / 2 + 1);
    expect(Math.abs((pixelAt(output, 160, 16, 16)[0] ?? 0) - 60)).toBeLessThan(4);
    const red = at('red.png');
    await renderFrame({ input: at('red.mp4'), output: red, effects: await effectsOf(WAYS.planes), at: 0 });
    expect(distance(pixelAt(red, 320, 200, 100), [255, 0, 0])).toBeLessThan(4);
  });
});

describe('a render that fails leaves no file, and says why', () => {
  const failing = async (body: string, options: Partial<RenderOptions> = {}) => {
    const [output, effects] = [at('failed.mp4'), await effectsOf(body)];
    const error = await render({ input: at('clip.mp4'), output, effects, ...options }).then(
      () => undefined,
      (error) => error,
    );
    expect(leftOvers('failed')).toEqual([]);
    return error;
  };

  it('when the effect throws: with its frame and its line', async () => {
    const error = await failing(`frame({ index }) {
 if (index === 7)
 throw new Error('No seven!'); }`);
    expect(error).toMatchObject({ code: 'render.effect_failed', extensions: { frame: 7, error: { line: 4 } } });
    expect(error.message).toMatch('No seven!');
  });

  it('when the effect fails only once it sees the picture', async () => {
    const error = await failing(`frame({ pixels, index }) { pixels.data[0] = 1; if (index === 20) null.x; }`);
    expect(error).toMatchObject({ code: 'render.effect_failed', extensions: { frame: 20, error: { line: 2 } } });
  });

  it('when the process that runs the effect dies in the middle', async () => {
    const bomb = `frame({ pixels, index }) { pixels.data[0] = 1; if (index === 9) new Array(2 ** 27).fill({}); }`;
    expect(await failing(bomb)).toMatchObject({ code: 'render.effect_failed', extensions: { frame: 9 } });
  });

  it('when a frame takes for ever', async () => {
    const error = await failing(`frame({ index }) { if (index === 3) for (;;); }`);
    expect(error).toMatchObject({ code: 'render.effect_failed', extensions: { frame: 3 } });
    expect(error.message).toMatch(/longer than 1000 ms/);
  });

  it('when the effect asks for a filter that could read files', async () => {
    const error = await failing(`filters: () => [{ name: 'movie', options: { filename: '/etc/passwd' } }]`);
    expect(error).toMatchObject({ code: 'render.bad_filter' });
  });

  it('when a param cannot be what was given', async () => {
    const effects = await effectsOf(`params: {}, frame() {}`, { size: 3 });
    const error = await failing('', { effects });
    expect(error.message).toMatch(/The param "size" cannot be that/);
  });

  it('when the part is not in the clip', async () => {
    expect(await failing(WAYS.overlay, { from: 5 })).toMatchObject({ code: 'render.bad_range' });
    expect(await failing(WAYS.overlay, { from: 0.5, to: 0.5 })).toMatchObject({ code: 'render.bad_range' });
  });

  it('and keeps what was there before', async () => {
    writeFileSync(at('kept.mp4'), 'as it was');
    const effects = await effectsOf(`frame() { throw new Error('no'); }`);
    await expect(render({ input: at('clip.mp4'), output: at('kept.mp4'), effects })).rejects.toThrow('no');
    expect(readFileSync(at('kept.mp4'), 'utf8')).toBe('as it was');
  });
});

it('leaves no process and no descriptor, whenever it is called off', async () => {
  const opened = () => readdirSync('/proc/self/fd').length;
  const effects = await effectsOf(WAYS.planes);
  await render({ input: at('clip.mp4'), output: at('off.mp4'), effects });
  const [before, processes] = [opened(), descendants().length];
  // From before its pipes are made until it encodes; the last ones may well be done.
  for (const batch of [0, 1, 2, 3]) {
    const works = Array.from({ length: 6 }, async (_, one) => {
      const signal = AbortSignal.timeout(1 + (batch * 6 + one) * 15);
      const output = at(`off-${batch}-${one}.mp4`);
      return render({ input: at('clip.mp4'), output, effects, signal }).catch((error) => error.code);
    });
    for (const ended of await Promise.all(works)) if (typeof ended === 'string') expect(ended).toBe('render.cancelled');
  }
  const gone = () => {
    expect(descendants().length).toBeLessThanOrEqual(processes);
    expect(opened()).toBeLessThanOrEqual(before);
  };
  await vi.waitFor(gone, { timeout: 10_000 });
});

describe('the same render', () => {
  it.each(EACH)('gives the same bytes (%s)', async (way) => {
    const made = new Date('2026-01-02T03:04:05Z');
    const [one, two] = [
      await rendered('clip.mp4', WAYS[way], { made }),
      await rendered('clip.mp4', WAYS[way], { made }),
    ];
    expect(readFileSync(one.file).equals(readFileSync(two.file))).toBe(true);
  });

  it('says of itself what it was told, and nothing of where the clip was made', async () => {
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-metadata', 'location=+48.85+002.35/', at('located.mp4'));
    const { file } = await rendered('located.mp4', WAYS.filters, { about: { effect: 'try@1', seed: '1' } });
    const { tags } = formatOf(file);
    expect(tags).toMatchObject({ effect: 'try@1', seed: '1' });
    expect(JSON.stringify(tags)).not.toMatch('48.85');
  });

  it('tells how far it is', async () => {
    const told: number[] = [];
    await rendered('clip.mp4', WAYS.overlay, { onProgress: ({ frame, frames }) => told.push(frame / frames) });
    expect(told.at(-1)).toBe(1);
  });
});
