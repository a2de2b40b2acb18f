import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { soundTools } from '../audio/tools.ts';
import { type RenderOptions, render } from '../render/pipeline.ts';
import { renderInSegments } from '../render/render-in-segments.ts';
import { compile } from '../supervisor/compile.ts';
import { aDirectory, ffmpeg, H264, pattern, soundOf, streamsOf } from './clips.ts';
import { inTurn, noise, RATE, silence, sine, writeWav } from './sounds.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);

const inTypeScript = (body: string, name = 'sound.ts') =>
  compile(
    name,
    `import { effect, number } from '@plinth/sdk/effect';\nexport default effect({ title: 'Sound', ${body} });`,
  );
const inPython = (text: string) => compile('sound.py', `from plinth import *\n${text}`);

type Compiled = Awaited<ReturnType<typeof compile>>;

async function heard(clip: string, effects: readonly Compiled[], options: Partial<RenderOptions> = {}) {
  const output = at(`${crypto.randomUUID()}.mp4`);
  const printed: string[] = [];
  const uses = effects.map((compiled) => ({ compiled }));
  const { why } = await render({
    input: at(clip),
    output,
    effects: uses,
    onPrint: (text) => printed.push(text),
    ...options,
  });
  const [sound] = streamsOf(output).filter(({ codec_type }) => codec_type === 'audio');
  // AAC comes in whole packets: what of the last is sound, the file says.
  const samples = sound?.duration_ts ?? 0;
  return { output, why, printed, samples, sound: soundOf(output) };
}

/** What a render without any effect on sound makes of it: encoded as ours is. */
const AS_IT_IS = `audio() {}`;
const CLICK_AT = 12_345;

function click(place: number, seconds = 1): Float32Array {
  const samples = silence(seconds);
  // A little longer than a sample: that is what an encoder of hearing keeps.
  for (const [by, loud] of [0.4, 0.9, 0.4].entries()) samples[place - 1 + by] = loud;
  return samples;
}

const loudest = (samples: Int16Array) =>
  samples.reduce((best, sample, place) => (Math.abs(sample) > Math.abs(samples[best] ?? 0) ? place : best), 0);
const loud = (samples: Int16Array) =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

function clip(name: string, sound: readonly Float32Array[], ...more: readonly string[]): void {
  const wav = writeWav(at(`${name}.wav`), ...sound);
  const seconds = (sound[0]?.length ?? 0) / RATE;
  ffmpeg(...pattern('64x64', 30, seconds), '-i', wav, ...H264, '-c:a', 'pcm_f32le', ...more, at(name));
}

const ECHO = `audioSetup: ({ tools }) => ({ echo: tools.delay(0.25, { mix: 0.8 }) }), audio({ channels, state }) { state.echo(channels); }`;
const ECHO_PY = `
def setup(scene):
    return {"echo": scene.tools.delay(0.25, mix=0.8)}

def echo(f):
    f.state["echo"](f.channels)

effect(title="Echo", audio=echo, audio_setup=setup)
`;

beforeAll(() => {
  clip('click.mov', [click(CLICK_AT)]);
  clip('both.mov', [click(CLICK_AT), click(30_000)]);
  clip('tone.mov', [sine(2, 440)]);
  ffmpeg(...pattern('64x64', 30, 1), ...H264, at('mute.mp4'));
});

