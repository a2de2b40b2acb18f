import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findFFmpeg } from '../render/ffmpeg.ts';
import { escaped, filterChain } from '../render/filter-chain.ts';
import { OFFERED, wrongWith } from '../render/filters.ts';

const { filters: available, ffmpeg } = await findFFmpeg();
const only = (name: string, options = {}) => [{ name, options }];

/** The mean red, green and blue of one frame of a colour after a chain. */
function through(color: string, chain: readonly string[]): number[] {
  const source = `color=${color}:s=256x256:d=1,format=gbrp,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p`;
  const back = 'scale=in_color_matrix=bt709:in_range=tv,format=rgb24';
  const graph = [source, ...chain, back].join(',');
  const args = ['-v', 'error', '-f', 'lavfi', '-i', graph, '-frames:v', '1', '-f', 'rawvideo', '-'];
  const frame = execFileSync(ffmpeg, args);
  const middle = 3 * (128 * 256 + 128);
  return [...frame.subarray(middle, middle + 3)];
}

describe('filters that an effect may not have', () => {
  it.each([
    ...[
      'movie',
      'amovie',
      'subtitles',
      'ass',
      'drawtext',
      'lut3d',
      'lut1d',
      'haldclut',
      'frei0r',
      'ladspa',
      'lv2',
      'sofalizer',
    ],
    ...[
      'zmq',
      'azmq',
      'metadata',
      'ametadata',
      'sendcmd',
      'program_opencl',
      'vidstabdetect',
      'vidstabtransform',
      'signature',
    ],
    ...[
      'psnr',
      'ssim',
      'libvmaf',
      'vmafmotion',
      'removelogo',
      'find_rect',
      'cover_rect',
      'dnn_processing',
      'sr',
      'derain',
      'ocr',
    ],
    ...[
      'geq',
      'minterpolate',
      'nlmeans',
      'loop',
      'scale',
      'tile',
      'pad',
      'zoompan',
      'reverse',
      'lut',
      'lutyuv',
      'lutrgb',
      'random',
    ],
    ...[
      'fps',
      'setpts',
      'select',
      'trim',
      'crop',
      'null',
      'concat',
      'split',
      'overlay',
      'buffer',
      'nullsrc',
      'mandelbrot',
      'perspective',
    ],
    ...['__proto__', 'constructor', 'toString', '', 'eq,movie=/etc/passwd', 'eq[a];movie=x'],
  ])('%s', (name) => {
    expect(wrongWith(only(name))).toEqual([`Filter 1: "${name}" is not offered.`]);
    expect(() => filterChain(only(name), available)).toThrow(/not offered/);
  });

  it.each([
    ['a file to read', 'curves', { psfile: '/etc/passwd' }],
    ['a file to write', 'curves', { plot: '/tmp/x' }],
    ['an option that ends the filter', 'eq', { contrast: '1,movie=/etc/passwd' }],
    ['an option of every object', 'eq', { constructor: 1 }],
    ['an expression where a number belongs', 'hue', { h: 'while(1,0)' }],
    ['an expression for its time', 'eq', { contrast: 1, enable: 'while(1,0)' }],
    ['an expression after its time', 'eq', { enable: 'between(t,1,2)*while(1,0)' }],
    ['a number beyond its bounds', 'gblur', { sigma: 1e9 }],
    ['no number', 'gblur', { sigma: Number.NaN }],
    ['a number that is a text', 'gblur', { sigma: '3' }],
    ['a part of a number', 'boxblur', { luma_radius: 1.5 }],
    ['points with something after them', 'curves', { all: '0/0 1/1,movie=x' }],
    ['a colour that is more', 'drawbox', { color: '#ff0000:t=fill' }],
    ['an object as a value', 'eq', { contrast: {} }],
  ])('%s', (_, name, options) => {
    expect(wrongWith(only(name, options))).toHaveLength(1);
  });

  it('whatever else is answered instead of a list', () => {
    for (const answer of [undefined, null, 'eq', 1, {}, { length: 1 }])
      expect(wrongWith(answer)).toEqual(['Filters are a list.']);
    for (const filter of [undefined, null, 'eq', 1, [], { name: 1 }]) expect(wrongWith([filter])).toHaveLength(1);
    expect(wrongWith([{ name: 'eq', options: 'contrast=1' }])).toHaveLength(1);
    expect(wrongWith(Array(13).fill({ name: 'hflip' }))).toEqual(['There are 13 filters; 12 are the limit.']);
  });
});

describe('filters that an effect may have', () => {
  const names = Object.keys(OFFERED).filter((name) => available.has(name));
  const groups = names.flatMap((_, at) => (at % 10 === 0 ? [names.slice(at, at + 10)] : []));

  /** Some value that the option may have. */
  const any = (option: (typeof OFFERED)[string]['options'][string]) => {
    if (option.kind === 'number')
      return option.whole ? Math.ceil((option.min + option.max) / 2) : (option.min + option.max) / 2;
    return option.kind === 'word' ? (option.words[0] ?? '') : option.like.replace(/ or .*/, '');
  };

  it.each(groups)('are understood by FFmpeg with every option: %s, …', (...group) => {
    const asked = group.map((name) => {
      const options = Object.entries(OFFERED[name]?.options ?? {}).map(([key, option]) => [key, any(option)]);
      // A value and a preset of it exclude each other.
      const kept = options.filter(([key]) => key !== 'preset' && key !== 'all');
      return { name, options: { ...Object.fromEntries(kept), enable: 'between(t,0,0.5)' } };
    });
    expect(wrongWith(asked)).toEqual([]);
    expect(through('red', filterChain(asked, available))).toHaveLength(3);
  });

  it.each([
    ['eq', { contrast: 1 }],
    ['colorchannelmixer', { rr: 1 }],
    ['colorbalance', { rs: 0 }],
    ['curves', { all: '0/0 1/1' }],
    ['exposure', { exposure: 0 }],
    ['hue', { h: 0 }],
    ['gblur', { sigma: 1 }],
    ['vibrance', { intensity: 0 }],
    ['rgbashift', { rh: 3 }],
    ['hqdn3d', {}],
  ])('%s leaves a colour what it was when it is told to do nothing to it', (name, options) => {
    const chain = filterChain([{ name, options }], available);
    for (const [color, expected] of [
      ['0xff0000', [255, 0, 0]],
      ['0x3060c0', [48, 96, 192]],
    ] as const) {
      const found = through(color, chain);
      const off = Math.max(...found.map((value, at) => Math.abs(value - (expected[at] ?? 0))));
      expect(off, `${found}`).toBeLessThan(5);
    }
  });

  it('do what they say', () => {
    const swapped = { name: 'colorchannelmixer', options: { rr: 0, rb: 1, bb: 0, br: 1 } };
    const [red = 0, , blue = 0] = through('red', filterChain([swapped], available));
    expect([red < 5, blue > 250]).toEqual([true, true]);
  });

  it('are converted for once where neighbours work on the same colours', () => {
    const chain = filterChain([...only('vibrance'), ...only('exposure'), ...only('eq')], available);
    expect(chain.filter((filter) => filter.startsWith('scale='))).toHaveLength(2);
  });

  it('have their values escaped for the option and for the graph', () => {
    expect(escaped(`a'b:c,d[e]\\`)).toBe(`a\\\\\\'b\\\\:c\\,d\\[e\\]\\\\\\\\`);
  });

  it('are refused by name where this FFmpeg lacks them', () => {
    expect(() => filterChain(only('eq'), new Set())).toThrow(/lacks the filter eq/);
  });
});
