import type { BaseContext, Db, EnqueueOptions, Event, Job, Transaction } from '@plinth/sdk';
import type pg from 'pg';
import { errors } from '../errors.ts';
import { writeOutbox } from '../events/outbox.ts';
import { checkOf } from '../schemas.ts';
import { CallContext, type CallStart } from './call.ts';
import type { Runtime, Work } from './runtime.ts';

/** Thrown inside a consumer whose effect has been committed before; the kernel takes it as success. */
export const ALREADY_HANDLED: unique symbol = Symbol('already handled');

/**
 * The base of every plugin's ctx. A subclass per plugin adds a getter for each thing its header declares
 * (`contextClass`), so what was not declared is not there, in types and at run time.
 */
export class PluginContext extends CallContext implements BaseContext, Db {
  readonly #runtime: Runtime;
  readonly #plugin: string;
  readonly #work: Work;
  /** The open transaction. A ctx serves one handler, and a handler has one transaction at a time. */
  #open: pg.PoolClient | undefined;
  /** In a consumer: the one commit has happened. */
  #committed = false;
  #afterCommit: (() => void)[] = [];

  constructor(runtime: Runtime, plugin: string, start: CallStart, work: Work = {}) {
    super(start);
    this.#runtime = runtime;
    this.#plugin = plugin;
    this.#work = work;
  }

  get db(): Db {
    return this;
  }

  get committed(): boolean {
    return this.#committed;
  }

  async transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#open) throw errors.tx_open({ detail: 'A transaction was opened inside another.' });
    const { delivery } = this.#work;
    if (delivery && this.#committed) throw errors.second_commit();
    this.#afterCommit = [];
    const result = await this.#runtime.database.plugin(this.#plugin, this.tenant.id, async (tx, client) => {
      if (delivery && !(await this.#runtime.markHandled(client, delivery))) throw ALREADY_HANDLED;
      this.#open = client;
      try {
        const result = await run(tx);
        // In a step of a job this commit finishes the step: its effect then happens once.
        await this.#work.run?.commit(client, result);
        return result;
      } finally {
        this.#open = undefined;
      }
    });
    this.#committed = true;
    for (const each of this.#afterCommit) each();
    return result;
  }

  async read<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#open)
      throw errors.tx_open({ detail: 'A read was opened inside a transaction; use the transaction itself.' });
    return this.#runtime.database.plugin(this.#plugin, this.tenant.id, run, 'read');
  }

  /** Runs in the open transaction, or in one of its own. */
  joined<T>(run: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    if (this.#open) return run(this.#open);
    return this.transaction(() => {
      if (!this.#open) throw errors.internal();
      return run(this.#open);
    });
  }

  /** Reads in the open transaction, or in a read-only one of its own. */
  joinedRead<T>(run: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    if (this.#open) return run(this.#open);
    return this.#runtime.database.plugin(this.#plugin, this.tenant.id, (_tx, client) => run(client), 'read');
  }

  /** Before anything leaves this plugin: no transaction may be waiting meanwhile, and a consumer's commit comes last. */
  beforeCall(target: string): void {
    if (this.#open) throw errors.tx_open({ detail: `${this.#plugin} called ${target} inside a transaction.` });
    if (this.#work.delivery && this.#committed) {
      throw errors.second_commit({ detail: `${this.#plugin} called ${target} after it had committed.` });
    }
  }

  async emitFact(event: Event, payload: unknown): Promise<void> {
    this.#mustFit(event.id, event.payload, payload);
    const { actor, requestId, tenant } = this;
    await this.joined((client) =>
      writeOutbox(client, [{ tenantId: tenant.id, event: event.id, payload, actor, requestId }]),
    );
    this.#later(() => this.#runtime.nudge('events'));
  }

  async enqueueJob(name: string, job: Job, data: unknown, options: EnqueueOptions = {}): Promise<{ runId: string }> {
    this.#mustFit(`job ${name}`, job.data, data);
    const { actor, requestId, tenant } = this;
    const run = { ...options, tenantId: tenant.id, plugin: this.#plugin, job: name, data, actor, requestId };
    const made = await this.joined((client) => this.#runtime.enqueue(client, run));
    this.#later(() => this.#runtime.nudge('jobs'));
    return made;
  }

  async publishEvent(path: string, schema: object, event: unknown): Promise<void> {
    this.#mustFit(`channel ${path}`, schema, event);
    this.#later(() => this.#runtime.publish({ tenantId: this.tenant.id, plugin: this.#plugin, path, event }));
  }

  step<T>(name: string, run: () => Promise<T>, undo?: (result: T) => Promise<void>): Promise<T> {
    if (!this.#work.run) throw errors.no_run({ detail: `Step "${name}" was called outside a job.` });
    return this.#work.run.step(name, run, undo);
  }

  progress(fraction: number, note?: string): Promise<void> {
    if (!this.#work.run) throw errors.no_run({ detail: 'Progress was reported outside a job.' });
    return this.#work.run.progress(fraction, note);
  }

  /** After the open transaction has committed; at once when there is none. */
  #later(run: () => void): void {
    if (this.#open) this.#afterCommit.push(run);
    else run();
  }

  #mustFit(what: string, schema: object, value: unknown): void {
    const wrong = checkOf(schema)(value);
    if (wrong)
      throw errors.bad_payload({ detail: `${this.#plugin} gave ${what} something its schema refuses.`, errors: wrong });
  }

  protected override logFields(): Record<string, unknown> {
    return { ...super.logFields(), plugin: this.#plugin };
  }
}
