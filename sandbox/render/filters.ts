// The filters that an effect may ask of FFmpeg, and what each option may be. A filter that is not here is not offered:
// many read or write files and addresses, run code of others, or compute for hours. Options that take an expression take
// a number instead, as FFmpeg's expressions can loop for ever.
import type { Filter } from '@plinth/sdk/effect.ts';

type Option =
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly whole?: true }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'shaped'; readonly shape: RegExp; readonly like: string };

interface Offered {
  /** It works on red, green and blue: the picture is converted there and back, by our own rules. */
  readonly rgb?: true;
  /** What it makes of a frame depends on those before it. */
  readonly remembers?: true;
  readonly options: Readonly<Record<string, Option>>;
}

const between = (min: number, max: number): Option => ({ kind: 'number', min, max });
const whole = (min: number, max: number): Option => ({ kind: 'number', min, max, whole: true });
const word = (...words: string[]): Option => ({ kind: 'word', words });
const shaped = (shape: RegExp, like: string): Option => ({ kind: 'shaped', shape, like });
const all = (option: Option, ...names: string[]) => Object.fromEntries(names.map((name) => [name, option]));

const UNIT = between(0, 1);
const SIGNED = between(-1, 1);
const RADIUS = whole(0, 64);
const COLOUR = shaped(/^#[0-9a-f]{6}([0-9a-f]{2})?$/i, '#ff3b6b or #ff3b6b80');
const POINTS = shaped(
  /^([01](\.\d{1,4})?\/[01](\.\d{1,4})?)( [01](\.\d{1,4})?\/[01](\.\d{1,4})?){1,15}$/,
  '0/0 0.5/0.7 1/1',
);
const SWITCH = word('0', '1');
const CHANNELS = ['rr', 'rg', 'rb', 'ra', 'gr', 'gg', 'gb', 'ga', 'br', 'bg', 'bb', 'ba'];
const PRESETS = [
  'none',
  'color_negative',
  'cross_process',
  'darker',
  'increase_contrast',
  'lighter',
  'linear_contrast',
];
const MORE_PRESETS = ['medium_contrast', 'negative', 'strong_contrast', 'vintage'];
const EDGES = word('smear', 'wrap');

/** When a filter is at work, in seconds: the only expression there is, written by us from two numbers. */
const WHEN = /^between\(t,\d{1,5}(\.\d{1,6})?,\d{1,5}(\.\d{1,6})?\)$/;

export const OFFERED: Readonly<Record<string, Offered>> = {
  avgblur: { options: { sizeX: RADIUS, sizeY: RADIUS, planes: whole(0, 7) } },
  boxblur: {
    options: { ...all(RADIUS, 'luma_radius', 'chroma_radius'), ...all(whole(0, 3), 'luma_power', 'chroma_power') },
  },
  cas: { options: { strength: UNIT } },
  chromashift: { options: { ...all(whole(-255, 255), 'cbh', 'cbv', 'crh', 'crv'), edge: EDGES } },
  colorbalance: {
    rgb: true,
    options: { ...all(SIGNED, 'rs', 'gs', 'bs', 'rm', 'gm', 'bm', 'rh', 'gh', 'bh'), pl: SWITCH },
  },
  colorchannelmixer: { rgb: true, options: all(between(-2, 2), ...CHANNELS) },
  colorize: { options: { hue: between(0, 360), saturation: UNIT, lightness: UNIT, mix: UNIT } },
  colorlevels: {
    rgb: true,
    options: all(SIGNED, ...['ri', 'gi', 'bi', 'ro', 'go', 'bo'].flatMap((end) => [`${end}min`, `${end}max`])),
  },
  colortemperature: { rgb: true, options: { temperature: between(1_000, 40_000), mix: UNIT, pl: UNIT } },
  curves: {
    rgb: true,
    options: { ...all(POINTS, 'master', 'red', 'green', 'blue', 'all'), preset: word(...PRESETS, ...MORE_PRESETS) },
  },
  deband: { options: { ...all(between(0.00003, 0.5), '1thr', '2thr', '3thr'), range: whole(1, 64) } },
  dilation: { options: { coordinates: whole(0, 255) } },
  drawbox: {
    options: {
      ...all(whole(0, 8_192), 'x', 'y', 'w', 'h'),
      color: COLOUR,
      thickness: shaped(/^(fill|\d{1,3})$/, '4 or fill'),
    },
  },
  drawgrid: {
    options: {
      ...all(whole(0, 8_192), 'x', 'y'),
      ...all(whole(2, 8_192), 'w', 'h'),
      color: COLOUR,
      thickness: whole(1, 999),
    },
  },
  edgedetect: { options: { low: UNIT, high: UNIT, mode: word('wires', 'colormix') } },
  eq: {
    options: {
      ...{
        contrast: between(-2, 2),
        brightness: SIGNED,
        saturation: between(0, 3),
        gamma: between(0.1, 10),
        gamma_weight: UNIT,
      },
      ...all(between(0.1, 10), 'gamma_r', 'gamma_g', 'gamma_b'),
    },
  },
  erosion: { options: { coordinates: whole(0, 255) } },
  exposure: { rgb: true, options: { exposure: between(-3, 3), black: SIGNED } },
  fade: {
    options: { type: word('in', 'out'), ...all(between(0, 86_400), 'start_time', 'duration'), color: COLOUR },
  },
  gblur: { options: { sigma: between(0, 100), steps: whole(1, 4) } },
  hflip: { options: {} },
  hqdn3d: { remembers: true, options: all(between(0, 30), 'luma_spatial', 'chroma_spatial', 'luma_tmp', 'chroma_tmp') },
  hue: { options: { h: between(-360, 360), s: between(-10, 10), b: between(-10, 10) } },
  huesaturation: { rgb: true, options: { hue: between(-180, 180), saturation: SIGNED, intensity: SIGNED } },
  lagfun: { remembers: true, options: { decay: UNIT } },
  lenscorrection: { options: { ...all(UNIT, 'cx', 'cy'), ...all(SIGNED, 'k1', 'k2'), i: word('nearest', 'bilinear') } },
  monochrome: { options: { ...all(SIGNED, 'cb', 'cr'), size: between(0.1, 10), high: UNIT } },
  negate: { options: { negate_alpha: word('0') } },
  noise: {
    remembers: true,
    options: { alls: whole(0, 100), allf: shaped(/^[atpu](\+[atpu]){0,3}$/, 't+u'), all_seed: whole(0, 2_147_483_647) },
  },
  prewitt: { options: { scale: between(0, 10), delta: between(-255, 255) } },
  rgbashift: { rgb: true, options: { ...all(whole(-255, 255), 'rh', 'rv', 'gh', 'gv', 'bh', 'bv'), edge: EDGES } },
  roberts: { options: { scale: between(0, 10), delta: between(-255, 255) } },
  rotate: { options: { angle: between(-7, 7), fillcolor: COLOUR } },
  smartblur: {
    options: {
      ...all(between(0.1, 5), 'luma_radius', 'chroma_radius'),
      ...all(SIGNED, 'luma_strength', 'chroma_strength'),
    },
  },
  sobel: { options: { scale: between(0, 10), delta: between(-255, 255) } },
  tmix: { remembers: true, options: { frames: whole(1, 16) } },
  unsharp: {
    options: { ...all(shaped(/^(3|5|7|9|11|13)$/, '5'), 'lx', 'ly', 'cx', 'cy'), ...all(between(-2, 5), 'la', 'ca') },
  },
  vflip: { options: {} },
  vibrance: { rgb: true, options: all(between(-2, 2), 'intensity', 'rbal', 'gbal', 'bbal') },
  vignette: {
    options: { angle: between(0, 1.57), ...all(between(0, 8_192), 'x0', 'y0'), mode: word('forward', 'backward') },
  },
};

/** The first of a list whose frames cannot be made without those before them. */
export const remembering = (filters: readonly Filter[]): string | undefined =>
  filters.find(({ name }) => OFFERED[name]?.remembers)?.name;

/** A chain of this length is a picture's business; a longer one is a machine's. */
const MOST_FILTERS = 12;

/** What is wrong with a list of filters that a stranger's code answered; empty where it may be used. */
export function wrongWith(asked: unknown): readonly string[] {
  if (!Array.isArray(asked)) return ['Filters are a list.'];
  if (asked.length > MOST_FILTERS) return [`There are ${asked.length} filters; ${MOST_FILTERS} are the limit.`];
  return asked.flatMap((filter: unknown, at) => wrongWithOne(filter).map((problem) => `Filter ${at + 1}: ${problem}`));
}

function wrongWithOne(filter: unknown): string[] {
  const { name, options = {} } = (filter ?? {}) as Partial<Filter>;
  if (typeof name !== 'string' || !Object.hasOwn(OFFERED, name)) return [`"${String(name)}" is not offered.`];
  if (typeof options !== 'object' || options === null) return ['Its options are an object.'];
  const offered = OFFERED[name]?.options ?? {};
  return Object.entries(options).flatMap(([key, value]) => {
    if (key === 'enable')
      return WHEN.test(String(value)) ? [] : ['"enable" is between(t,1,2.5): from and to, in seconds.'];
    const option = Object.hasOwn(offered, key) ? offered[key] : undefined;
    if (!option)
      return [`"${name}" has no option "${key}" here. It has: ${Object.keys(offered).join(', ') || 'none'}.`];
    const problem = wrongValue(option, value);
    return problem ? [`"${key}" of "${name}" ${problem}`] : [];
  });
}

function wrongValue(option: Option, value: unknown): string | undefined {
  return fits(option, value) ? undefined : `is ${meaning(option)}.`;
}

function fits(option: Option, value: unknown): boolean {
  if (option.kind === 'number') {
    const within = typeof value === 'number' && value >= option.min && value <= option.max;
    return within && (!option.whole || Number.isInteger(value));
  }
  const text = typeof value === 'number' ? `${value}` : value;
  return typeof text === 'string' && (option.kind === 'word' ? option.words.includes(text) : option.shape.test(text));
}

/** What an option may be, in words. */
export function meaning(option: Option): string {
  if (option.kind === 'number') return `a ${option.whole ? 'whole ' : ''}number from ${option.min} to ${option.max}`;
  return option.kind === 'word' ? `one of ${option.words.join(', ')}` : `written like ${option.like}`;
}
