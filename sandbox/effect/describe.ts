// What an effect is, as data: for the studio's controls, the gallery and the check.
import type { Effect, Param } from '@plinth/sdk/effect.ts';

export interface Description {
  readonly title: string;
  readonly summary?: string;
  readonly params: Readonly<Record<string, Param<unknown>>>;
  readonly inputs: readonly string[];
  /** Which of the ways to touch pictures and sound it has. */
  readonly has: { readonly frame: boolean; readonly filters: boolean; readonly audio: boolean };
}

const isFunction = (value: unknown) => typeof value === 'function';

/** Says what is wrong with a default export that is no effect. */
export function describe(found: unknown): Description {
  const { kind, title, summary, params = {}, inputs = [], frame, filters, audio } = (found ?? {}) as Partial<Effect>;
  if (kind !== 'effect') throw new TypeError('The default export is no effect: export default effect({ … }).');
  if (typeof title !== 'string' || title.trim() === '') throw new TypeError('An effect needs a title.');
  const has = { frame: isFunction(frame), filters: isFunction(filters), audio: isFunction(audio) };
  if (!has.frame && !has.filters && !has.audio)
    throw new TypeError('An effect needs frame(…), filters(…) or audio(…).');
  for (const [name, param] of Object.entries(params)) {
    if (typeof param?.kind !== 'string')
      throw new TypeError(`The param "${name}" is made with number(), color() or one of their kind.`);
  }
  return {
    title,
    ...(summary === undefined ? {} : { summary: String(summary) }),
    params,
    inputs: inputs.map(String),
    has,
  };
}
