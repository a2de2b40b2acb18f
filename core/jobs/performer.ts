import { gather, insist } from '../events/gather.ts';
import { CANCELLED, type Definition, Execution, type ExecutionDeps, LOST, STOPPING } from './execution.ts';
import type { Ending, Pointer, Runs, Taken } from './runs.ts';

export interface PerformerDeps extends ExecutionDeps {
  readonly runs: Runs;
  readonly enabled: (tenantId: string, pluginId: string) => boolean | Promise<boolean>;
  readonly onEnd: (ending: Ending) => void;
}

/** Does runs on this node: knows the jobs, takes what it is offered, and stays in step with the rows. */
export class Performer {
  readonly #deps: PerformerDeps;
  readonly #definitions = new Map<string, Definition>();
  readonly #executions = new Set<Execution>();
  readonly #take: (pointer: Pointer) => Promise<Taken | undefined>;
  readonly #finish: (ending: Ending) => Promise<undefined>;
  #unknown = new Set<string>();
  #stopping = false;
  #onEnd: (() => void)[] = [];

  constructor(deps: PerformerDeps) {
    this.#deps = deps;
    this.#take = gather((pointers) => deps.runs.take(pointers));
    this.#finish = gather((endings) => deps.runs.finish(endings));
  }

  get definitions(): Definition[] {
    return [...this.#definitions.values()];
  }

  knows(plugin: string, job: string): boolean {
    return this.#definitions.has(`${plugin}/${job}`);
  }

  define(definition: Definition): void {
    this.#definitions.set(`${definition.plugin}/${definition.name}`, definition);
  }

  async remove(plugin: string): Promise<void> {
    for (const [key, definition] of this.#definitions) if (definition.plugin === plugin) this.#definitions.delete(key);
    while ([...this.#executions].some((execution) => execution.of.plugin === plugin)) await this.#nextEnd();
  }

  /** Starts a run and sees it through, if it is for this node to start. */
  async perform(pointer: Pointer): Promise<void> {
    const { runs, enabled, onEnd } = this.#deps;
    if (this.#stopping) return;
    const definition = this.#definitions.get(`${pointer.plugin}/${pointer.job}`);
    if (!definition || !(await enabled(pointer.tenantId, pointer.plugin))) return runs.park(pointer);
    const taken = await this.#take(pointer);
    if (!taken) return;
    const execution = new Execution(taken, definition, this.#deps);
    this.#executions.add(execution);
    try {
      const ending = await execution.run();
      if (!ending) return;
      await insist(
        () => this.#finish(ending),
        () => this.#stopping,
      );
      onEnd(ending);
    } finally {
      this.#executions.delete(execution);
      for (const wake of this.#onEnd.splice(0)) wake();
    }
  }

  /** Every second: breaks off what was cancelled or given away, gives back what the rows say is ours and is not. */
  async compare(now: Date): Promise<void> {
    const executions = [...this.#executions];
    const rows = new Map((await this.#deps.runs.mine()).map((row) => [`${row.runId} ${row.attempts}`, row]));
    for (const execution of executions) {
      const key = `${execution.runId} ${execution.of.attempts}`;
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
    while (this.#executions.size > 0) await this.#nextEnd();
  }

  /** Waits for what runs; what is not through after `graceMs` goes back to be started elsewhere. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#stopping = true;
      for (const execution of this.#executions) execution.stop(STOPPING);
    }, graceMs);
    await this.idle();
    clearTimeout(timer);
    this.#stopping = true;
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => this.#onEnd.push(resolve));
  }
}
