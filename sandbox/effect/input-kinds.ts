// Each input: what it must look like, what it is where there is none, and what is left of it in a part of a clip.
import type { Caption, Dataset, Input, LiveEvent, VideoMeta, ViewerCount } from '@plinth/sdk/effect.ts';
import { captionsIn } from './captions.ts';

/** What is rendered of a clip: frames, and the second that the first of them is at. */
export interface Part {
  readonly first: number;
  readonly frames: number;
  readonly from: number;
}

export interface InputKind<T = unknown> {
  /** What it is, for whoever gave something else. */
  readonly says: string;
  /** Nothing where that is not what it says. */
  read(given: unknown): T | undefined;
  within(all: T, part: Part): T;
  readonly empty: T;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const fieldsOf = (value: unknown) =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Every one of a list read, or nothing. */
function all<T>(given: unknown, read: (one: unknown) => T | undefined): T[] | undefined {
  if (!isList(given)) return undefined;
  const found: T[] = [];
  for (const one of given) {
    const good = read(one);
    if (good === undefined) return undefined;
    found.push(good);
  }
  return found;
}

const numbers = (given: unknown) => all(given, (one) => (isNumber(one) ? one : undefined));
const byFrame = <T>(frames: readonly T[], { first, frames: count }: Part) => frames.slice(first, first + count);
const earlier = <T extends { readonly t: number }>(events: readonly T[], { from }: Part) =>
  from === 0 ? events : events.map((event) => ({ ...event, t: event.t - from }));
const byTime = (a: { readonly t: number }, b: { readonly t: number }) => a.t - b.t;

const levels: InputKind<readonly number[]> = {
  says: 'a list of numbers from 0 to 1, one for each frame',
  read: numbers,
  within: byFrame,
  empty: [],
};

const events: InputKind<readonly LiveEvent[]> = {
  says: 'a list of { "t": seconds, "count": 1, "name": "Ada", "amount": 5 }, of which only t is needed',
  read: (given) => all(given, eventOf)?.sort(byTime),
  within: earlier,
  empty: [],
};

function eventOf(given: unknown): LiveEvent | undefined {
  const { t, count = 1, name = '', amount = 0 } = isNumber(given) ? { t: given } : fieldsOf(given);
  const isEvent = isNumber(t) && isNumber(count) && isNumber(amount);
  return isEvent ? { ...fieldsOf(given), t, count, name: String(name), amount } : undefined;
}

const captions: InputKind<readonly Caption[]> = {
  says: 'a list of { "from": seconds, "to": seconds, "text": "…" }, or the text of a .vtt or .srt file',
  read: (given) => (typeof given === 'string' ? captionsIn(given) : all(given, captionOf)),
  within: (said, { from }) => said.map((one) => ({ ...one, from: one.from - from, to: one.to - from })),
  empty: [],
};

function captionOf(given: unknown): Caption | undefined {
  const { from, to, text } = fieldsOf(given);
  return isNumber(from) && isNumber(to) && typeof text === 'string' ? { from, to, text } : undefined;
}

const rows: InputKind<Dataset> = {
  says: 'a list of rows, each an object',
  read: (given) =>
    all(given, (one) => (typeof one === 'object' && one !== null ? (one as Dataset[number]) : undefined)),
  within: (table) => table,
  empty: [],
};

export const NO_CLIP: VideoMeta = {
  ...{ width: 0, height: 0, fps: 0, frames: 0, duration: 0, rotation: 0, codec: '', hasSound: false },
};

const KINDS: { readonly [I in Exclude<Input, `dataset.${string}`>]: InputKind } = {
  'video.meta': {
    says: 'an object with width, height, fps, frames and duration',
    read: (given) => (isNumber(fieldsOf(given).width) ? { ...NO_CLIP, ...fieldsOf(given) } : undefined),
    within: (meta) => meta,
    empty: NO_CLIP,
  },
  'audio.spectrum': kind({
    says: 'a list of lists of numbers from 0 to 1, one list for each frame',
    read: (given) => all(given, numbers),
    within: byFrame,
    empty: [] as readonly (readonly number[])[],
  }),
  'audio.beats': kind({
    says: 'a list of seconds',
    read: (given) => numbers(given)?.sort((a, b) => a - b),
    within: (times, { from }) => times.map((t) => t - from),
    empty: [] as readonly number[],
  }),
  'audio.loudness': kind(levels),
  captions: kind(captions),
  palette: kind({
    says: 'a list of colours like #ff3b6b',
    read: (given) => all(given, (one) => (/^#[0-9a-f]{6}$/i.test(String(one)) ? String(one) : undefined)),
    within: (colors) => colors,
    empty: [] as readonly string[],
  }),
  motion: kind(levels),
  'live.likes': kind(events),
  'live.gifts': kind(events),
  'live.viewers': kind({
    says: 'a list of { "t": seconds, "count": 120 }',
    read: (given) =>
      all(given, eventOf)
        ?.map(({ t, count }): ViewerCount => ({ t, count }))
        .sort(byTime),
    within: earlier,
    empty: [] as readonly ViewerCount[],
  }),
};

/** Its `read` is the only way to what its `within` is given. */
function kind<T>(known: InputKind<T>): InputKind {
  return known as InputKind;
}

/** Nothing for an input that nobody offers. */
export function kindOf(name: string): InputKind | undefined {
  if (Object.hasOwn(KINDS, name)) return KINDS[name as keyof typeof KINDS];
  return /^dataset\.\w[\w-]*$/.test(name) ? kind(rows) : undefined;
}

export const INPUT_NAMES: readonly string[] = [...Object.keys(KINDS), 'dataset.<name>'];
