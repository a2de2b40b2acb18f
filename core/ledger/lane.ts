// Group commit: everything asked for while one batch commits goes into the next. No timer, no waiting for company.
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Clock, Log } from '@plinth/sdk';
import pg from 'pg';
import { isConnectionFailure } from '../database/database.ts';
import { errors } from '../errors.ts';
import { commitByMemory, commitByReading, type Outcome, type Store } from './batch.ts';
import type { Command, Done } from './book.ts';

/** Entries in one batch. More make a batch slower without making it cheaper. */
const LARGEST_BATCH = 2_000;
/** Commands that may wait. Behind that, callers are told at once instead of late. */
const LONGEST_QUEUE = 10_000;
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

/** One connection's worth of books: a book belongs to one lane, and its commands are done in the order they came. */
export class Lane {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log | undefined;
  readonly #nudge: () => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #careful = 0;
  #closed = false;

  constructor(store: Store, clock: Clock, log: Log | undefined, nudge: () => void) {
    this.#store = store;
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
      this.#running ??= this.#run();
    });
  }

  /** Takes nothing new and finishes what it has. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whoever was answered just now may ask again before the next batch is closed.
      await turn();
      await this.#settle(this.#take());
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let count = 0;
    for (let entries = 0; count < this.#waiting.length; count++) {
      entries += this.#waiting[count]?.command.legs.length ?? 0;
      if (count > 0 && entries > LARGEST_BATCH) break;
    }
    return this.#waiting.splice(0, count);
  }

  /** Every command of the batch is answered when this ends; it never throws. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return this.#answer(batch, await this.#commit(batch.map(({ command }) => command)));
      } catch (error) {
        for (const { command } of batch) this.#store.books.delete(command.tenantId);
        if (isFenced(error)) this.#careful = CAREFUL_BATCHES;
        if (isTaken(error) && attempt === 0) continue;
        // The outcome is unknown: the next attempt finds by their keys what was done.
        const pause = isPassing(error) ? PATIENCE_MS[attempt] : undefined;
        if (pause === undefined) return this.#giveUp(batch, error);
        this.#log?.warn('ledger-retry', { attempt, commands: batch.length, error: String(error) });
        await wait(pause);
      }
    }
  }

  async #commit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const now = this.#clock.now().getTime();
    if (this.#careful > 0) this.#careful -= 1;
    else {
      const outcomes = await commitByMemory(this.#store, commands, now);
      if (outcomes) return outcomes;
    }
    return commitByReading(this.#store, commands, now);
  }

  #answer(batch: readonly Waiting[], outcomes: readonly Outcome[]): void {
    let facts = 0;
    for (const [index, { command, resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome && 'done' in outcome) resolve(outcome.done);
      else reject(outcome?.refusal);
      facts += command.facts.length;
    }
    if (facts > 0) this.#nudge();
    if (this.#store.read > MEMORY) {
      this.#store.books.clear();
      this.#store.read = 0;
    }
  }

  /** One command that the database will not have, or one book that is locked, must not cost the others. */
  async #giveUp(batch: readonly Waiting[], error: unknown): Promise<void> {
    const [first] = batch;
    if (!first) return;
    if (isPassing(error)) {
      // Whoever still waits would only wait for the same.
      const all = [...batch, ...this.#waiting.splice(0)];
      for (const { reject } of all)
        reject(errors.unavailable({ detail: 'Ask again with the same key.', cause: error }));
      return;
    }
    const parts = split(batch, isStuck(error));
    if (parts.length > 1) {
      for (const part of parts) await this.#settle(part);
      return;
    }
    this.#log?.error('ledger-batch-failed', { tenant: first.command.tenantId, error: String(error) });
    for (const { reject } of batch) reject(reasonOf(error));
  }
}

function split(batch: readonly Waiting[], byBookOnly: boolean): (readonly Waiting[])[] {
  const books = [...Map.groupBy(batch, ({ command }) => command.tenantId).values()];
  if (books.length > 1 || byBookOnly || batch.length === 1) return books;
  const half = Math.ceil(batch.length / 2);
  return [batch.slice(0, half), batch.slice(half)];
}

function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

/** An entry number or a key was taken: what we remembered was old. Reading first tells. */
function isTaken(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** It was the number: another node writes to this book. */
function isFenced(error: unknown): boolean {
  return isTaken(error) && (error as pg.DatabaseError).constraint === 'transfer_pkey';
}

/** A lock or an answer took too long. */
function isStuck(error: unknown): boolean {
  return /^(55P03|57014)$/.test(codeOf(error));
}

/** Deadlocks, no connection to be had, and a server that is away or silent. */
function isPassing(error: unknown): boolean {
  if (isConnectionFailure(error) || /^(40|53)/.test(codeOf(error))) return true;
  return error instanceof Error && !(error instanceof pg.DatabaseError) && /timeout/i.test(error.message);
}

function reasonOf(error: unknown): unknown {
  if (isStuck(error)) return errors.unavailable({ detail: 'The book is locked.', cause: error });
  if (codeOf(error).startsWith('22'))
    return errors.invalid_input({ detail: 'The database cannot store a value of it.', cause: error });
  return errors.internal({ cause: error });
}
