import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { effect } from '@plinth/sdk/effect.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { captionsIn } from '../effect/captions.ts';
import { INPUT_NAMES } from '../effect/input-kinds.ts';
import { Inputs, readInputs } from '../effect/inputs.ts';
import { sampleInputs } from '../effect/sample-inputs.ts';
import { inspect } from '../render/inspect.ts';
import { type RenderOptions, render } from '../render/pipeline.ts';
import { renderFrame } from '../render/render-frame.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, colorAt, ffmpeg, H264, pattern } from './clips.ts';
import { track, writeWav } from './sounds.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const SCENE = { width: 320, height: 180, fps: 30, duration: 2, frames: 60 };
const SAID =
  'WEBVTT\n\n00:00.500 --> 00:01.500\nFirst\n\n00:02.000 --> 00:03.000 align:start\n<v Ada>Second &amp; last</v>\n';

beforeAll(() => {
  const sound = writeWav(at('beats.wav'), track(() => 120, 4).samples);
  writeFileSync(at('said.vtt'), SAID);
  const args = ['-i', at('said.vtt'), '-map', '0:v', '-map', '1:a', '-map', '2:s', '-c:s', 'mov_text'];
  ffmpeg(...pattern('64x64', 30, 4), '-i', sound, ...args, ...H264, '-c:a', 'aac', at('clip.mp4'));
  ffmpeg(...pattern('64x64', 30, 1), ...H264, at('mute.mp4'));
});

const inTypeScript = (body: string) =>
  compile('try.ts', `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Try', ${body} });`);

/** What an effect says of what it was told. */
async function told(input: string, inputs: string, script: string, options: Partial<RenderOptions> = {}) {
  const body = `inputs: ${inputs}, setup({ data }) { console.log(JSON.stringify(${script})); }, frame({ canvas }) { canvas.rect(0, 0, 2, 2); }`;
  const said: string[] = [];
  const effects = [{ compiled: await inTypeScript(body) }];
  const onPrint = (text: string) => said.push(text);
  const { why } = await render({ input: at(input), output: at('out.mp4'), effects, onPrint, ...options });
  return { why, said: JSON.parse(said[0] ?? 'null') };
}

