// Group commit: everything asked for while batches commit goes into the next one. No timer, no waiting for company.
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Log } from '@plinth/sdk';
import pg from 'pg';
import { isConnectionFailure } from '../database/database.ts';
import { errors } from '../errors.ts';
import { commitByReading, commitPlan, type Plan, planByMemory } from './batch.ts';
import type { Command, Done } from './book.ts';
import type { Line } from './pipeline.ts';
import type { Remembered } from './read-books.ts';

/** Entries in one batch. More make a batch slower without making it cheaper. */
const LARGEST_BATCH = 2_000;
/** Commands that may wait. Behind that, callers are told at once instead of late. */
const LONGEST_QUEUE = 10_000;
/** Batches on their way: one is decided while the server works on the other. */
const IN_FLIGHT = 2;
/** How much longer a command keeps this process busy than it takes to decide it. */
const ALL_THE_WORK = 3;
/** Pauses between attempts while the database is away: a killed server is back within them. */
const PATIENCE_MS = [20, 50, 100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 1_000];
/** Batches that read first, after another node wrote to one of our books: it will go on doing so. */
const CAREFUL_BATCHES = 20;
/** Accounts remembered by one lane. Forgetting all of them costs the next batches one more round trip. */
const MEMORY = 200_000;

interface Waiting {
  readonly command: Command;
  readonly resolve: (done: Done) => void;
  readonly reject: (reason: unknown) => void;
}

