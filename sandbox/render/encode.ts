// Runs a plan: FFmpeg and the effects' processes side by side, each reading what the one before it writes.
import { RENDER_BOUNDS, RENDER_FRAME_MS } from '../limits.ts';
import { type Leg, legArgs, type Task } from './commands.ts';
import type { EffectProcess } from './effect-process.ts';
import { renderErrors } from './errors.ts';
import { type Jailed, startJailed } from './jail.ts';
import type { Plan } from './plan.ts';
import { followProgress, type Progress } from './progress.ts';
import type { Running } from './running.ts';
import { together } from './together.ts';

/** What one process does to pictures, after FFmpeg's filters. */
export interface Stage {
  readonly plan: Plan;
  /** Already written as FFmpeg wants them, and checked. */
  readonly filters: readonly string[];
  readonly process: EffectProcess;
  /** How many of the effects that its process opened. */
  readonly effects: number;
}

export interface Encoding {
  readonly task: Task;
  readonly stages: readonly Stage[];
  /** Where FFmpeg writes the result. */
  readonly workspace: string;
  readonly input: string;
  readonly running: Running;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Answers how many frames are in the result. */
export async function encode(encoding: Encoding): Promise<number> {
  const { stages } = encoding;
  const legs = legsOf(stages).map((leg) => startLeg(encoding, leg));
  for (const { process } of stages) {
    // Who keeps an end open keeps the other side waiting.
    process.pictures.close();
    process.made.close();
  }
  const played = stages.flatMap((stage) => play(stage));
  // Effects know most of why something failed; of FFmpeg's legs the last, which writes the result.
  const encoded = legs.map((leg) => finished(encoding, leg)).reverse();
  const frames = await together([...played, ...encoded]);
  return Math.min(...frames.slice(0, played.length + 1));
}

interface OpenLeg extends Leg {
  readonly stdin?: number;
  readonly stdout?: number;
}

/** Whoever looks at pictures ends a leg, and what it made begins the next. */
function legsOf(stages: readonly Stage[]): OpenLeg[] {
  const legs: OpenLeg[] = [];
  let leg: Omit<OpenLeg, 'to' | 'steps'> & { readonly steps: Leg['steps'][number][] } = { from: 'clip', steps: [] };
  for (const { plan, filters, process } of stages) {
    if (filters.length > 0) leg.steps.push(filters);
    if (plan.way === 'overlay') {
      leg.steps.push({ boxes: plan.boxes });
      leg = { ...leg, stdin: process.made.read };
    } else if (plan.way === 'planes') {
      legs.push({ ...leg, to: 'planes', stdout: process.pictures.write });
      leg = { from: 'planes', steps: [], stdin: process.made.read };
    }
  }
  return [...legs, { ...leg, to: 'result' }];
}

function startLeg({ task, input, workspace, running }: Encoding, { stdin, stdout, ...leg }: OpenLeg): Jailed {
  const all = (task.window.first + task.window.frames) * (RENDER_FRAME_MS / 1000);
  const { wallMs, cpuSeconds, ...sizes } = RENDER_BOUNDS;
  const bounds = { wallMs: wallMs + all * 1000, cpuSeconds: cpuSeconds + all, ...sizes };
  const ends = { ...(stdin === undefined ? {} : { stdin }), ...(stdout === undefined ? {} : { stdout }) };
  const writes = leg.to === 'result' ? { writes: workspace } : {};
  const reads = task.sound === undefined ? [input] : [input, task.sound];
  const run = { program: task.ffmpeg.ffmpeg, reads, bounds, ...ends, ...writes };
  return running.owns(startJailed({ ...run, args: (place) => legArgs(task, leg, place) }));
}

/** Answers how many frames the effects made, if that is what they do. */
function play({ plan, process: { child }, effects }: Stage): Promise<number>[] {
  if (plan.way === 'filters') {
    child.kill();
    return [];
  }
  const order =
    plan.way === 'overlay'
      ? { do: plan.way, effects, boxes: plan.boxes }
      : { do: plan.way, effects, ...(plan.box ? { box: plan.box } : {}) };
  return [child.ask(order, 'done').then(({ frames }) => frames)];
}

/** Answers how many frames it encoded. Only the one that writes the result says anything of its progress. */
export async function finished(
  { task, running, onProgress }: Pick<Encoding, 'task' | 'running' | 'onProgress'>,
  { progress, ended }: Jailed,
): Promise<number> {
  const frames = followProgress(progress, task.window.frames, (now) => {
    running.moved();
    onProgress?.(now);
  });
  const { code, late, words } = await ended;
  if (late) throw renderErrors.too_slow();
  if (code === 0) return frames;
  const last = words.split('\n').at(-1) || `FFmpeg ended with ${code}.`;
  // So it says of what it reads, not of what it writes.
  if (/Invalid data found/.test(last))
    throw renderErrors.damaged({ detail: 'Its pictures or its sound are garbled.', cause: last });
  throw renderErrors.failed({ detail: last });
}
