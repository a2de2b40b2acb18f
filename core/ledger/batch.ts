// A batch of commands for any number of books, committed as one transaction.
import { Problem } from '@plinth/sdk';
import type pg from 'pg';
import { type Fact, writeOutbox } from '../events/outbox.ts';
import { type Book, type Command, type Decision, type Done, decide, type Known, nothingKnown, undo } from './book.ts';
import { inPipeline, type Pipeline } from './pipeline.ts';
import { type Change, type Group, lockBooks, type Remembered, readBooks, writeChanges } from './rows.ts';

/** What came of one command. */
export type Outcome = { readonly done: Done } | { readonly refusal: Problem };

export interface Store extends Remembered {
  readonly pool: pg.Pool;
  readonly role: string;
}

interface Plan {
  readonly outcomes: Map<Command, Outcome>;
  readonly changes: Change[];
  readonly facts: Fact[];
}

/**
 * Decides by what is remembered, in one round trip. What is remembered may be old: but another writer would have
 * taken the next entry number, which the primary key then refuses, and so with a key. A memory cannot say no, because
 * nothing would check it: `undefined` asks for `commitByReading`.
 */
export async function commitByMemory(
  store: Store,
  commands: readonly Command[],
  now: number,
): Promise<Outcome[] | undefined> {
  const groups = byBook(commands);
  const remembered = (group: Group) =>
    store.books.has(group.tenantId) && group.commands.every(({ kind }) => kind === 'post');
  if (!groups.every(remembered)) return undefined;
  const before = groups.flatMap(({ tenantId }) => snapshot(store.books.get(tenantId)));
  const plan = planOf(store, groups, () => nothingKnown(), now);
  const sure =
    plan.changes.every(({ opened }) => opened.length === 0) &&
    [...plan.outcomes.values()].every((each) => 'done' in each);
  if (!sure) {
    for (const { book, entries, opened } of plan.changes) undo(book, entries, opened);
    for (const restore of before) restore();
    return undefined;
  }
  await inPipeline(store.pool, store.role, async (pipeline) => {
    void lockBooks(
      pipeline.send,
      groups.map(({ tenantId }) => tenantId),
    );
    write(pipeline, plan);
  });
  return commands.map((command) => outcomeOf(plan, command));
}

/** Locks the books and reads all it needs first: two round trips, and sure. */
export async function commitByReading(store: Store, commands: readonly Command[], now: number): Promise<Outcome[]> {
  const groups = byBook(commands);
  const plan = await inPipeline(store.pool, store.role, async (pipeline) => {
    const known = await readBooks(pipeline.send, groups, store);
    const plan = planOf(store, groups, (tenantId) => known.get(tenantId) ?? nothingKnown(), now);
    if (plan.changes.length > 0) write(pipeline, plan);
    return plan;
  });
  return commands.map((command) => outcomeOf(plan, command));
}

function byBook(commands: readonly Command[]): Group[] {
  const groups = Map.groupBy(commands, ({ tenantId }) => tenantId);
  return [...groups]
    .map(([tenantId, commands]) => ({ tenantId, commands }))
    .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
}

function snapshot(book: Book | undefined): (() => void)[] {
  if (!book) return [];
  const { seq, hash, at, opened } = book;
  return [() => Object.assign(book, { seq, hash, at, opened })];
}

function planOf(store: Store, groups: readonly Group[], known: (tenantId: string) => Known, now: number): Plan {
  const plan: Plan = { outcomes: new Map(), changes: [], facts: [] };
  for (const { tenantId, commands } of groups) {
    const book = store.books.get(tenantId);
    if (!book) throw new Error(`The book of ${tenantId} was not read.`);
    const change: Change = { book, entries: [], opened: [], holds: [], settled: [] };
    const knownHere = known(tenantId);
    for (const command of commands)
      plan.outcomes.set(command, attempt(book, command, knownHere, now, change, plan.facts));
    if (change.entries.length > 0) plan.changes.push(change);
  }
  return plan;
}

function attempt(book: Book, command: Command, known: Known, now: number, change: Change, facts: Fact[]): Outcome {
  let decision: Decision;
  try {
    decision = decide(book, command, known, now);
  } catch (refusal) {
    if (refusal instanceof Problem) return { refusal };
    throw refusal;
  }
  const [first] = decision.entries;
  if (!first) return decision;
  for (const entry of decision.entries) change.entries.push(entry);
  change.opened.push(...decision.opened);
  facts.push(...command.facts);
  const { opensHold, settlesHold, kind } = command;
  if (opensHold) {
    change.holds.push({
      id: opensHold.id,
      account: first.fromAccount,
      minor: first.minor,
      expiresAt: first.at + opensHold.forMs,
    });
  }
  if (settlesHold !== undefined) change.settled.push({ id: settlesHold, state: kind });
  return decision;
}

function write(pipeline: Pipeline, { changes, facts }: Plan): void {
  writeChanges(pipeline.send, changes);
  if (facts.length > 0) pipeline.also(writeOutbox(pipeline.client, facts));
}

function outcomeOf(plan: Plan, command: Command): Outcome {
  const outcome = plan.outcomes.get(command);
  if (!outcome) throw new Error('A command of the batch was not decided.');
  return outcome;
}
