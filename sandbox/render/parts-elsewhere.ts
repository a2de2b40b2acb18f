// A long render whose parts are made by others, on machines of their own: they are told what to make and in which way, and
// their files are joined here.
import { join } from 'node:path';
import { render } from './pipeline.ts';
import { prepare } from './prepare.ts';
import type { Progress } from './progress.ts';
import type { Seen } from './protocol.ts';
import type { Rendered, RenderOptions } from './render-options.ts';
import { Running } from './running.ts';
import type { Span } from './window.ts';

/** What is to be made. */
export interface PartsWanted {
  readonly segments: readonly Span[];
  /** What each effect does in all of them: whoever makes a part answers this to `agree`. */
  readonly seen: readonly Seen[];
  /** Where the file of a part belongs. */
  place(at: number): string;
  /** Makes one here. The first is always made here. */
  make(at: number): Promise<void>;
  /** How far one is that is made elsewhere. */
  report(at: number, progress: Progress): void;
}

/** Sees to it that all parts are in their places. Told to stop, it need not tidy up. */
export type MakeParts = (wanted: PartsWanted, signal: AbortSignal) => Promise<void>;

interface Elsewhere {
  readonly makeParts: MakeParts;
  readonly segments: readonly Span[];
  readonly workspace: string;
  readonly running: Running;
  readonly report: PartsWanted['report'];
}

/** Answers what was made here, the first part before all others. */
export async function partsElsewhere(options: RenderOptions, elsewhere: Elsewhere): Promise<Rendered[]> {
  const { makeParts, segments, workspace, running, report } = elsewhere;
  const seen = await running.waitFor(seenInAll(options));
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const done: Rendered[] = [];
  const place = (at: number) => partFile(workspace, at);
  const make = async (at: number) => {
    const span = segments[at];
    if (!span) return;
    const made = render({
      ...{ ...options, span, signal, output: place(at), part: { agree: async () => seen } },
      onPlan: (plan, why) => at === 0 && options.onPlan?.(plan, why),
      onProgress: (progress) => report(at, progress),
    });
    // Whoever clears the workspace waits until nobody writes there.
    running.owns({ kill: () => stop.abort(), ended: made.catch(() => {}) });
    done[at] = await made;
  };
  const works = makeParts({ segments, seen, place, make, report }, signal);
  running.owns({ kill: () => stop.abort(), ended: works.catch(() => {}) });
  await running.waitFor(works);
  return done;
}

export const partFile = (workspace: string, at: number): string => join(workspace, `part-${at}.mp4`);

/** Plays the effects once for all frames: nobody else sees all of them. */
async function seenInAll(options: RenderOptions): Promise<readonly Seen[]> {
  await using running = new Running(options.signal);
  const { open, window } = await prepare(options, running);
  const stages = await open({ first: 0, frames: window.frames });
  return stages.flatMap(({ effects }) => effects.map(({ seen }) => seen));
}
