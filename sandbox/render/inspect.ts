// Plays an effect without a clip: what it is, and what it does to the frames of a scene and to a tone.
import { closeSync, openSync } from 'node:fs';
import { readInputs } from '../effect/inputs.ts';
import type { SceneFacts } from '../effect/player.ts';
import { sampleInputs } from '../effect/sample-inputs.ts';
import type { Compiled } from '../javascript/compile.ts';
import { type Limits, limitsOf, PYTHON_START_MS, SETUP_MS } from '../limits.ts';
import { renderErrors } from './errors.ts';
import { readImages } from './image-files.ts';
import type { OpenedEffect } from './protocol.ts';
import { RenderChild, type RenderChildOptions } from './render-child.ts';
import { sourceOf } from './source.ts';

export interface InspectOptions {
  readonly images?: Readonly<Record<string, string>>;
  /** Whether what nobody gives for its inputs is made up. */
  readonly rehearse?: boolean;
  readonly limits?: Partial<Limits>;
  readonly onPrint?: (text: string) => void;
}

export interface Inspected extends OpenedEffect {
  /** Inputs that nobody gave: made up, or empty. */
  readonly inputs: { readonly madeUp: readonly string[]; readonly empty: readonly string[] };
  /** What a frame takes, where it was tried on pictures of nothing: milliseconds. */
  readonly frameMs?: number;
  /** Blocks of sound that it was tried on. */
  readonly soundBlocks: number;
}

/** The tone that an effect is tried on. */
const [SAMPLE_RATE, CHANNELS] = [48_000, 2];

export async function inspect(compiled: Compiled, facts: SceneFacts, options: InspectOptions = {}): Promise<Inspected> {
  const { rehearse = false, onPrint } = options;
  const [source, images] = [await sourceOf(compiled), await readImages(options.images ?? {})];
  const limits = limitsOf(options.limits);
  const of = { effects: [compiled], limits, ...(onPrint ? { onPrint } : {}) };
  const { opened, scene, inputs, tried } = await withChild({ ...of, plays: 'frame' }, async (child) => {
    const [description] = (await child.ask({ do: 'describe', effects: [source], limits }, 'described')).effects;
    const told = toldOf(description?.inputs ?? [], facts, rehearse);
    const known = { ...facts, data: told.data };
    const { effects } = await child.ask(
      { do: 'open', effects: [{ ...source, images, facts: known }], limits },
      'opened',
    );
    // Whoever looks at the picture was played without one.
    const tried = rehearse ? { frameMs: (await child.ask({ do: 'time' }, 'timed')).ms } : {};
    return { opened: effects[0], scene: known, inputs: told.inputs, tried };
  });
  if (!opened) throw new Error('Its process opened nothing.');
  if (!opened.description.has.audio) return { ...opened, ...tried, inputs, soundBlocks: 0 };
  const tone = { samples: Math.round(facts.duration * SAMPLE_RATE), sampleRate: SAMPLE_RATE };
  const effects = [{ ...source, facts: { ...scene, sampleRate: SAMPLE_RATE, channelCount: CHANNELS } }];
  const order = { do: 'sound', effects, channels: CHANNELS, rehearse: tone, limits } as const;
  const { frames } = await withChild({ ...of, plays: 'block' }, (child) => child.ask(order, 'done'));
  return { ...opened, ...tried, inputs, soundBlocks: frames };
}

function toldOf(declared: readonly string[], { data: given, ...scene }: SceneFacts, rehearse: boolean) {
  const { data, missing, problems } = readInputs(declared, given);
  const [wrong] = problems;
  if (wrong && Object.hasOwn(given, wrong.input))
    throw renderErrors.bad_input({ detail: `The input "${wrong.input}" cannot be that. ${wrong.message}` });
  if (wrong) {
    const message = `It asks for the input "${wrong.input}". ${wrong.message}`;
    throw renderErrors.effect_failed({ detail: message, error: { code: 'sandbox.threw', message } });
  }
  const samples = rehearse ? sampleInputs(missing, scene) : {};
  const [madeUp, empty] = [Object.keys(samples), missing.filter((input) => !Object.hasOwn(samples, input))];
  return { data: { ...data, ...samples }, inputs: { madeUp, empty } };
}

type Child = Pick<RenderChildOptions, 'effects' | 'limits' | 'onPrint' | 'plays'>;

async function withChild<T>(options: Child, run: (child: RenderChild) => Promise<T>): Promise<T> {
  const nothing = openSync('/dev/null', 'r+');
  const child = new RenderChild({ ...options, framesIn: nothing, framesOut: nothing, onMove: () => {} });
  closeSync(nothing);
  // Starting and setup have limits of their own, and whoever hits those is told so.
  const startMs = options.effects.some(({ program }) => program.language === 'python') ? PYTHON_START_MS : 0;
  const late = setTimeout(() => child.kill(), startMs + SETUP_MS + options.limits.wallMs);
  try {
    return await run(child);
  } finally {
    clearTimeout(late);
    child.kill();
    await child.ended;
  }
}
