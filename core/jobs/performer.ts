import { gather, gatherForSure } from '../events/gather.ts';
import type { RelayDeps } from '../events/relay.ts';
import { CANCELLED, type Definition, Execution, type ExecutionDeps, LOST, STOPPING } from './execution.ts';
import type { Ending, Pointer, Seen } from './runs.ts';

export interface PerformerDeps extends ExecutionDeps {
  readonly enabled: RelayDeps['enabled'];
}

/** Does runs on this node: knows the jobs, takes what it is offered, and stays in step with the rows. */
export class Performer {
  /** By `plugin/name`. */
  readonly definitions = new Map<string, Definition>();
  readonly #deps: PerformerDeps;
  /** Each until its ending is written. */
  readonly #executions = new Map<Execution, Promise<void>>();
  readonly #take = gather((pointers: readonly Pointer[]) => this.#deps.runs.take(pointers));
  readonly #finish = gatherForSure(
    (endings: readonly Ending[]) => this.#deps.runs.finish(endings),
    () => this.#stopping,
  );
  #compared: Execution[] = [];
  #unknown = new Set<string>();
  #stopping = false;

  constructor(deps: PerformerDeps) {
    this.#deps = deps;
  }

  async remove(plugin: string): Promise<void> {
    for (const [key, definition] of this.definitions) if (definition.plugin === plugin) this.definitions.delete(key);
    await Promise.all([...this.#executions].map(([{ of }, through]) => of.plugin === plugin && through));
  }

  /** Starts a run and sees it through, if it is for this node to start. */
  async perform(pointer: Pointer): Promise<void> {
    const { runs, enabled } = this.#deps;
    if (this.#stopping) return;
    const definition = this.definitions.get(`${pointer.plugin}/${pointer.job}`);
    if (!definition || !(await enabled(pointer.tenantId, pointer.plugin))) return runs.park(pointer);
    const taken = await this.#take(pointer);
    if (!taken) return;
    const execution = new Execution(taken, definition, this.#deps);
    const through = this.#seeThrough(execution).finally(() => this.#executions.delete(execution));
    this.#executions.set(execution, through);
    await through;
  }

  async #seeThrough(execution: Execution): Promise<void> {
    const ending = await execution.run();
    if (!ending) return;
    await this.#finish(ending);
    const { of, state } = ending;
    const { tenantId, runId } = of;
    this.#deps.onProgress({ tenantId, runId, state, progress: state === 'done' ? 1 : undefined });
  }

  /** SQL for what the rows say. What begins from now on is not in them. */
  look(now: Date): string {
    this.#compared = [...this.#executions.keys()];
    return this.#deps.runs.look(now);
  }

  /** Breaks off what was cancelled or given away, gives back what the rows say is ours and is not. */
  async compare(mine: Seen['mine'], now: Date): Promise<void> {
    const rows = new Map(mine.map((row) => [`${row.runId} ${row.attempts}`, row]));
    for (const execution of this.#compared) {
      const key = `${execution.of.runId} ${execution.of.attempts}`;
      const row = rows.get(key);
      rows.delete(key);
      if (!row) execution.stop(LOST);
      else if (row.cancelling && !execution.of.cancelling) execution.stop(CANCELLED);
      await execution.tellProgress();
    }
    // Seen twice: once, it may have been taken a moment ago.
    const unknown = [...rows.values()].map((row) => row.runId);
    const lost = unknown.filter((runId) => this.#unknown.has(runId));
    this.#unknown = new Set(unknown);
    if (lost.length > 0) await this.#deps.runs.release(now, lost);
  }

  async idle(): Promise<void> {
    while (this.#executions.size > 0) await Promise.all(this.#executions.values());
  }

  /** Waits for what runs; what is not through after `graceMs` goes back to be started elsewhere. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#stopping = true;
      for (const execution of this.#executions.keys()) execution.stop(STOPPING);
    }, graceMs);
    await this.idle();
    clearTimeout(timer);
    this.#stopping = true;
  }
}
