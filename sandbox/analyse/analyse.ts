// Finds out about a clip whatever is asked for, all of it at once: its sound and its pictures are decoded once each, side by
// side, in FFmpeg's jail, and go by without being kept.
import type { Readable } from 'node:stream';
import { ANALYSE_BOUNDS, ANALYSE_SECOND_MS } from '../limits.ts';
import { renderErrors } from '../render/errors.ts';
import { type FFmpeg, findFFmpeg } from '../render/ffmpeg.ts';
import { rateOf } from '../render/fraction.ts';
import { type JailedRun, startJailed } from '../render/jail.ts';
import type { ClipFacts } from '../render/probe.ts';
import { type Media, probeMedia } from '../render/probe-media.ts';
import type { Window } from '../render/window.ts';
import { type Analyser, type Analysis, SAMPLE_RATE, type Sound, type Subject } from './analyser.ts';
import { ANALYSERS, type AnalyserName, type Findings } from './analysers.ts';
import { cutOf, picturesOut, sizesOf, soundOut } from './commands.ts';
import { pieces, SoundPieces } from './pieces.ts';

export interface AnalyseOptions<N extends string> {
  readonly input: string;
  readonly analysers: readonly N[];
  /** What `probeMedia` said of it, if it was asked already. */
  readonly media?: Media;
  /** The frames that count; all of them, if absent. */
  readonly window?: Window;
  /** Frames a second of what is only heard. */
  readonly fps?: number;
  readonly ffmpeg?: FFmpeg;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

export type Analysed<N extends AnalyserName> = Pick<Findings, N>;

const SOUND_FPS = 30;
/** Seconds from one large picture to the next. */
const LOOK_EVERY = 1;

/** @example const { palette, 'audio.beats': beats } = await analyse({ input, analysers: ['palette', 'audio.beats'] }); */
export async function analyse<N extends AnalyserName>(options: AnalyseOptions<N>): Promise<Analysed<N>> {
  return (await analyseWith(ANALYSERS, options)) as Analysed<N>;
}

export type Analysers = Readonly<Record<string, Analyser<unknown>>>;

/** The same where there are others beside ours. Names that none has find nothing. */
export async function analyseWith(
  all: Analysers,
  options: AnalyseOptions<string>,
): Promise<Readonly<Record<string, unknown>>> {
  const { input, signal } = options;
  const ffmpeg = options.ffmpeg ?? (await findFFmpeg());
  const media = options.media ?? (await probeMedia(input, { ffmpeg, ...(signal ? { signal } : {}) }));
  const subject = subjectOf(media, options);
  const begun = options.analysers.flatMap((name) => {
    const analyser = all[name];
    return analyser ? [{ name, takes: analyser.takes, analysis: analyser.begin(subject) }] : [];
  });
  const needs = (what: (typeof begun)[number]['takes'][number]) => begun.some(({ takes }) => takes.includes(what));
  const stop = new AbortController();
  const feeding = { ...options, ffmpeg, media, subject, stop, analyses: begun.map(({ analysis }) => analysis) };
  const progress = sharedProgress(options.onProgress);
  const cancel = () => stop.abort();
  signal?.addEventListener('abort', cancel);
  try {
    if (signal?.aborted) throw renderErrors.cancelled();
    await Promise.all([
      ...(needs('sound') && subject.hasSound ? [feedSound(feeding, progress())] : []),
      ...(subject.clip && (needs('pictures') || needs('details'))
        ? [feedPictures(feeding, subject.clip, { small: needs('pictures'), large: needs('details') }, progress())]
        : []),
    ]);
  } finally {
    // Where one failed, nobody waits for the other.
    stop.abort();
    signal?.removeEventListener('abort', cancel);
  }
  return Object.fromEntries(begun.map(({ name, analysis }) => [name, analysis.end()]));
}

function subjectOf({ kind, facts }: Media, { window, fps = SOUND_FPS }: AnalyseOptions<string>): Subject {
  const clip = kind === 'audio' ? undefined : facts;
  const rate = clip ? rateOf(clip.fps) : fps;
  const frames = window?.frames ?? clip?.frames ?? Math.ceil(facts.duration * rate);
  const duration = frames / rate;
  const every = Math.max(1, Math.round(LOOK_EVERY * rate)) / rate;
  const sizes = sizesOf(clip ?? { width: 0, height: 0 });
  return { clip, fps: rate, frames, duration, hasSound: facts.audio.length > 0, ...sizes, every };
}

interface Feeding extends AnalyseOptions<string> {
  readonly ffmpeg: FFmpeg;
  readonly media: Media;
  readonly subject: Subject;
  readonly stop: AbortController;
  readonly analyses: readonly Analysis<unknown>[];
}

async function feedSound(feeding: Feeding, progress: (part: number) => void): Promise<void> {
  const { media, window, subject, analyses } = feeding;
  const [{ stream, channels: found } = { stream: 0, channels: 2 }] = media.facts.audio;
  // FFmpeg would make one channel two softer ones.
  const channels = found === 1 ? 1 : 2;
  const cut = media.kind === 'video' && window ? cutOf(media.facts, window) : {};
  const listeners = analyses.filter((analysis) => analysis.hear);
  const all = subject.duration * SAMPLE_RATE;
  const sound = new SoundPieces(channels);
  let heard = 0;
  await decoded(
    feeding,
    { args: (place) => soundOut({ stream, channels, ...cut }, place) },
    async ({ stdout, third }) => {
      third.resume();
      for await (const bytes of stdout ?? []) {
        const piece: Sound = sound.of(bytes);
        for (const listener of listeners) listener.hear?.(piece);
        heard += piece.mono.length;
        progress(heard / all);
      }
    },
  );
}

async function feedPictures(
  feeding: Feeding,
  clip: ClipFacts,
  wanted: { readonly small: boolean; readonly large: boolean },
  progress: (part: number) => void,
): Promise<void> {
  const { subject, ffmpeg, threads = 2, analyses } = feeding;
  const { small, large, frames } = subject;
  const window = feeding.window ?? { first: 0, frames, whole: true };
  const of = Math.round(subject.every * subject.fps);
  const sizes = { ...(wanted.small ? { small } : {}), ...(wanted.large ? { large: { ...large, of } } : {}) };
  const task = { clip, window, ffmpeg, threads, ...sizes };
  const see = (bytes: Uint8Array, frame: number) => {
    for (const analysis of analyses) analysis.see?.(bytes, frame);
    progress((frame + 1) / frames);
  };
  const look = (bytes: Uint8Array, at: number) => {
    for (const analysis of analyses) analysis.look?.(bytes, at);
    if (!wanted.small) progress(((at + 1) * of) / frames);
  };
  const run = { args: (place: Parameters<JailedRun['args']>[0]) => picturesOut(task, place) };
  let [seen, looked] = [0, 0];
  await decoded(feeding, run, ({ stdout, third }) =>
    Promise.all([
      pieces(stdout, small.width * small.height * 3, wanted.small ? (bytes) => see(bytes, seen++) : undefined),
      pieces(third, large.width * large.height, wanted.large ? (bytes) => look(bytes, looked++) : undefined),
    ]),
  );
  const expected = wanted.small ? frames : Math.ceil(frames / of);
  const came = wanted.small ? seen : looked;
  if (came !== expected)
    throw renderErrors.damaged({
      detail: `${expected} pictures were expected, and ${came} came: the clip ends early.`,
    });
}

interface Streams {
  readonly stdout: Readable | undefined;
  readonly third: Readable;
}

/** Runs FFmpeg over the file until all that it says is read. */
async function decoded(
  { input, ffmpeg, subject, stop }: Feeding,
  run: Pick<JailedRun, 'args'>,
  read: (streams: Streams) => Promise<unknown>,
): Promise<void> {
  const { wallMs, cpuSeconds, ...sizes } = ANALYSE_BOUNDS;
  const more = subject.duration * ANALYSE_SECOND_MS;
  const bounds = { ...sizes, wallMs: wallMs + more, cpuSeconds: cpuSeconds + more / 1000 };
  const { signal } = stop;
  const jailed = startJailed({ program: ffmpeg.ffmpeg, reads: [input], stdout: 'pipe', bounds, signal, ...run });
  // Whoever reads may fail: then nobody empties the pipes, and FFmpeg would wait for ever.
  const reading = read({ stdout: jailed.stdout, third: jailed.progress }).catch((error: unknown) => {
    jailed.kill();
    throw error;
  });
  const [{ code, late, words }] = await Promise.all([jailed.ended, reading]);
  if (late) throw renderErrors.too_slow();
  if (signal.aborted) throw renderErrors.cancelled();
  if (code !== 0) throw renderErrors.failed({ detail: words.split('\n').at(-1) || `FFmpeg ended with ${code}.` });
}

/** The part that all have done: it grows with the slowest. */
function sharedProgress(tell: ((part: number) => void) | undefined): () => (part: number) => void {
  const parts: number[] = [];
  let told = 0;
  return () => {
    const place = parts.push(0) - 1;
    return (part) => {
      parts[place] = Math.min(1, part);
      const least = Math.min(...parts);
      // A hundred times are enough for anybody.
      if (least < 1 ? least - told < 0.01 : told === 1) return;
      told = least;
      tell?.(least);
    };
  };
}
