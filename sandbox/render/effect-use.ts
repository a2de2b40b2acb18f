import type { Compiled } from '../javascript/compile.ts';
import { CHAIN_EFFECTS, GUESTS_PER_PROCESS } from '../limits.ts';
import { renderErrors } from './errors.ts';

/** An effect as a render uses it. */
export interface EffectUse {
  readonly compiled: Compiled;
  /** As given: the effect's own defaults fill in the rest. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Pictures by the params that name them: where their files are. */
  readonly images?: Readonly<Record<string, string>>;
  readonly seed?: number;
  /**
   * Whose code it is. Effects of one party share a process, each in an isolate of its own; those of different parties never
   * do, and pay for it: the pictures go from process to process.
   */
  readonly party?: string;
  /** What its gallery calls it, and which version of it: for the result's provenance. */
  readonly id?: string;
  readonly version?: string;
}

/** Neighbours of the same party, as many as one process has room for. */
export function byParty(effects: readonly EffectUse[]): readonly (readonly EffectUse[])[] {
  if (effects.length > CHAIN_EFFECTS)
    throw renderErrors.long_chain({ detail: `There are ${effects.length}; ${CHAIN_EFFECTS} are the limit.` });
  const groups: EffectUse[][] = [];
  for (const effect of effects) {
    const group = groups.at(-1);
    if (group && group[0]?.party === effect.party && group.length < GUESTS_PER_PROCESS) group.push(effect);
    else groups.push([effect]);
  }
  return groups;
}
