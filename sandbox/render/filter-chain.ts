// A list of filters as FFmpeg's own text.
import type { Filter } from '@plinth/sdk/effect.ts';
import { renderErrors } from './errors.ts';
import { OFFERED, wrongWith } from './filters.ts';
import type { Fraction } from './fraction.ts';
import { TAGS } from './normalise.ts';

/** Left alone FFmpeg takes the picture for BT.601 on the way back. */
const TO_RGB = ['scale=in_color_matrix=bt709:in_range=tv:flags=bicubic+accurate_rnd+full_chroma_int', 'format=gbrp'];
const FROM_RGB = [
  'scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int',
  ...['format=yuv420p', TAGS],
];

/**
 * The filters that an effect asked for, checked, each with its options escaped.
 *
 * @example filterChain([{ name: 'eq', options: { contrast: 1.2 } }], available) // ['eq=contrast=1.2', 'format=yuv420p']
 */
export function filterChain(asked: unknown, available: ReadonlySet<string>): string[] {
  const problems = wrongWith(asked);
  if (problems.length > 0) throw renderErrors.bad_filter({ detail: problems[0] ?? '', problems });
  const filters = asked as readonly Filter[];
  const missing = filters.find(({ name }) => !available.has(name));
  if (missing) throw renderErrors.weak_ffmpeg({ detail: `It lacks the filter ${missing.name}.` });
  const chain: string[] = [];
  let isRgb = false;
  for (const filter of filters) {
    const wantsRgb = OFFERED[filter.name]?.rgb === true;
    // Neighbours that work on the same colours are not converted between.
    if (wantsRgb !== isRgb) chain.push(...(wantsRgb ? TO_RGB : FROM_RGB));
    isRgb = wantsRgb;
    // Some would rather have another layout of the same colours.
    chain.push(written(filter), ...(wantsRgb ? ['format=gbrp'] : ['format=yuv420p']));
  }
  if (isRgb) chain.push(...FROM_RGB);
  return chain;
}

/** Filters that go by the time are told that of the whole, where only a part of it is made. */
export function atTheirTime(filters: readonly string[], first: number, fps: Fraction): readonly string[] {
  if (filters.length === 0 || first === 0) return filters;
  return [`setpts=PTS+${first * fps.den}/(${fps.num}*TB)`, ...filters, 'setpts=PTS-STARTPTS'];
}

function written({ name, options = {} }: Filter): string {
  const parts = Object.entries(options).map(([key, value]) => `${key}=${escaped(String(value))}`);
  return parts.length === 0 ? name : `${name}=${parts.join(':')}`;
}

/** Once for the option's value, and once more for the graph that it stands in. */
export function escaped(value: string): string {
  return value.replace(/[\\':]/g, '\\$&').replace(/[\\'[\],;]/g, '\\$&');
}
