import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, type Job, type Log, milliseconds } from '@plinth/sdk';
import type { Run } from '@plinth/sdk/services/jobs.ts';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { reasonOf, retryDelay } from '../events/failure.ts';
import type { Ending, Runs, Taken } from './runs.ts';
import { dropStep, readSteps, writeStep } from './steps.ts';

/** One start of a run, as its handler sees it. */
export interface JobRun extends Pick<Taken, 'tenantId' | 'runId' | 'data' | 'actor' | 'requestId' | 'attempt'> {
  /** Aborted when it is cancelled, takes too long, has been given to another node, or this node stops. */
  readonly signal: AbortSignal;
  step<T>(name: string, run: () => Promise<T>, undo?: (result: T) => Promise<void>): Promise<T>;
  progress(fraction: number, note?: string): Promise<void>;
  /**
   * To be called in each transaction of the handler, before it commits: inside a step, the step is then finished by
   * that very commit, with what the transaction returned as its result. So its effect happens once.
   */
  commit(client: pg.ClientBase, result: unknown): Promise<void>;
}

export interface Definition {
  readonly plugin: string;
  readonly name: string;
  readonly job: Job;
  run(run: JobRun): Promise<void>;
}

/** Told when a run gets on, at most four times a second, and when it ends: for whoever watches it. */
export interface RunNotice extends Pick<Run, 'runId' | 'state'> {
  readonly tenantId: string;
  readonly progress?: number | undefined;
  readonly note?: string | undefined;
}

export interface ExecutionDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly runs: Runs;
  readonly onProgress: (notice: RunNotice) => void;
}

/** Why a start is broken off. */
export const CANCELLED = new Error('cancelled');
export const STOPPING = new Error('the node stops');
export const LOST = new Error('another node has it');

/** For a handler that was told to stop. One that goes on all the same can finish no step any more. */
const GRACE_MS = 5_000;
const PROGRESS_MS = 250;
const NO_MORE = new Error('nothing is begun any more');

/** The step that the code under way belongs to; steps of one run may overlap. */
const currentStep = new AsyncLocalStorage<string | typeof UNDOING>();
const UNDOING: unique symbol = Symbol('undoing');

/** Runs one start of a run: steps, progress, time limit, and what becomes of it. */
export class Execution {
  readonly of: Taken;
  readonly #definition: Definition;
  readonly #deps: ExecutionDeps;
  readonly #abort = new AbortController();
  #known = new Map<string, unknown>();
  readonly #undos: { name: string; undo: () => Promise<void> }[] = [];
  /** It has no attempts left, or is cancelled: known steps are walked through once more, to be undone. */
  #undoing = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold: { fraction: number; note: string | undefined } | undefined;

  constructor(of: Taken, definition: Definition, deps: ExecutionDeps) {
    this.of = of;
    this.#definition = definition;
    this.#deps = deps;
  }

