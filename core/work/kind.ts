// What a room says of the work that it does.
import type pg from 'pg';
import type { Help } from './help.ts';
import type { Work } from './item.ts';

/** How far it is. */
export interface Advance {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly note?: string;
  readonly fps?: number;
  readonly secondsLeft?: number;
}

/** What a start of some work is given. */
export interface Bench {
  /** Aborted when it is cancelled, takes too long, has been given to another node, or this node stops. */
  readonly signal: AbortSignal;
  /** Its own, empty at the start, and removed whatever happens. */
  readonly directory: string;
  /** As often as you like: it is passed on at most four times a second. */
  progress(now: Advance): void;
  /** Counts so many seconds of output against the quotas of the day, once it is known how long it will be. */
  spend(seconds: number): Promise<void>;
  /**
   * In a transaction that tells others what was made so far: throws where this start is not the one that counts any more,
   * and keeps it that way until the transaction ends.
   */
  holds(client: pg.ClientBase): Promise<void>;
  /** Parts of it that others do meanwhile. */
  readonly help: Help;
}

/**
 * A kind of work. Methods, not functions: what a room knows of its spec and result is its own affair.
 *
 * @example
 * work.define<Spec, Result>({
 *   kind: 'media.transcode',
 *   run: async ({ spec, tenantId }, { signal, directory, progress }) => transcode(spec, directory, signal, progress),
 * });
 */
export interface WorkKind<S = unknown, R = unknown> {
  readonly kind: string;
  /** May be started again from the beginning when its node went away. A failure is final: a `Problem` is told as it is. */
  run(work: Work & { readonly spec: S }, bench: Bench): Promise<R>;
  /** In the transaction that says how it ended, on whichever node: events, and what makes its result stay. */
  ended?(client: pg.ClientBase, work: Work): Promise<void>;
  /** After that commit, mostly once: removes what is of no more use, and would go by itself. */
  over?(work: Work): Promise<void>;
  /** It was done, but cancelled or given to another node meanwhile: removes what it made. */
  discard?(work: Work, result: R): Promise<void>;
}