/** A book belongs to one lane, and its commands are done in the order they came. */
export class Lane {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #log: Log | undefined;
  readonly #nudge: () => void;
  readonly #memory: Remembered = { books: new Map(), asked: 0 };
  #waiting: Waiting[] = [];
  #inFlight = 0;
  /** Batches that need the lane to themselves, by when they were taken. */
  #grounded = new Map<number, readonly Waiting[]>();
  #taken = 0;
  #careful = 0;
  /** Milliseconds to decide one command, lately. */
  #thinkMs = 0;
  #scheduled = false;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(line: Line, clock: Clock, log: Log | undefined, nudge: () => void) {
    this.#line = line;
    this.#clock = clock;
    this.#log = log;
    this.#nudge = nudge;
  }

  submit(command: Command): Promise<Done> {
    if (this.#closed) return Promise.reject(errors.draining());
    if (this.#waiting.length >= LONGEST_QUEUE)
      return Promise.reject(errors.unavailable({ detail: 'Too many posts wait.' }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      this.#schedule();
    });
  }

  /** Takes nothing new and finishes what it has. */
  async drain(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.length + this.#inFlight + this.#grounded.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** In a turn of its own: whoever was answered just now may ask again before the next batch is closed. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#launch();
    });
  }

  #launch(): void {
    while (this.#mayLaunch()) {
      const batch = this.#take();
      const order = this.#taken++;
      const plan = this.#plan(batch);
      if (plan) void this.#fly(order, batch, plan);
      else this.#grounded.set(order, batch);
    }
    if (this.#inFlight > 0) return;
    if (this.#grounded.size > 0) void this.#mend();
    else this.#idle?.();
  }

  #mayLaunch(): boolean {
    if (this.#grounded.size > 0 || this.#inFlight >= IN_FLIGHT) return false;
    return this.#inFlight === 0 ? this.#waiting.length > 0 : this.#overlapPays(this.#waiting.length);
  }

  /** Two batches cost the disk two writes. That pays if this process is busy for longer than a write with one of them. */
  #overlapPays(commands: number): boolean {
    return commands * this.#thinkMs * ALL_THE_WORK > this.#line.flushMs;
  }

  #take(): Waiting[] {
    const waiting = this.#waiting.length;
    const half = Math.ceil(waiting / 2);
    const most = this.#inFlight === 0 && this.#overlapPays(waiting - half) ? half : waiting;
    let count = 0;
    for (let entries = 0; count < most; count++) {
      entries += this.#waiting[count]?.command.legs.length ?? 0;
      if (count > 0 && entries > LARGEST_BATCH) break;
    }
    return this.#waiting.splice(0, count);
  }

  #plan(batch: readonly Waiting[]): Plan | undefined {
    if (this.#careful > 0) {
      this.#careful -= 1;
      return undefined;
    }
    const began = performance.now();
    const plan = planByMemory(this.#memory, commandsOf(batch), this.#now());
    this.#thinkMs += ((performance.now() - began) / batch.length - this.#thinkMs) / 8;
    return plan;
  }

  async #fly(order: number, batch: readonly Waiting[], plan: Plan): Promise<void> {
    this.#inFlight += 1;
    try {
      await commitPlan(this.#line, plan);
      this.#answer(batch, plan);
    } catch (error) {
      if (codeOf(error) === MOVED_ON) this.#careful = CAREFUL_BATCHES;
      this.#grounded.set(order, batch);
    }
    this.#inFlight -= 1;
    this.#schedule();
  }

  /** What could not be decided by memory, or failed when it was, one after the other and with nothing else on its way. */
  async #mend(): Promise<void> {
    this.#inFlight = IN_FLIGHT;
    const batches = [...this.#grounded].sort(([a], [b]) => a - b).map(([, batch]) => batch);
    await this.#settle(batches.flat());
    this.#grounded.clear();
    this.#inFlight = 0;
    this.#schedule();
  }

  /** Every command of the batch is answered when this ends; it never throws. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return this.#answer(batch, await commitByReading(this.#line, this.#memory, commandsOf(batch), this.#now()));
      } catch (error) {
        // Whether it was done is unknown: the next attempt finds out by the keys.
        const pause = isPassing(error) ? PATIENCE_MS[attempt] : undefined;
        if (pause === undefined) return this.#giveUp(batch, error);
        this.#log?.warn('ledger-retry', { attempt, commands: batch.length, error: String(error) });
        await wait(pause);
      }
    }
  }

  #answer(batch: readonly Waiting[], { outcomes, changes }: Plan): void {
    for (const { command, resolve, reject } of batch) {
      const outcome = outcomes.get(command);
      if (outcome && 'done' in outcome) resolve(outcome.done);
      else reject(outcome?.refusal);
    }
    if (changes.some(({ commands }) => commands.some(({ command }) => command.facts.length > 0))) this.#nudge();
    if (this.#memory.asked > MEMORY) {
      this.#memory.books.clear();
      this.#memory.asked = 0;
    }
  }

  /** One command that the database will not have, or one book that is locked, must not cost the others. */
  async #giveUp(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (isPassing(error)) {
      // Whoever still waits would only wait for the same.
      const reason = () => errors.unavailable({ detail: 'Ask again with the same key.', cause: error });
      for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(reason());
      return;
    }
    const parts = split(batch, isStuck(error));
    if (parts.length > 1) {
      for (const part of parts) await this.#settle(part);
      return;
    }
    this.#log?.error('ledger-batch-failed', { tenant: batch[0]?.command.tenantId, error: String(error) });
    for (const { reject } of batch) reject(reasonOf(error));
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

const commandsOf = (batch: readonly Waiting[]) => batch.map(({ command }) => command);

function split(batch: readonly Waiting[], byBookOnly: boolean): (readonly Waiting[])[] {
  const books = [...Map.groupBy(batch, ({ command }) => command.tenantId).values()];
  if (books.length > 1 || byBookOnly || batch.length === 1) return books;
  const half = Math.ceil(batch.length / 2);
  return [batch.slice(0, half), batch.slice(half)];
}

function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

/** Raised by `ledger.append`. */
const MOVED_ON = 'PLG01';

/** A lock or an answer took too long. */
function isStuck(error: unknown): boolean {
  return /^(55P03|57014)$/.test(codeOf(error));
}

/** Deadlocks, no connection or no room to be had, and a server that is away or silent. */
function isPassing(error: unknown): boolean {
  if (isConnectionFailure(error) || /^(40|53)/.test(codeOf(error))) return true;
  return error instanceof Error && !(error instanceof pg.DatabaseError) && /timeout/i.test(error.message);
}

function reasonOf(error: unknown): unknown {
  if (isStuck(error)) return errors.unavailable({ detail: 'The book is locked.', cause: error });
  if (codeOf(error).startsWith('22'))
    return errors.invalid_input({ detail: 'The database cannot store it.', cause: error });
  return errors.internal({ cause: error });
}