describe('a render', () => {
  it('finds out what an effect asks for, and nothing else', async () => {
    const inputs = `['audio.beats', 'audio.loudness', 'video.meta', 'palette']`;
    const { said, why } = await told(
      'clip.mp4',
      inputs,
      `[Object.keys(data), data['audio.beats'], data['audio.loudness'].length, data['video.meta'], data.palette.length]`,
    );
    const [names, beats, frames, meta, colors] = said;
    expect(names).toEqual(['audio.beats', 'audio.loudness', 'video.meta', 'palette']);
    for (const [place, beat] of [0.3, 0.8, 1.3, 1.8, 2.3, 2.8, 3.3].entries())
      expect(Math.abs(beats[place] - beat)).toBeLessThan(0.02);
    expect([frames, meta.width, meta.hasSound, colors >= 5]).toEqual([120, 64, true, true]);
    expect(why).toMatch(/Found out in \d+\.\d s: audio\.beats, audio\.loudness, video\.meta, palette\./);
    expect((await told('clip.mp4', '[]', 'Object.keys(data)')).why).not.toMatch('Found out');
  });

  it('takes what is given for it instead, cut to the part that is rendered', async () => {
    const data = {
      'audio.beats': [0.5, 2.5],
      motion: Array.from({ length: 120 }, (_, frame) => frame / 120),
      captions: SAID,
      'live.likes': [0.1, 2.1],
    };
    const inputs = `['audio.beats', 'motion', 'captions', 'live.likes']`;
    const script = `[data['audio.beats'], data.motion.length, data.motion[0], data.captions.map((one) => [one.from, one.text]), data['live.likes'].map(({ t }) => Math.round(t * 10) / 10)]`;
    const { said, why } = await told('clip.mp4', inputs, script, { data, from: 2, to: 3 });
    expect(said).toEqual([
      [-1.5, 0.5],
      30,
      0.5,
      [
        [-1.5, 'First'],
        [0, 'Second & last'],
      ],
      [-1.9, 0.1],
    ]);
    expect(why).not.toMatch('Found out');
  });

  it('takes captions from the clip’s own subtitles', async () => {
    const { said } = await told('clip.mp4', `['captions']`, 'data.captions');
    expect(said.map(({ from, to, text }: { from: number; to: number; text: string }) => [from, to, text])).toEqual([
      [0.5, 1.5, 'First'],
      [2, 3, 'Second & last'],
    ]);
    const part = await told('clip.mp4', `['captions']`, 'data.captions', { from: 2 });
    expect(part.said.at(-1)).toMatchObject({ from: 0, to: 1 });
  });

  it('gives the same to every part of it', async () => {
    const body = `inputs: ['audio.spectrum', 'audio.beats'], frame({ canvas, audio, width, height }) {
      canvas.rect(0, 0, width, height, { fill: audio.sinceBeat < 0.1 ? '#ffffff' : '#000000' });
      canvas.rect(0, 0, width * (audio.spectrum[16] ?? 0), 8, { fill: '#ff0000' });
    }`;
    const effects = [{ compiled: await inTypeScript(body) }];
    const picture = async (frame: number, more: Partial<RenderOptions> = {}) => {
      const output = at(`${crypto.randomUUID()}.png`);
      await render({ input: at('clip.mp4'), output, effects, still: true, span: { first: frame, frames: 1 }, ...more });
      return readFileSync(output).toString('base64');
    };
    const output = at('flash.mp4');
    await render({ input: at('clip.mp4'), output, effects });
    // A beat is at 1.3 s.
    expect(colorAt(output, 40, 32, 40)[0]).toBeGreaterThan(240);
    expect(colorAt(output, 36, 32, 40)[0]).toBeLessThan(15);
    const span = at('span.mp4');
    await render({ input: at('clip.mp4'), output: span, effects, span: { first: 30, frames: 20 } });
    for (const frame of [0, 6, 10, 19])
      expect(colorAt(span, frame, 32, 40)[0]).toBeCloseTo(colorAt(output, 30 + frame, 32, 40)[0], -1);
    expect(await picture(40)).toBe(await picture(40));
  });

  it('tells effects in Python the same', async () => {
    const python = `
from plinth import effect

@effect(title="Try", inputs=["audio.spectrum", "audio.loudness", "audio.beats", "live.likes", "live.gifts", "live.viewers", "captions"])
def frame(f):
    if f.index == 45:
        top = [(one.name, one.amount) for one in f.live.gifts.top(2)]
        beat = [round(f.audio.since_beat, 3), f.audio.beat, f.audio.loudness, f.audio.spectrum]
        print([f.live.likes.total, len(f.live.likes.recent(1)), top, f.live.viewers.now, beat, len(f.data["captions"]), sorted(f.data)])
        print(f.live.gifts.since, "motion" in f.data)
    f.canvas.rect(0, 0, 4, 4)
`;
    const data = {
      'live.likes': [0, 1, { t: 1.4, count: 3 }, 9],
      'live.gifts': [{ t: 1, name: 'Ada', amount: 5 }],
      'live.viewers': [
        { t: 0, count: 7 },
        { t: 2, count: 9 },
      ],
    };
    const script = `inputs: ['audio.spectrum', 'audio.loudness', 'audio.beats', 'live.likes', 'live.gifts', 'live.viewers', 'captions'], frame({ index, live, audio, data, canvas }) {
      if (index === 45) {
        const beat = [Math.round(audio.sinceBeat * 1000) / 1000, audio.beat, audio.loudness, audio.spectrum];
        console.log(JSON.stringify([live.likes.total, live.likes.recent(1).length, live.gifts.top(2).map(({ name, amount }) => [name, amount]), live.viewers.now, beat, data.captions.length, Object.keys(data).sort()]));
        console.log(live.gifts.since, 'motion' in data);
      }
      canvas.rect(0, 0, 4, 4);
    }`;
    const saidBy = async (compiled: Awaited<ReturnType<typeof compile>>) => {
      const said: string[] = [];
      await render({
        input: at('clip.mp4'),
        output: at('said.mp4'),
        effects: [{ compiled }],
        data,
        onPrint: (text) => said.push(text),
      });
      return said.map((text) =>
        text
          .toLowerCase()
          .replaceAll("'", '"')
          .replaceAll(/[() ]/g, (sign) => ({ '(': '[', ')': ']' })[sign] ?? ''),
      );
    };
    const [one, other] = [await saidBy(await inTypeScript(script)), await saidBy(await compile('try.py', python))];
    expect(other).toEqual(one);
    expect(one[0]).toMatch(/^\[5,2,\[\["ada",5\]\],7,/);
  });

  it('of a clip that has nothing to tell, tells nothing, and fails nowhere', async () => {
    const inputs = `['audio.spectrum', 'audio.beats', 'captions', 'live.gifts', 'dataset.prices', 'later.on']`;
    const { said, why } = await told('mute.mp4', inputs, 'data');
    expect(said).toEqual({
      'audio.spectrum': [],
      'audio.beats': [],
      captions: [],
      'live.gifts': [],
      'dataset.prices': [],
      'later.on': [],
    });
    expect(why).toMatch(/Empty: audio\.spectrum, audio\.beats, captions, live\.gifts, dataset\.prices; .* --data/);
  });

  it('refuses data that is something else', async () => {
    const work = told('clip.mp4', `['captions']`, 'data', { data: { captions: 5 } });
    await expect(work).rejects.toMatchObject({
      code: 'render.bad_input',
      message: expect.stringMatching(/"captions" cannot be that/),
    });
  });

  it('shows a single frame as it is in the whole', async () => {
    const body = `inputs: ['audio.beats'], frame({ canvas, audio, width, height }) { canvas.rect(0, 0, width, height, { fill: audio.beat ? '#ffffff' : '#000000' }); }`;
    const [effects, output] = [[{ compiled: await inTypeScript(body) }], at('beat.png')];
    await renderFrame({ input: at('clip.mp4'), output, effects, at: 1.3 });
    const bright = readFileSync(output);
    await renderFrame({ input: at('clip.mp4'), output, effects, at: 1.5 });
    expect(readFileSync(output).equals(bright)).toBe(false);
  });
});

describe('a check without a clip', () => {
  it('makes up what is asked for, but for datasets', async () => {
    const inputs = INPUT_NAMES.filter((name) => !name.startsWith('dataset'));
    const compiled =
      await inTypeScript(`inputs: ${JSON.stringify([...inputs, 'dataset.prices'])} as never, frame({ canvas, data }) {
      for (const [name, value] of Object.entries(data)) if (Array.isArray(value) && value.length === 0 && name !== 'dataset.prices') throw new Error(name);
      canvas.rect(0, 0, 2, 2);
    }`);
    const found = await inspect(
      compiled,
      { ...SCENE, params: {}, data: { palette: ['#ff0000'] }, seed: 1 },
      { rehearse: true },
    );
    expect(found.inputs.empty).toEqual(['dataset.prices']);
    expect(found.inputs.madeUp).toEqual(inputs.filter((name) => name !== 'palette'));
    expect(found.seen.drawnFrames).toBe(60);
  });

  it('says what inputs there are to whoever asks for another', async () => {
    const compiled = await inTypeScript(`inputs: ['audio.spektrum'] as never, frame() {}`);
    const work = inspect(compiled, { ...SCENE, params: {}, data: {}, seed: 1 });
    await expect(work).rejects.toThrow(
      /"audio\.spektrum"\. There is no such input\. There are: video\.meta, .*dataset\.<name>/,
    );
  });

  it('plays sound as well', async () => {
    const compiled = await inTypeScript(
      `audio({ channels, index }) { if (index === 90 && channels[0].every((sample) => sample === 0)) throw new Error('silent'); }`,
    );
    const found = await inspect(compiled, { ...SCENE, params: {}, data: {}, seed: 1 });
    expect([found.soundBlocks, found.description.has]).toEqual([94, { frame: false, filters: false, audio: true }]);
  });
});

describe('what is made up', () => {
  it('is what it would be of a clip', () => {
    const names = INPUT_NAMES.filter((name) => !name.startsWith('dataset'));
    const samples = sampleInputs(names, SCENE);
    expect(readInputs(names, samples)).toMatchObject({ problems: [], missing: [] });
    expect(Object.keys(samples)).toEqual(names);
  });
});

describe('captions', () => {
  it('are read from WebVTT', () => {
    expect(captionsIn(SAID)).toEqual([
      { from: 0.5, to: 1.5, text: 'First' },
      { from: 2, to: 3, text: 'Second & last' },
    ]);
  });

  it('are read from SubRip, in any order, with its marks left out', () => {
    const said =
      '\uFEFF2\r\n00:01:02,500 --> 00:01:04,000\r\n{\\an8}<i>Two</i>\r\nlines\r\n\r\n1\r\n01:00:00,000 --> 01:00:00,000\r\nnever\r\n\r\n1\r\n00:00:01,000 --> 00:00:02,000\r\nOne\r\n';
    expect(captionsIn(said)).toEqual([
      { from: 1, to: 2, text: 'One' },
      { from: 62.5, to: 64, text: 'Two\nlines' },
    ]);
  });

  it('are nothing else', () => {
    expect(captionsIn('Just a text.')).toBeUndefined();
    expect(captionsIn('WEBVTT\n')).toEqual([]);
  });
});

describe('the audience at a frame', () => {
  const GIFTS = [
    { t: 0.5, name: 'Ada', amount: 10 },
    { t: 1, name: 'Grace', amount: 30, count: 2 },
    { t: 1.5, name: 'Ada', amount: 25 },
    { t: 1.7, amount: 99 },
  ];
  const inputs = new Inputs(['live.gifts', 'live.likes', 'live.viewers'], {
    ...SCENE,
    data: {
      'live.gifts': GIFTS.toReversed(),
      'live.likes': [0, 1, 1.9],
      'live.viewers': [
        { t: 0, count: 5 },
        { t: 0.5, count: 9 },
        { t: 1, count: 3 },
      ],
    },
  });

  it('is what it did until then', () => {
    const { likes, gifts, viewers } = inputs.live(30);
    expect([likes.total, likes.since, likes.recent(0.5)]).toEqual([2, 0, [{ t: 1, count: 1, name: '', amount: 0 }]]);
    expect([gifts.total, gifts.amount]).toEqual([3, 40]);
    expect(gifts.top(5)).toEqual([
      { name: 'Grace', count: 2, amount: 30 },
      { name: 'Ada', count: 1, amount: 10 },
    ]);
    expect(viewers).toEqual({ now: 3, most: 9 });
  });

  it('is the same in whatever order frames are asked for', () => {
    const later = inputs.live(59).gifts;
    expect(later.top(1)).toEqual([{ name: 'Ada', count: 2, amount: 35 }]);
    expect(inputs.live(30).gifts.top(1)).toEqual([{ name: 'Grace', count: 2, amount: 30 }]);
    expect(later.top(1)).toEqual([{ name: 'Ada', count: 2, amount: 35 }]);
    expect(inputs.live(0).gifts).toMatchObject({ total: 0, since: Number.POSITIVE_INFINITY });
  });

  it('is nobody where nobody is known', () => {
    const { likes, viewers } = new Inputs([], { ...SCENE, data: {} }).live(10);
    expect([likes.total, likes.recent(9), likes.top(3), viewers]).toEqual([0, [], [], { now: 0, most: 0 }]);
  });
});

it('an effect’s types know what it asked for, and nothing else', () => {
  const asked = effect({
    title: 'Typed',
    inputs: ['audio.beats', 'captions', 'dataset.prices'],
    audioSetup: ({ tools }) => ({ low: tools.lowPass(100), heard: 0 }),
    audio({ channels, state, data }) {
      state.low(channels);
      state.heard += data['audio.beats'].length;
    },
    frame({ data, live }) {
      const [first, said]: [number | undefined, string | undefined] = [data['audio.beats'][0], data.captions[0]?.text];
      const price = data['dataset.prices'][0]?.price;
      // @ts-expect-error: it did not ask for it.
      const other = data.palette;
      return void [first, said, price, other, live.likes.total];
    },
  });
  // @ts-expect-error: there is no such input.
  effect({ title: 'Wrong', inputs: ['audio.spektrum'], frame() {} });
  expect(asked.inputs).toEqual(['audio.beats', 'captions', 'dataset.prices']);
});

it('data that an effect is told cannot be changed by it', async () => {
  const compiled = await inTypeScript(`inputs: ['audio.beats'], frame({ data }) { data['audio.beats'].push(1); }`);
  const work = inspect(compiled, { ...SCENE, params: {}, data: { 'audio.beats': [0.5] }, seed: 1 });
  await expect(work).rejects.toThrow(/not extensible/);
});
