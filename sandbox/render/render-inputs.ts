// Before effects are played it is found out what they want to know: all of them at once, and once for all of them.
import { type Asked, type ClipInputs, clipInputs } from '../analyse/clip-inputs.ts';
import type { Limits } from '../limits.ts';
import type { EffectProcess } from './effect-process.ts';
import type { EffectUse } from './effect-use.ts';
import type { Running } from './running.ts';
import { sourceOf } from './source.ts';

export interface RenderInputs extends ClipInputs {
  /** Effects that change the sound, in order. */
  readonly sounding: readonly EffectUse[];
}

/** `parties`: the effects of each process, which stay opened there. */
export async function inputsOf(
  processes: readonly EffectProcess[],
  parties: readonly (readonly EffectUse[])[],
  given: Readonly<Record<string, unknown>> = {},
  asked: Omit<Asked, 'signal'>,
  { limits, running }: { readonly limits: Limits; readonly running: Running },
): Promise<RenderInputs> {
  const described = await Promise.all(
    processes.map(async ({ child }, at) => {
      const effects = await Promise.all((parties[at] ?? []).map(({ compiled }) => sourceOf(compiled)));
      return (await child.ask({ do: 'describe', effects, limits }, 'described')).effects;
    }),
  );
  const declared = new Set(described.flat().flatMap(({ inputs }) => inputs));
  const stop = new AbortController();
  const work = clipInputs([...declared], given, { ...asked, signal: stop.signal, onProgress: running.moved });
  const ended = work.then(
    () => {},
    () => {},
  );
  running.owns({ kill: () => stop.abort(), ended });
  const sounding = parties.flat().filter((_, at) => described.flat()[at]?.has.audio);
  return { ...(await work), sounding };
}
