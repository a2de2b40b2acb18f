import type { TSchema } from 'typebox';

/** A duration in words: `500ms`, `30s`, `15m`, `12h`, `3d`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Work done later, outside a request. Declared in the plugin's head so that enqueueing it is typed. */
export interface Job<S extends TSchema = TSchema> {
  readonly kind: 'job';
  readonly data: S;
  /** How often a failing run is tried in all. Default 5, with exponential backoff from one second. */
  readonly attempts: number;
  /** Runs by itself in every tenant where the plugin is enabled. Its data is the schema's defaults. */
  readonly every?: Duration;
  /** How long one run may take before it is given to another worker. Default `5m`. */
  readonly timeout: Duration;
}

/** @example jobs: { settle: job(Type.Object({ day: Type.String() }), { attempts: 3 }) } */
export function job<const S extends TSchema>(
  data: S,
  options: { readonly attempts?: number; readonly every?: Duration; readonly timeout?: Duration } = {},
): Job<S> {
  const { attempts = 5, timeout = '5m', every } = options;
  return { kind: 'job', data, attempts, timeout, ...(every === undefined ? {} : { every }) };
}

/** How one run is enqueued. */
export interface EnqueueOptions {
  /** Not before this much time has passed. */
  readonly delay?: Duration;
  /** A second enqueue with the same key returns the first run while it is waiting, running or done. */
  readonly key?: string;
}

/** Milliseconds of a duration. */
export function milliseconds(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  const unit = UNITS[match?.[2] ?? ''];
  if (!match || unit === undefined)
    throw new RangeError(`"${duration}" is no duration; write for example 30s, 15m, 12h or 3d.`);
  return Number(match[1]) * unit;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