  stop(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** From start to ending. No ending: it is another node's now. */
  async run(): Promise<Ending | undefined> {
    const { attempts, timeout } = this.#definition.job;
    const timer = setTimeout(() => this.stop(new Error(`took longer than ${timeout}`)), milliseconds(timeout));
    try {
      if (this.of.attempts > 1) this.#known = await readSteps(this.#deps.database, this.of);
      // The starts of nodes that died count too, else what kills nodes would do so for ever.
      this.#undoing = this.of.cancelling || this.of.attempt > attempts;
      const hopeless = this.#known.size === 0 || this.of.attempt > attempts + 1;
      if (this.#undoing && hopeless) throw new Error(this.of.error ?? 'it has no attempts left');
      await this.#handle();
      return this.of.cancelling ? await this.#failed(CANCELLED) : this.#ending('done');
    } catch (error) {
      return await this.#failed(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #step<T>(name: string, run: () => Promise<T>, undo?: (result: T) => Promise<void>): Promise<T> {
    this.#abort.signal.throwIfAborted();
    if (!this.#known.has(name)) {
      if (this.#undoing) throw NO_MORE;
      const value = await currentStep.run(name, run);
      this.#abort.signal.throwIfAborted();
      await this.#deps.database.tenant(this.of.tenantId, (_tx, client) =>
        writeStep(client, this.of, name, value, 'keep'),
      );
      // As it will come back when the run is started again: a Date is a string from the first time on.
      this.#known.set(name, value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
    }
    const result = this.#known.get(name) as T;
    if (undo) this.#undos.push({ name, undo: () => undo(result) });
    return result;
  }

  async #commit(client: pg.ClientBase, result: unknown): Promise<void> {
    const name = currentStep.getStore();
    // A handler that was told to stop commits nothing any more; what undoes its steps does.
    if (name === UNDOING) return;
    this.#abort.signal.throwIfAborted();
    if (name !== undefined) await writeStep(client, this.of, name, result, 'mark');
  }

  async #progress(fraction: number, note?: string): Promise<void> {
    this.#untold = { fraction: Math.min(Math.max(fraction, 0), 1), note: note ?? this.#untold?.note };
    if (fraction >= 1 || performance.now() - this.#toldAt >= PROGRESS_MS) await this.tellProgress();
  }

  async tellProgress(): Promise<void> {
    if (!this.#untold) return;
    const { tenantId, runId } = this.of;
    const { fraction, note } = this.#untold;
    this.#untold = undefined;
    this.#toldAt = performance.now();
    this.#deps.onProgress({ tenantId, runId, state: 'running', progress: fraction, note });
    await this.#deps.runs
      .progress(this.of, fraction, note)
      .catch((error: unknown) => this.#deps.log.debug('progress-not-told', { error: String(error) }));
  }

  async #handle(): Promise<void> {
    const { signal } = this.#abort;
    const handling = this.#definition.run({
      ...this.of,
      signal,
      step: (name, run, undo) => this.#step(name, run, undo),
      progress: (fraction, note) => this.#progress(fraction, note),
      commit: (client, result) => this.#commit(client, result),
    });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onAbort = async () => {
      await Promise.race([handling.catch(() => {}), sleep(GRACE_MS, undefined, { ref: false })]);
      reject(this.#abort.signal.reason);
    };
    this.#abort.signal.addEventListener('abort', () => void onAbort(), { once: true });
    await Promise.race([handling, stopped]);
    // A handler that swallows the abort has not done its work for that.
    this.#abort.signal.throwIfAborted();
  }

  async #failed(thrown: unknown): Promise<Ending | undefined> {
    const error = this.#abort.signal.aborted ? this.#abort.signal.reason : thrown;
    if (error === LOST) return undefined;
    if (error === STOPPING) return this.#ending('waiting', { forgiven: 1, error: STOPPING.message });
    const reason = reasonOf(error === NO_MORE ? (this.of.error ?? error) : error);
    const cancelled = this.of.cancelling || error === CANCELLED;
    const fields = { ...this.#fields(), error: reason };
    if (!cancelled && !this.#undoing && this.of.attempt < this.#definition.job.attempts) {
      this.#deps.log.warn('job-failed', fields);
      return this.#ending('waiting', { error: reason, in: retryDelay(this.of.attempt) });
    }
    await this.#undoAll();
    if (cancelled) return this.#ending('cancelled');
    this.#deps.log.error('job-dead', fields);
    return this.#ending('failed', { error: reason });
  }

  async #undoAll(): Promise<void> {
    for (const { name, undo } of this.#undos.reverse()) {
      try {
        await currentStep.run(UNDOING, undo);
        await this.#deps.database.tenant(this.of.tenantId, (_tx, client) => dropStep(client, this.of, name));
      } catch (error) {
        this.#deps.log.error('job-step-not-undone', { ...this.#fields(), step: name, error: reasonOf(error) });
      }
    }
  }

  #ending(state: Ending['state'], more: { error?: string; forgiven?: number; in?: number } = {}): Ending {
    const at = new Date(this.#deps.clock.now().getTime() + (more.in ?? 0));
    return { of: this.of, state, at, error: more.error, forgiven: more.forgiven };
  }

  #fields(): Record<string, unknown> {
    const { tenantId: tenant, runId, plugin, job } = this.of;
    return { tenant, runId, plugin, job, attempt: this.of.attempt };
  }
}
