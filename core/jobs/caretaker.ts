import { forgetRows } from '../events/forget.ts';
import { Loop } from '../events/loop.ts';
import type { Performer, PerformerDeps } from './performer.ts';
import type { Queue } from './queue.ts';
import { BATCH } from './runs.ts';
import { enqueueRepeated, spreadRepeated } from './schedule.ts';

export interface CaretakerDeps extends Omit<PerformerDeps, 'onProgress'> {
  readonly performer: Performer;
  readonly queue: () => Queue | undefined;
}

/** What was pushed so long ago and has not been started, the queue may have lost. */
const LOST_SECONDS = 8;
const KEEP_DAYS = 7;
const FAILED_LONGER = 4;
const DAY_MS = 86_400_000;

/**
 * What one node does for all: gives the queue what is due, gives back runs of dead nodes, enqueues repeated jobs, wakes
 * parked runs, forgets old ones.
 */
export class Caretaker {
  /** Puts into the queue what is due. */
  readonly pushing = new Loop(
    () => this.#push(),
    (error) => this.#deps.log.warn('runs-not-pushed', { error: String(error) }),
  );
  readonly #deps: CaretakerDeps;

  constructor(deps: CaretakerDeps) {
    this.#deps = deps;
  }

  /** Every few seconds, on the leader. */
  async sweep(): Promise<void> {
    const { runs, clock } = this.#deps;
    await runs.release(clock.now(), []);
    await runs.doubtQueue(LOST_SECONDS);
    await this.resume();
  }

  /** What has become possible since it was looked at: repeated jobs, runs of plugins switched on again. */
  async resume(): Promise<void> {
    const { database, runs, performer, enabled, clock } = this.#deps;
    const { definitions } = performer;
    await spreadRepeated(database, definitions.values(), clock.now());
    for (const parked of await runs.parked()) {
      const known = definitions.has(`${parked.plugin}/${parked.job}`);
      if (known && (await enabled(parked.tenantId, parked.plugin))) await runs.unpark(parked, clock.now());
    }
    await enqueueRepeated(this.#deps, definitions, clock.now());
  }

  /** Forgets runs that have been through for so long, and with them their keys and steps; failed ones later. */
  async forget(): Promise<void> {
    const { database, clock } = this.#deps;
    const before = (days: number) => new Date(clock.now().getTime() - days * DAY_MS);
    await forgetRows(
      database,
      'job_run',
      "finished_at < $1 and state in ('done', 'cancelled') or finished_at < $2 and state = 'failed'",
      [before(KEEP_DAYS), before(KEEP_DAYS * FAILED_LONGER)],
    );
  }

  /** For tests: does everything that is due, one run after the other, without the queue. */
  async settle(): Promise<void> {
    const { runs, performer, clock } = this.#deps;
    for (;;) {
      await performer.idle();
      await this.resume();
      await runs.doubtQueue(0);
      const due = await runs.due(clock.now());
      if (due.length === 0) return;
      for (const pointer of due) await performer.perform(pointer);
    }
  }

  /**
   * For tests: does what is due at each moment until then, with the clock at that moment. The kernel's own upkeep is
   * done at these moments too, but makes none: by its minutes, a day would take a minute.
   */
  async settleUntil(until: Date, set: (to: string) => void): Promise<void> {
    const { runs, performer } = this.#deps;
    const repeated = [...performer.definitions.keys()].filter((name) => !name.startsWith('kernel/'));
    for (let at = Number.NEGATIVE_INFINITY; at < until.getTime(); ) {
      await this.settle();
      at = Math.min(((await runs.nextDue(repeated)) ?? until).getTime(), until.getTime());
      set(new Date(at).toISOString());
    }
    await this.settle();
  }

  async #push(): Promise<number | undefined> {
    const { runs, clock } = this.#deps;
    const queue = this.#deps.queue();
    if (!queue) return undefined;
    const due = await runs.due(clock.now());
    if (due.length === 0) return undefined;
    await queue.push(due);
    await runs.markPushed(due);
    // What found no room is seen at the next look.
    return due.length === BATCH ? 0 : undefined;
  }
}
