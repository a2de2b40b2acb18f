// Does work on this node, as much at once as it has slots for, and stays in step with the rows.
import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionFailure } from '../database/database.ts';
import { reasonOf, reconnectDelay } from '../events/failure.ts';
import { Loop } from '../events/loop.ts';
import { CANCELLED, Execution, type ExecutionDeps, LOST, STOPPING } from './execution.ts';
import { type Work, workErrorOf } from './item.ts';
import type { WorkKind } from './kind.ts';
import type { Ending, Seen } from './rows.ts';

export interface WorkerDeps extends ExecutionDeps {
  readonly kinds: ReadonlyMap<string, WorkKind>;
  readonly slots: number;
  /** It has ended, or waits again. */
  readonly onEnd: (work: Work) => void;
}

const STOPPING_TRIES = 4;

const failed = (error: unknown): Ending => ({ state: 'failed', error: workErrorOf(error) });

export class Worker {
  /** Takes what is next while a slot is free. */
  readonly filling: Loop;
  /** Before the start, and in between for tests, nothing is taken. */
  taking = false;
  readonly #deps: WorkerDeps;
  /** Each until its ending is written. */
  readonly #executions = new Map<Execution, Promise<void>>();
  #compared: Execution[] = [];
  #unknown = new Set<string>();
  #stopping = false;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.filling = new Loop(
      () => this.#fill(),
      (error) => deps.log.warn('work-not-taken', { error: String(error) }),
    );
  }

  get #free(): boolean {
    return this.taking && !this.#stopping && this.#executions.size < this.#deps.slots;
  }

  wake(): void {
    if (this.#free) this.filling.wake();
  }

  async #fill(): Promise<number | undefined> {
    const { rows, kinds, clock } = this.#deps;
    if (!this.#free) return undefined;
    const taken = await rows.claim([...kinds.keys()], clock.now());
    const kind = taken && kinds.get(taken.kind);
    if (!taken || !kind) return undefined;
    const execution = new Execution(taken, kind, this.#deps);
    const through = this.#seeThrough(execution).finally(() => {
      this.#executions.delete(execution);
      this.wake();
    });
    this.#executions.set(execution, through);
    // One that was told to stop while it was being taken.
    if (this.#stopping) execution.stop(STOPPING);
    return 0;
  }

  async #seeThrough(execution: Execution): Promise<void> {
    const ended = await execution.run();
    if (!ended) return;
    const work = await this.#finish(execution, ended.ending);
    if (ended.ending.state === 'done' && work?.state !== 'done') await execution.discard(ended.result);
    if (work) this.#deps.onEnd(work);
  }

  /** Until it is written, or this node stops: then others find out that it has gone, and do it again. */
  async #finish({ of }: Pick<Execution, 'of'>, ending: Ending): Promise<Work | undefined> {
    const { rows, clock, log } = this.#deps;
    for (let failures = 1; ; failures++) {
      try {
        return await rows.finish(of, ending, clock.now());
      } catch (error) {
        log.warn('ending-not-written', { workId: of.workId, error: reasonOf(error) });
        // Its room does not agree that it is done. Would it not even let it fail, the rows are left to speak for us.
        if (!isConnectionFailure(error))
          return ending.state === 'done' ? this.#finish({ of }, failed(error)) : undefined;
        if (this.#stopping && failures >= STOPPING_TRIES) return undefined;
        await sleep(reconnectDelay(failures));
      }
    }
  }

  /** What is begun from now on is not in what the rows are about to say. */
  aboutToLook(): void {
    this.#compared = [...this.#executions.keys()];
  }

  /** Somebody rang, perhaps to cancel what is done here. */
  async lookNow(): Promise<void> {
    if (this.#executions.size === 0) return;
    const compared = [...this.#executions.keys()];
    this.#stopWhatIsNot(compared, await this.#deps.rows.mine());
  }

  /** Breaks off what was cancelled or given away; answers what the rows say is ours, and is not. */
  compare(mine: Seen['mine']): string[] {
    const unknown = this.#stopWhatIsNot(this.#compared, mine);
    for (const execution of this.#compared) void execution.tellProgress();
    // Seen twice: once, it may have been taken a moment ago.
    const lost = unknown.filter((workId) => this.#unknown.has(workId));
    this.#unknown = new Set(unknown);
    return lost;
  }

  #stopWhatIsNot(compared: readonly Execution[], mine: Seen['mine']): string[] {
    const rows = new Map(mine.map((row) => [`${row.workId} ${row.start}`, row]));
    for (const execution of compared) {
      const key = `${execution.of.workId} ${execution.of.start}`;
      const row = rows.get(key);
      rows.delete(key);
      // It may have been finished in between.
      if (!this.#executions.has(execution)) continue;
      if (!row) execution.stop(LOST);
      else if (row.cancelling) execution.stop(CANCELLED);
    }
    return [...rows.values()].map(({ workId }) => workId);
  }

  /** For tests: does what there is to do, until nothing is left. */
  async settle(): Promise<void> {
    const before = this.taking;
    this.taking = true;
    for (this.wake(); ; ) {
      await this.filling.idle();
      if (this.#executions.size === 0) break;
      await Promise.all(this.#executions.values());
    }
    this.taking = before;
  }

  /** Takes nothing new. What is not through after `graceMs` goes back, to be done elsewhere. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const execution of this.#executions.keys()) execution.stop(STOPPING);
    }, graceMs);
    this.#stopping = true;
    await this.filling.stop();
    await Promise.all(this.#executions.values());
    clearTimeout(timer);
  }
}
