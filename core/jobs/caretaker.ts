import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import { forgetRuns } from './forget.ts';
import type { Performer } from './performer.ts';
import type { Runs } from './runs.ts';
import { Schedule } from './schedule.ts';

export interface CaretakerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  readonly runs: Runs;
  readonly performer: Performer;
  readonly keepDays: number;
}

const RESUME_MS = 10_000;
const FORGET_MS = 3_600_000;

/** What one node does for all: gives back runs of dead nodes, enqueues repeated jobs, wakes parked runs, forgets old ones. */
export class Caretaker {
  readonly #deps: CaretakerDeps;
  readonly #schedule: Schedule;
  readonly #mayResume = notOftener(RESUME_MS);
  readonly #mayForget = notOftener(FORGET_MS);

  constructor(deps: CaretakerDeps) {
    this.#deps = deps;
    this.#schedule = new Schedule(deps);
  }

  /** Every second, on the leader. */
  async sweep(): Promise<void> {
    const { runs, clock, database, log, keepDays } = this.#deps;
    await runs.release(clock.now(), []);
    if (this.#mayResume()) await this.resume();
    await this.#enqueueRepeated();
    if (!this.#mayForget()) return;
    forgetRuns(database, clock.now(), keepDays).catch((error: unknown) =>
      log.warn('runs-not-forgotten', { error: String(error) }),
    );
  }

  /** What has become possible since it was looked at: repeated jobs in new tenants, runs of plugins switched on again. */
  async resume(): Promise<void> {
    const { runs, performer, enabled, clock } = this.#deps;
    await this.#schedule.spread(performer.definitions);
    for (const parked of await runs.parked()) {
      if (!performer.knows(parked.plugin, parked.job) || !(await enabled(parked.tenantId, parked.plugin))) continue;
      await runs.unpark(parked, clock.now());
    }
  }

  /** For tests: does everything that is due, one run after the other, without the queue. */
  async settle(): Promise<void> {
    const { runs, performer, clock } = this.#deps;
    for (;;) {
      await performer.idle();
      await this.resume();
      await this.#enqueueRepeated();
      const due = await runs.dueAtAll(clock.now());
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
    const repeated = performer.definitions.filter(({ plugin }) => plugin !== 'kernel');
    for (let at = Number.NEGATIVE_INFINITY; at < until.getTime(); ) {
      await this.settle();
      const next = [await runs.nextDue(), await this.#schedule.nextDue(repeated), until];
      at = Math.min(...next.filter((date) => date !== undefined).map((date) => date.getTime()));
      set(new Date(at).toISOString());
    }
    await this.settle();
  }

  async #enqueueRepeated(): Promise<void> {
    while (await this.#schedule.enqueueDue(this.#deps.performer.definitions));
  }
}

/** Says yes, and then no for so long. */
export function notOftener(ms: number): () => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < ms) return false;
    last = now;
    return true;
  };
}
