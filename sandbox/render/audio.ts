// Changes a clip's sound as effects say: decoded, played through them in one piece whatever the pictures are split into, and
// encoded beside the pictures, to be put together with them.
import { join } from 'node:path';
import { cutOf, soundOut } from '../analyse/commands.ts';
import type { SceneFacts } from '../effect/player.ts';
import { type Limits, RENDER_BOUNDS, RENDER_FRAME_MS } from '../limits.ts';
import { ANONYMOUS, exactly } from './commands.ts';
import { byParty, type EffectUse } from './effect-use.ts';
import { renderErrors } from './errors.ts';
import type { FFmpeg } from './ffmpeg.ts';
import { type Fifo, openFifo } from './fifo.ts';
import { rateOf } from './fraction.ts';
import { QUIET } from './input.ts';
import { type Jailed, type JailedRun, type Place, startJailed } from './jail.ts';
import type { ClipFacts } from './probe.ts';
import { RenderChild } from './render-child.ts';
import type { Running } from './running.ts';
import { sourceOf } from './source.ts';
import { together } from './together.ts';
import type { Span, Window } from './window.ts';

export interface SoundRender {
  readonly input: string;
  readonly clip: ClipFacts;
  /** All that is rendered, and what of it is wanted. */
  readonly window: Window;
  readonly span: Span;
  /** Those that change sound, in order. */
  readonly uses: readonly EffectUse[];
  readonly facts: Omit<SceneFacts, 'params' | 'seed'>;
  readonly seed: number;
  readonly limits: Limits;
  readonly ffmpeg: FFmpeg;
  readonly workspace: string;
  readonly running: Running;
  readonly onPrint: ((text: string) => void) | undefined;
}

export interface MadeSound {
  /** What takes the place of the clip's first sound. */
  readonly sound?: string;
  /** Sentences for people. */
  readonly told: readonly string[];
}

const SOUND = 'sound';
/** Rates that AAC knows. */
const RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];
const USUAL_RATE = 48_000;
const MOST_CHANNELS = 2;

export async function renderSound(render: SoundRender): Promise<MadeSound> {
  const { uses } = render;
  if (uses.length === 0) return { told: [] };
  const [audio] = render.clip.audio;
  if (!audio) return { told: ['The clip has no sound: audio(…) is not called.'] };
  const sampleRate = RATES.includes(audio.sampleRate) ? audio.sampleRate : USUAL_RATE;
  const channels = Math.min(MOST_CHANNELS, Math.max(1, audio.channels));
  const blocks = await play(render, byParty(uses), { stream: audio.stream, sampleRate, channels });
  const how = `${sampleRate} Hz, ${channels === 1 ? 'one channel' : 'two channels'}`;
  return {
    sound: join(render.workspace, SOUND),
    told: [`The sound goes through the effects in ${blocks} blocks: ${how}.`],
  };
}

interface Format {
  readonly stream: number;
  readonly sampleRate: number;
  readonly channels: number;
}

async function play(render: SoundRender, parties: readonly (readonly EffectUse[])[], format: Format): Promise<number> {
  const { running, workspace: writes, clip, window } = render;
  // Between each two of FFmpeg, the effects' processes, and FFmpeg.
  const fifos = await Promise.all(
    Array.from({ length: parties.length + 1 }, async () => running.owns(await openFifo())),
  );
  running.check();
  const children = parties.map((party, at) => startChild(render, party, fifos[at], fifos[at + 1]));
  const decoding = start(render, {
    args: (place) => soundOut({ ...format, ...cutOf(clip, window) }, place),
    ...end('stdout', fifos[0]?.write),
  });
  const encoding = start(render, {
    args: (place) => encoded(format, place),
    writes,
    ...end('stdin', fifos.at(-1)?.read),
  });
  // Who keeps an end open keeps the other side waiting.
  for (const fifo of fifos) fifo.close();
  const played = children.map(({ child, uses }) => ask(render, child, uses, format));
  // Effects know most of why something failed.
  const [blocks = 0] = await together([...played, finished(encoding), finished(decoding)]);
  return blocks;
}

const end = (name: 'stdin' | 'stdout', descriptor: number | undefined) =>
  descriptor === undefined ? {} : { [name]: descriptor };

function startChild({ limits, running, onPrint }: SoundRender, uses: readonly EffectUse[], from?: Fifo, to?: Fifo) {
  if (!from || !to) throw renderErrors.failed();
  const print = onPrint ? { onPrint } : {};
  const effects = uses.map(({ compiled }) => compiled);
  const ends = { framesIn: from.read, framesOut: to.write };
  const options = { ...ends, effects, limits, onMove: running.moved, plays: 'block', ...print } as const;
  return { child: running.owns(new RenderChild(options)), uses };
}

async function ask(render: SoundRender, child: RenderChild, uses: readonly EffectUse[], format: Format) {
  const { facts, seed, limits, clip, window, span } = render;
  const { sampleRate, channels } = format;
  const effects = await Promise.all(
    uses.map(async ({ compiled, params = {}, seed: own = seed }) => ({
      ...(await sourceOf(compiled)),
      facts: { ...facts, params, seed: own, sampleRate, channelCount: channels },
    })),
  );
  const sampleAt = (frame: number) => Math.round((frame / rateOf(clip.fps)) * sampleRate);
  const isAll = span.first === 0 && span.frames === window.frames;
  const keep = isAll ? {} : { keep: { from: sampleAt(span.first), to: sampleAt(span.first + span.frames) } };
  return (await child.ask({ do: 'sound', effects, channels, limits, ...keep }, 'done')).frames;
}

function encoded({ sampleRate, channels }: Format, place: Place): string[] {
  const raw = ['-f', 'f32le', '-ar', `${sampleRate}`, '-ac', `${channels}`, '-i', 'pipe:0'];
  const aac = ['-c:a', 'aac', '-b:a', '192k', ...ANONYMOUS, ...exactly({ sampleRate })];
  return [...QUIET, ...raw, ...aac, '-f', 'mp4', place.output(SOUND)];
}

function start(
  { input, ffmpeg, window, running }: SoundRender,
  run: Pick<JailedRun, 'args' | 'stdin' | 'stdout' | 'writes'>,
) {
  const all = (window.first + window.frames) * RENDER_FRAME_MS;
  const { wallMs, cpuSeconds, ...sizes } = RENDER_BOUNDS;
  const bounds = { wallMs: wallMs + all, cpuSeconds: cpuSeconds + all / 1000, ...sizes };
  const jailed = running.owns(startJailed({ program: ffmpeg.ffmpeg, reads: [input], bounds, ...run }));
  jailed.progress.resume();
  return jailed;
}

async function finished({ ended }: Jailed): Promise<number> {
  const { code, late, words } = await ended;
  if (late) throw renderErrors.too_slow();
  if (code !== 0) throw renderErrors.failed({ detail: words.split('\n').at(-1) || `FFmpeg ended with ${code}.` });
  return 0;
}