describe('what an effect leaves as it is', () => {
  it.each([
    ['one channel', 'click.mov', 1],
    ['two channels', 'both.mov', 2],
  ])('stays at its sample, and nothing is longer or shorter (%s)', async (_, name, channels) => {
    const { sound, output, why, samples } = await heard(name, [await inTypeScript(AS_IT_IS)]);
    expect(samples).toBe(RATE);
    const left = sound.filter((__, place) => place % channels === 0);
    expect(loudest(left)).toBe(CLICK_AT);
    if (channels === 2) expect(loudest(sound.filter((__, place) => place % 2 === 1))).toBe(30_000);
    expect(streamsOf(output).map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(why).toMatch(/The sound goes through the effects in 47 blocks: 48000 Hz/);
  });

  it('keeps its rate', async () => {
    clip('slow.mov', [click(CLICK_AT)], '-af', 'asetrate=44100', '-ar', '44100');
    const { sound, printed } = await heard('slow.mov', [
      await inTypeScript(`audio({ index, sampleRate }) { if (index === 0) console.log(sampleRate); }`),
    ]);
    expect(printed).toEqual(['44100']);
    expect(loudest(sound)).toBe(CLICK_AT);
  });

  it('is where it was in a part of the clip', async () => {
    const { sound, samples } = await heard('click.mov', [await inTypeScript(AS_IT_IS)], { from: 0.2, to: 0.7 });
    expect([samples, loudest(sound)]).toEqual([RATE / 2, CLICK_AT - RATE / 5]);
  });

  it('and in a span of it, which has heard what was before', async () => {
    const counting = `audioSetup: () => ({ blocks: 0 }), audio({ state, channels, index }) {
      if (state.blocks++ !== index) throw new Error('out of order');
      for (const samples of channels) samples.fill(index % 2 ? 0.25 : 0);
    }`;
    const effects = [await inTypeScript(counting)];
    const whole = await heard('tone.mov', effects);
    const span = await heard('tone.mov', effects, { span: { first: 20, frames: 20 } });
    expect(span.samples).toBe((20 / 30) * RATE);
    const from = whole.sound.subarray((20 / 30) * RATE);
    const off = span.sound.map((sample, place) => Math.abs(sample - (from[place] ?? 0))).subarray(3_000, 28_000);
    expect(loud(Int16Array.from(off))).toBeLessThan(0.05 * loud(whole.sound));
  });

  it('and where the pictures are made in parts', async () => {
    const [effects, output] = [[{ compiled: await inTypeScript(ECHO) }], at('parts.mp4')];
    await renderInSegments({ input: at('click.mov'), output, effects, segments: 2 });
    const { sound } = await heard(
      'click.mov',
      effects.map(({ compiled }) => compiled),
    );
    expect(soundOf(output)).toEqual(sound);
  });

  it('begins where it began, when that is later than the pictures', async () => {
    const wav = writeWav(at('late.wav'), click(CLICK_AT));
    ffmpeg(...pattern('64x64', 30, 2), '-itsoffset', '0.5', '-i', wav, ...H264, '-c:a', 'pcm_f32le', at('late.mov'));
    const { sound } = await heard('late.mov', [await inTypeScript(AS_IT_IS)]);
    expect(loudest(sound)).toBe(CLICK_AT + RATE / 2);
  });
});

describe('what an effect does to sound', () => {
  it.each([
    ['JavaScript', () => inTypeScript(ECHO)],
    ['Python', () => inPython(ECHO_PY)],
  ])('may reach over blocks, as an echo does (%s)', async (_, compiled) => {
    const { sound } = await heard('click.mov', [await compiled()]);
    expect(loudest(sound)).toBe(CLICK_AT);
    const echo = sound.subarray(CLICK_AT + 4_000);
    expect(loudest(echo)).toBe(RATE / 4 - 4_000);
    expect(Math.abs(echo[RATE / 4 - 4_000] ?? 0) / Math.abs(sound[CLICK_AT] ?? 1)).toBeCloseTo(0.8, 1);
  });

  it('is the same in both languages', async () => {
    const script = `audio({ channels: [samples], random, index, t }) {
      const loud = random() * (index % 3) * t;
      for (let at = 0; at < samples.length; at++) samples[at] *= loud;
    }`;
    const python = `
def audio(f):
    loud = f.random() * (f.index % 3) * f.t
    samples = f.channels[0]
    for at in range(len(samples)):
        samples[at] *= loud

effect(title="Sound", audio=audio)
`;
    const [one, other] = [
      await heard('tone.mov', [await inTypeScript(script)]),
      await heard('tone.mov', [await inPython(python)]),
    ];
    expect(other.sound).toEqual(one.sound);
    expect(loud(one.sound)).toBeGreaterThan(500);
  });

  it('is the same each time, byte for byte, and another with another seed', async () => {
    const hiss = await inTypeScript(
      `audio({ channels, random }) { for (const samples of channels) samples.forEach((_, at) => (samples[at] = random() - 0.5)); }`,
    );
    const [one, again, other] = [
      await heard('tone.mov', [hiss]),
      await heard('tone.mov', [hiss]),
      await heard('tone.mov', [hiss], { seed: 2 }),
    ];
    expect(again.sound).toEqual(one.sound);
    expect(other.sound).not.toEqual(one.sound);
  });

  it('is done in the order of the effects, each with its own params, whoever they are of', async () => {
    const louder = await inTypeScript(
      `params: { by: number(1) }, audio({ channels, params, tools }) { tools.gain(channels, params.by); }`,
    );
    const squared = await inTypeScript(
      `audio({ channels }) { for (const samples of channels) samples.forEach((sample, at) => (samples[at] = sample * sample)); }`,
    );
    const half = { compiled: louder, params: { by: 0.5 }, party: 'one' };
    const square = { compiled: squared, party: 'other' };
    const first = await heard('tone.mov', [], { effects: [half, square] });
    const last = await heard('tone.mov', [], { effects: [square, half] });
    // (s / 2)² is half of s² / 2.
    expect(loud(last.sound) / loud(first.sound)).toBeCloseTo(2, 1);
  });

  it('goes with pictures that are drawn, and knows what its inputs say', async () => {
    const both = `inputs: ['audio.beats', 'video.meta'], frame({ canvas }) { canvas.rect(0, 0, 8, 8); }, audio({ data, index }) { if (index === 3) console.log(data['video.meta'].fps, data['audio.beats'].length); }`;
    const { why, printed, samples } = await heard('tone.mov', [await inTypeScript(both)]);
    expect(why).toMatch(/overlay.*Found out in .*audio\.beats.*The sound goes through/);
    expect(printed).toEqual(['30 0']);
    expect(samples).toBe(2 * RATE);
  });

  it('is that of the first sound; others stay as they are', async () => {
    const args = ['-map', '0:v', '-map', '0:a', '-map', '1:a', ...H264, '-c:a', 'aac'];
    ffmpeg('-i', at('tone.mov'), '-i', at('click.mov'), ...args, at('two.mp4'));
    const { output } = await heard('two.mp4', [
      await inTypeScript(`audio({ channels, tools }) { tools.gain(channels, 0); }`),
    ]);
    expect(streamsOf(output).map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac', 'aac']);
    expect(loud(soundOf(output))).toBeLessThan(2);
    ffmpeg('-i', output, '-map', '0:a:1', '-c', 'copy', at('second.mp4'));
    expect(loudest(soundOf(at('second.mp4')))).toBe(CLICK_AT);
  });

  it('that is no number is silence', async () => {
    const { sound } = await heard('tone.mov', [
      await inTypeScript(`audio({ channels }) { channels[0]?.fill(Number.NaN); }`),
    ]);
    expect(loud(sound)).toBe(0);
  });
});

it('a clip without sound stays silent, and the effect is not called', async () => {
  const compiled = await inTypeScript(`audioSetup() { console.log('called'); }, audio() { console.log('called'); }`);
  const [output, printed]: [string, string[]] = [at('still-mute.mp4'), []];
  const onPrint = (text: string) => printed.push(text);
  const { why } = await render({ input: at('mute.mp4'), output, effects: [{ compiled }], onPrint });
  expect(why).toMatch('The clip has no sound: audio(…) is not called.');
  expect(printed).toEqual([]);
  expect(streamsOf(output).map(({ codec_name }) => codec_name)).toEqual(['h264']);
});

describe('an effect that fails in its sound is told where', () => {
  const failing = async (body: string, name = 'sound.ts') => {
    const output = at(`${crypto.randomUUID()}.mp4`);
    return render({ input: at('tone.mov'), output, effects: [{ compiled: await inTypeScript(body, name) }] }).then(
      () => {
        throw new Error('It was rendered.');
      },
      (error: Error & { code: string; extensions: Record<string, unknown> }) => error,
    );
  };

  it('by its block and its place', async () => {
    const error = await failing(`audio({ index }) {\n if (index === 20) null.x; }`);
    expect(error).toMatchObject({
      code: 'render.effect_failed',
      extensions: { block: 20, error: { code: 'sandbox.threw', file: 'sound.ts', line: 3 } },
    });
  });

  it('when it takes too long', async () => {
    const error = await failing(`audio({ index }) { if (index === 5) for (;;); }`);
    expect(error).toMatchObject({ extensions: { block: 5, error: { code: 'sandbox.block' } } });
    expect(error.message).toMatch(/One block of sound took longer than 500 ms/);
  });

  it('when it hangs its isolate for good', async () => {
    const error = await failing(`audio({ index }) { if (index === 5) new Array(2 ** 27).fill({}); }`);
    expect(error).toMatchObject({ code: 'render.effect_failed' });
  });

  it('in Python by the lines of Python', async () => {
    const compiled = await inPython(
      `def audio(f):\n    if f.index == 7:\n        f.nothing()\n\neffect(title="Sound", audio=audio)\n`,
    );
    const work = render({ input: at('tone.mov'), output: at('never.mp4'), effects: [{ compiled }] });
    await expect(work).rejects.toMatchObject({ extensions: { block: 7, error: { file: 'sound.py', line: 4 } } });
  });

  it('and has no clock, no chance and no way out', async () => {
    expect((await failing(`audio() { Math.random(); }`)).message).toMatch(/random\(\)/);
    expect((await failing(`audio() { Date.now(); }`)).message).toMatch(/clock/);
  });
});

describe('tools', () => {
  const through = (
    samples: Float32Array,
    use: (tools: ReturnType<typeof soundTools>) => (channels: Float32Array[]) => void,
  ) => {
    const tool = use(soundTools(RATE, 1));
    for (let from = 0; from < samples.length; from += 1_000) tool([samples.subarray(from, from + 1_000)]);
    return Math.sqrt(samples.subarray(RATE / 2).reduce((sum, sample) => sum + sample * sample, 0) / (RATE / 2));
  };
  const level = (hertz: number) => through(sine(1, hertz), () => () => {});
  const decibels = (one: number, other: number) => 20 * Math.log10(one / other);

  it('filter as they say: 3 dB less at the edge, 12 dB less for each octave beyond', () => {
    const low = (hertz: number) =>
      decibels(
        through(sine(1, hertz), (tools) => tools.lowPass(1_000)),
        level(hertz),
      );
    expect([low(100), low(1_000), low(4_000)].map((one) => Math.round(one) || 0)).toEqual([0, -3, -24]);
    const high = (hertz: number) =>
      decibels(
        through(sine(1, hertz), (tools) => tools.highPass(1_000)),
        level(hertz),
      );
    expect([high(250), high(1_000), high(8_000)].map((one) => Math.round(one) || 0)).toEqual([-24, -3, 0]);
  });

  it('change gain without a step', () => {
    const samples = inTurn(new Float32Array(100).fill(1));
    soundTools(RATE, 1).gain([samples], 0, 1);
    expect([samples[0], samples[50]]).toEqual([0, 0.5]);
  });

  it('never grow beyond bounds, and refuse what makes no sense', () => {
    const loudAtLast = through(noise(1, 0.1), (tools) => tools.delay(0.01, { feedback: 5 }));
    expect(loudAtLast).toBeLessThan(5);
    expect(() => soundTools(RATE, 1).delay(60)).toThrow(/10 seconds/);
    expect(() => soundTools(RATE, 1).lowPass(-1)).toThrow(/above 0/);
  });
});
