// One start of some work: its directory, its progress, and what becomes of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@plinth/sdk';
import { reasonOf } from '../events/failure.ts';
import type { BenchDirectories } from './bench-directories.ts';
import { errors } from './errors.ts';
import { type HelpDeps, helpFor } from './help.ts';
import { type Work, workErrorOf } from './item.ts';
import type { Advance, Bench, WorkKind } from './kind.ts';
import { GRACE_MS, LONGEST_MS } from './quotas.ts';
import type { Ending, Taken } from './rows.ts';
import { spend } from './submit.ts';

export interface ExecutionDeps extends HelpDeps {
  readonly log: Log;
  readonly directories: BenchDirectories;
  /** Told when it gets on, at most four times a second. */
  readonly onProgress: (work: Work) => void;
}

/** Why a start is broken off. */
export const CANCELLED = new Error('cancelled');
export const STOPPING = new Error('the node stops');
export const LOST = new Error('another node has it');

const PROGRESS_MS = 250;

export interface Ended {
  readonly ending: Ending;
  /** As the room made it: what is written down is JSON. */
  readonly result: unknown;
}

export class Execution {
  readonly of: Taken;
  readonly #kind: WorkKind;
  readonly #deps: ExecutionDeps;
  readonly #abort = new AbortController();
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold: Advance | undefined;
  #over = false;

  constructor(of: Taken, kind: WorkKind, deps: ExecutionDeps) {
    this.of = of;
    this.#kind = kind;
    this.#deps = deps;
  }

  stop(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** From start to ending. No ending: it is another node's now. */
  async run(): Promise<Ended | undefined> {
    const timer = setTimeout(() => this.stop(errors.work_too_long()), LONGEST_MS);
    const directory = await this.#deps.directories.make().catch((error: unknown) => error as Error);
    try {
      if (directory instanceof Error) throw directory;
      const result = await this.#work(directory);
      return { ending: { state: 'done', result }, result };
    } catch (error) {
      return this.#failed(error);
    } finally {
      clearTimeout(timer);
      // Nobody is to hear that it gets on after they heard that it ended.
      this.#over = true;
      if (!(directory instanceof Error)) await this.#remove(directory);
    }
  }

  async #work(directory: string): Promise<unknown> {
    const { signal } = this.#abort;
    const holds: Bench['holds'] = async (client) => {
      if (!(await this.#deps.rows.holds(client, this.of))) throw LOST;
    };
    const working = this.#kind.run(this.of, {
      ...{ signal, directory },
      progress: (now) => this.#progress(now),
      spend: (seconds) => this.#spend(seconds),
      ...{ holds, help: helpFor(this.#deps, this.of, holds) },
    });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onAbort = async () => {
      await Promise.race([working.catch(() => {}), sleep(GRACE_MS, undefined, { ref: false })]);
      reject(signal.reason);
    };
    signal.addEventListener('abort', () => void onAbort(), { once: true });
    if (signal.aborted) void onAbort();
    stopped.catch(() => {});
    const result = await Promise.race([working, stopped]);
    if (signal.aborted) await this.discard(result);
    signal.throwIfAborted();
    return result;
  }

  /** What was made is not wanted any more. */
  async discard(result: unknown): Promise<void> {
    await this.#kind.discard?.(this.of, result).catch((error: unknown) => {
      this.#deps.log.warn('work-not-discarded', { ...this.#fields(), error: reasonOf(error) });
    });
  }

  #failed(thrown: unknown): Ended | undefined {
    const error = this.#abort.signal.aborted ? this.#abort.signal.reason : thrown;
    if (error === LOST) return undefined;
    if (error === STOPPING) return { ending: { state: 'waiting' }, result: undefined };
    const told = workErrorOf(error);
    const level = told.code === 'kernel.internal' ? 'error' : 'info';
    if (error !== CANCELLED) this.#deps.log[level]('work-failed', { ...this.#fields(), error: reasonOf(error) });
    return { ending: { state: 'failed', error: told }, result: undefined };
  }

  async #remove(directory: string): Promise<void> {
    await this.#deps.directories.remove(directory).catch((error: unknown) => {
      this.#deps.log.error('work-not-cleared', { ...this.#fields(), error: String(error) });
    });
  }

  #spend(seconds: number): Promise<void> {
    const { database, clock } = this.#deps;
    return database.tenant(this.of.tenantId, (_tx, client) => spend(client, clock, this.of, seconds));
  }

  #progress(now: Advance): void {
    this.#untold = now;
    if (performance.now() - this.#toldAt >= PROGRESS_MS) void this.tellProgress();
  }

  async tellProgress(): Promise<void> {
    if (!this.#untold || this.#over) return;
    const { fraction, ...rest } = this.#untold;
    // No number is a beginning, not a figure to be kept: what a day's quota counts is made of it.
    const now = { progress: Math.min(Math.max(fraction || 0, 0), 1), ...rest };
    this.#untold = undefined;
    this.#toldAt = performance.now();
    this.#deps.onProgress({ ...this.of, ...now });
    await this.#deps.rows
      .advance(this.of, now)
      .catch((error: unknown) => this.#deps.log.debug('progress-not-told', { error: String(error) }));
  }

  #fields(): Record<string, unknown> {
    const { tenantId: tenant, workId, kind, plugin, attempts, requestId } = this.of;
    return { tenant, workId, kind, plugin, attempts, requestId };
  }
}
